"""A lending library: an application as Frappe's developers write them. It knows nothing of Rota."""

__version__ = "1.0.0"
