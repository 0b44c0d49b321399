"""Frappe's names at Frappe's paths."""
