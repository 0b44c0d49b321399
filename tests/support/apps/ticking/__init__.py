"""An app for tests: a task that runs each second."""
