"""From text to sqlglot's tree, as MariaDB would read it; what no translation exists for stops here.

sqlglot turns many functions into forms of its own, which lose what MariaDB's arguments mean. Those that Rota knows are
marked before it reads, so that they come through with name and arguments as written.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from rota.db.mariadb.library import CALLS
from rota.errors import UnsupportedSQL

MARK = "rota__"

_FIRST_WORDS = frozenset(
    {"SELECT", "WITH", "INSERT", "REPLACE", "UPDATE", "DELETE", "TRUNCATE", "CREATE", "DROP", "ALTER"}
)
_TRANSACTION = "use frappe.db.commit(), rollback() or savepoint()"
_SCHEMA = "use frappe.get_meta(), frappe.db.get_table_columns() or frappe.db.table_exists()"
_REMEDIES = {
    "SHOW": _SCHEMA,
    "DESC": _SCHEMA,
    "DESCRIBE": _SCHEMA,
    "EXPLAIN": "run it against the database itself, with its own client",
    "START": _TRANSACTION,
    "BEGIN": _TRANSACTION,
    "COMMIT": _TRANSACTION,
    "ROLLBACK": _TRANSACTION,
    "SAVEPOINT": _TRANSACTION,
    "SET": "settings and variables of the session are Rota's; keep values in Python",
    "CALL": "stored procedures exist on MariaDB only; write the steps in Python",
    "LOCK": "use `for update`, or frappe.utils.synchronization.filelock",
}
_BANNED_WORDS = {
    "OUTFILE": "read the rows and write the file in Python",
    "DUMPFILE": "read the rows and write the file in Python",
    "AGAINST": "full-text search differs on each database; use LIKE",
    "RECURSIVE": "walk the tree in Python, or with lft and rgt",
    "SQL_CALC_FOUND_ROWS": "count with a statement of its own",
}
# Without these before it, NAME( is a call; after them it is a table with its columns.
_TABLE_FOLLOWS = frozenset({"INTO", "TABLE", "UPDATE", "JOIN", "FROM", "REPLACE", "IGNORE", "WITH", "."})
_ALWAYS_CALLS = frozenset({"UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"})


@dataclass(frozen=True, slots=True)
class Parsed:
    """A statement's tree; whether it was REPLACE INTO; and how each column of its outermost SELECT was written."""

    tree: exp.Expr
    is_replace: bool
    written: tuple[str, ...]


def parse(statement: str) -> Parsed:
    """Read one MariaDB statement.

    Raises:
        UnsupportedSQL: it can't be read, is none that Rota runs, or there is more than one.
    """
    if "\x00" in statement:
        raise UnsupportedSQL("a NUL character", "remove it")
    tokens = _tokens(statement)
    first = tokens[0].text.upper()
    _refuse_by_words(tokens, first)
    text = _marked(statement, tokens, first)
    try:
        trees = sqlglot.parse(text, read="mysql")
    except (SqlglotError, RecursionError) as error:
        raise UnsupportedSQL(f"SQL that can't be read ({_reason(error)})", "check its syntax") from error
    tree = trees[0]
    if len(trees) != 1 or tree is None or isinstance(tree, exp.Command):
        raise UnsupportedSQL(f"a {first} statement of this form", "write it in a simpler way")
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("quoted", True)  # equal names must be equal trees, however they were written
    return Parsed(tree, first == "REPLACE", _written(statement, tokens))


def _tokens(statement: str) -> list[Token]:
    try:
        tokens = list(sqlglot.tokenize(statement, read="mysql"))
    except SqlglotError as error:
        raise UnsupportedSQL(f"SQL that can't be read ({_reason(error)})", "check its quotes") from error
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    if not tokens:
        raise UnsupportedSQL("an empty statement", "write one")
    return tokens


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error).split("\n", 1)[0].split(" Line ", 1)[0].rstrip(".")


def _refuse_by_words(tokens: list[Token], first: str) -> None:
    if first not in _FIRST_WORDS and tokens[0].token_type is not TokenType.L_PAREN:
        remedy = _REMEDIES.get(first, "only SELECT, INSERT, REPLACE, UPDATE, DELETE and simple DDL are run")
        raise UnsupportedSQL(first, remedy)
    for token in tokens:
        word = token.text.upper()
        if token.token_type is TokenType.SEMICOLON:
            raise UnsupportedSQL("several statements in one call", "give each to a call of its own")
        if token.token_type in (TokenType.PARAMETER, TokenType.SESSION_PARAMETER):
            raise UnsupportedSQL("a variable (@name)", "keep the value in Python, or use a window function")
        if word in _BANNED_WORDS and token.token_type not in (TokenType.STRING, TokenType.IDENTIFIER):
            raise UnsupportedSQL(word, _BANNED_WORDS[word])


def _marked(statement: str, tokens: list[Token], first: str) -> str:
    pieces: list[str] = []
    end = 0
    for index, token in enumerate(tokens):
        if index == 0 and first == "REPLACE":
            new = "INSERT"  # which sqlglot can read
        elif _is_call(tokens, index):
            new = MARK + token.text
        elif token.text.upper() in _ALWAYS_CALLS and token.token_type is not TokenType.STRING:
            new = MARK + token.text + "()"
        else:
            continue
        pieces += [statement[end : token.start], new]
        end = token.end + 1
    return "".join(pieces) + statement[end : tokens[-1].end + 1]


def _is_call(tokens: list[Token], index: int) -> bool:
    token = tokens[index]
    if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER) or token.text.upper() not in CALLS:
        return False
    if index + 1 >= len(tokens) or tokens[index + 1].token_type is not TokenType.L_PAREN:
        return False
    before = tokens[index - 1].text.upper() if index else ""
    if before == "ON":
        return tokens[0].text.upper() != "CREATE"  # CREATE INDEX ... ON table (columns)
    return before not in _TABLE_FOLLOWS


def _written(statement: str, tokens: list[Token]) -> tuple[str, ...]:
    """The text of each item of the outermost SELECT list: MariaDB's name for a column without alias."""
    depth, start, items = 0, None, []
    for index, token in enumerate(tokens):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if depth > 0 and start is None:
            continue
        if start is None:
            if token.token_type is TokenType.SELECT:
                follows = tokens[index + 1] if index + 1 < len(tokens) else token
                start = (follows.end + 1) if follows.text.upper() in ("DISTINCT", "ALL") else token.end + 1
        elif depth == 0 and (token.token_type is TokenType.COMMA or token.text.upper() in _LIST_ENDS):
            items.append(statement[start : token.start].strip())
            if token.token_type is not TokenType.COMMA:
                return tuple(items)
            start = token.end + 1
    if start is not None:
        items.append(statement[start : tokens[-1].end + 1].strip())
    return tuple(items)


_LIST_ENDS = frozenset({"FROM", "WHERE", "LIMIT", "ORDER", "UNION", "GROUP", "HAVING"})
