"""The ASGI application of a bench. `/health` answers whether every site's schedules fire and its jobs are claimed."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from rota.errors import RotaError
from rota.sites.bench import Bench
from rota.sites.health import look
from rota.sites.site import Site


def create_app(bench: Bench) -> Starlette:
    """The application for all sites of `bench`."""

    def health(_: Request) -> JSONResponse:
        sites = {name: site_health(bench, name) for name in bench.sites()}
        healthy = all(one["healthy"] for one in sites.values())
        return JSONResponse({"healthy": healthy, "sites": sites}, status_code=200 if healthy else 503)

    # Whoever opens the address that `rota start` prints sees what there is to see.
    routes = [Route("/", lambda _: RedirectResponse("/health")), Route("/health", health)]
    return Starlette(routes=routes)


def site_health(bench: Bench, name: str) -> dict[str, Any]:
    """Whether a site works, in numbers only: anybody may ask."""
    try:
        with Site.load(bench, name) as site:
            found = look(site)
    except RotaError as error:
        return {"healthy": False, "error": type(error).__name__}
    return {
        "healthy": not found.problems,
        "scheduler": found.inactive is None,
        "dispatchers": len(found.dispatchers),
        "late": len(found.late),
    }
