"""Commands about the people of a site."""

from __future__ import annotations

import sys

import click

from rota.cli.state import State, pass_state, site_option


@click.command("add-user")
@click.argument("email")
@click.option("--first-name", help="By default the part of the address before the @.")
@click.option("--last-name", help="The family name.")
@click.option("--password", help="Without one, nobody can sign in as the user yet.")
@click.option("--user-type", hidden=True, help="Frappe's option; the roles decide, there as here.")
@click.option("--add-role", "roles", multiple=True, metavar="ROLE", help="May be given several times.")
@click.option("--send-welcome-email", is_flag=True, hidden=True, help="Frappe's flag; no mail is sent.")
@site_option
@pass_state
def add_user(state: State, /, email: str, password: str | None, roles: tuple[str, ...], **values: str | None) -> None:
    """Add the user EMAIL; only one with a role for the desk may enter it."""
    from rota.sites.passwords import set_password

    state.load_facade()
    with state.open() as site, site.open() as context:
        user = context.documents.new_doc("User")
        user.update({"email": email, "enabled": 1, "send_welcome_email": 0})
        user.update(
            {"first_name": values["first_name"] or email.split("@", maxsplit=1)[0], "last_name": values["last_name"]}
        )
        for role in roles:
            user.append("roles", {"role": role})
        user.insert(ignore_permissions=True)
        if password:
            set_password(context.documents.session, user.name, password)
        hint = "" if user.user_type == "System User" else ", for the website only: --add-role gives a role for the desk"
        click.echo(f"User {user.name} is ready{hint}")


@click.command("set-admin-password")
@click.argument("password", required=False)
@click.option("--user", default="Administrator", help="Another user.")
@site_option
@pass_state
def set_admin_password(state: State, password: str | None, user: str) -> None:
    """Set Administrator's password; asked for when it is not given."""
    from rota.errors import DoesNotExistError
    from rota.sites.passwords import change_password

    chosen = password or ask_password(user)
    for name in state.sites():
        with state.open(name) as site:
            if not change_password(site, user, chosen):
                raise DoesNotExistError(f"there is no user {user!r} on {name}")


def ask_password(user: str) -> str:
    """A password typed twice at the terminal."""
    # Without a terminal nobody could answer: the command must say what is missing, not wait.
    if not sys.stdin.isatty():
        raise click.UsageError(f"the password of {user} is missing")
    answer: str = click.prompt(f"{user}'s password", hide_input=True, confirmation_prompt=True)
    return answer
