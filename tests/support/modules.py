"""What tests import from the apps that they write must not be there for the next test."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

# Libraries are loaded once: some of them, as SQL's dialects, keep what they loaded and do not stand being loaded twice.
_LASTING = tuple(str(folder) for folder in (sys.prefix, sys.base_prefix, Path(__file__).parents[2]))


@contextmanager
def apps_forgotten() -> Iterator[None]:
    """Forget, at the end, the modules of apps that were imported meanwhile, and what was put on the path."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    # All are looked at first: where a package without files is, its parent tells.
    for name in [one for one in set(sys.modules) - modules if _is_of_an_app(sys.modules[one])]:
        del sys.modules[name]


def _is_of_an_app(module: ModuleType) -> bool:
    spec = module.__spec__
    if spec is None:
        return False
    places = [spec.origin] if spec.has_location else list(spec.submodule_search_locations or ())
    return any(place and not place.startswith(_LASTING) for place in places)
