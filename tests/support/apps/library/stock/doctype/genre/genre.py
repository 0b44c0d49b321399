"""A genre, in a tree."""

from frappe.utils.nestedset import NestedSet


class Genre(NestedSet):
    """A genre."""

    nsm_parent_field = "parent_genre"
