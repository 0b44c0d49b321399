"""An app for tests: jobs whose effects can be counted."""
