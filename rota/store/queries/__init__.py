"""The store's SQL, by name, in the `.sql` files of this package."""

PACKAGE = __name__
