"""The addresses in HTML: made to stand alone, and quoted."""

from __future__ import annotations

import re

from rota.frappe.utils import _settings
from rota.frappe.utils._urls import quoted

# href and src, and url(...) in styles, each with what comes before the address and after it.
RELATIVE_LINK = re.compile(r"""((?:href|src)\s*=\s*['"]?)(?!https?:)([^'" >]+)(['"]?)""")
RELATIVE_STYLE_URL = re.compile(r"""(:\s?url\(['"]?)(?!https?:)([^'" >)]+)(['"]?\))""")
ABSOLUTE_LINK = re.compile(r"""((?:href|src)\s*=\s*['"]?)(https?:[^'">]+)(['"]?)""")
NOT_ON_THE_SITE = ("//", "mailto:", "data:", "tel:", "cid:", "#")


def _at_the_site(address: str) -> str:
    if address.startswith(NOT_ON_THE_SITE):
        return address
    return f"{_settings.host_url()}/{address.removeprefix('/')}"


def expand_relative_urls(html: str) -> str:
    """The HTML with the site's address before links, images and backgrounds that have none."""
    html = RELATIVE_LINK.sub(lambda link: link[1] + _at_the_site(link[2]) + link[3], html)
    # Printers drop backgrounds that are not important.
    return RELATIVE_STYLE_URL.sub(lambda url: f"{url[1]}{_at_the_site(url[2])}{url[3]} !important", html)


def scrub_urls(html: str) -> str:
    """The HTML with the site's address before links, images and backgrounds that have none."""
    return expand_relative_urls(html)


def quote_urls(html: str) -> str:
    """The HTML with the characters of its links and images quoted that URLs can't have."""
    return ABSOLUTE_LINK.sub(lambda link: link[1] + quoted(link[2]) + link[3], html)
