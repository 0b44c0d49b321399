# The project's habits. Everything works on a fresh Debian or Ubuntu with Python 3.11 or newer; scripts/setup fetches the rest.
.DEFAULT_GOAL := help
.PHONY: help demo test storms compat check docs lock servers

RUN := .venv/bin
LOCK := --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links

help: ## This list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 14

demo: .venv/installed ## Run Rota with an example app, and show where to look
	$(RUN)/rota demo

test: .venv/installed servers ## Run all tests: first the many quick ones, then the few that start whole systems
	$(RUN)/pytest -n auto --dist worksteal -m "not serial"
	$(RUN)/pytest -n 2 --dist load -m serial

storms: .venv/installed servers ## The long proofs at full size: kills, freezes, partitions, large chains (an hour)
	ROTA_TEST_FULL=1 $(RUN)/pytest -n 1 -m serial tests/whole

compat: .venv/installed ## Prove again that a test notices each name of Frappe that docs/compat.md counts as proved (some minutes)
	$(RUN)/python -m scripts.compat_proof --check

check: .venv/installed ## Formatting, lint, types, the floors, and the documentation
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports --no-logo
	$(RUN)/zensical build --strict
	$(RUN)/pytest tests/docs

docs: .venv/installed ## Write the pages of settings, commands and compatibility anew, and build the documentation into build/docs
	$(RUN)/python -m scripts.settings_page
	$(RUN)/python -m scripts.commands_page
	$(RUN)/python -m scripts.compat_page
	$(RUN)/zensical build --clean --strict

lock: .venv/installed ## Write requirements.lock anew from pyproject.toml, with today's newest versions
	@test -x $(RUN)/uv || $(RUN)/pip install --quiet uv
	$(RUN)/uv pip compile pyproject.toml --quiet --upgrade --extra postgresql --extra frappe --group dev $(LOCK) --output-file requirements.lock

servers:
	@scripts/setup servers

.venv/installed: pyproject.toml requirements.lock scripts/setup
	scripts/setup python
