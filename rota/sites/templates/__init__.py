"""Templates of apps and of people, in Jinja: what a template may reach, where its file may be, how long it may take."""

from __future__ import annotations

from rota.sites.templates.limits import Limits
from rota.sites.templates.render import Templates

__all__ = ["Limits", "Templates"]
