"""An app for tests: jobs that are held, frozen and killed."""
