"""Documents that have a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.document import Document
from rota.frappe._missing import missing
from rota.frappe.website.utils import cleanup_page_name


class WebsiteGenerator(Document):
    """A document with a `route`. Rota keeps the route; pages are an app's own to serve."""

    website = frappe._dict()
    if TYPE_CHECKING:
        route: str | None

    def autoname(self) -> None:
        """Name it by its DocType's rule, else by its title."""
        if not self.name and self.meta.autoname != "hash" and not self.meta.autoname:
            self.name = self.scrub(self.get(self.get_title_field()))

    def onload(self) -> None:
        """Tell the browser whether it is published."""
        self.get("__onload").update({"is_website_generator": True, "published": self.is_website_published()})

    def validate(self) -> None:
        """Give it a route."""
        self.set_route()

    def set_route(self) -> None:
        """Give it a route if it is published and has none."""
        if self.is_website_published() and not self.meta.istable and not self.route:
            self.route = self.make_route()
        if self.route:
            self.route = self.route.strip("/.")[:139]

    def make_route(self) -> str:
        """A route made of the DocType's and the title."""
        own = self.scrubbed_title()
        return f"{self.meta.route}/{own}" if self.meta.route else own

    def scrubbed_title(self) -> str:
        """The title as it is written in a route."""
        return self.scrub(self.get(self.get_title_field()))

    def get_title_field(self) -> str:
        """The field that holds the title."""
        return str(self.get_website_properties("page_title_field", self.meta.get_title_field()))

    def get_website_properties(self, key: str | None = None, default: Any = None) -> Any:
        """What the class says in `website`."""
        properties = frappe._dict(getattr(self, "website", None) or {})
        return properties.get(key, default) if key else properties

    def is_website_published(self) -> bool:
        """Whether it has a page."""
        field = self.get_condition_field()
        return bool(self.get(field)) if field else True

    def get_condition_field(self) -> str | None:
        """The field that says so."""
        found: str | None = self.get_website_properties("condition_field") or self.meta.is_published_field
        return found

    def scrub(self, text: str) -> str:
        """A text as it is written in a route."""
        return cleanup_page_name(text).replace("_", "-")

    def get_page_info(self) -> Any:
        """What its page is made of."""
        return frappe._dict(
            doc=self, page_or_generator="Generator", doctype=self.doctype, name=self.name, route=self.route
        )

    def get_context(self, context: Any) -> Any:
        """What its page shows; an app's class fills it."""
        return context

    def get_parents(self, context: Any) -> Any:
        """The pages above its own."""
        return []


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
