"""How much the long proofs do: enough to fail in `make test`, and all of it in `make storms`."""

import os

FULL = os.environ.get("ROTA_TEST_FULL") == "1"


def at_scale(usual: int, full: int) -> int:
    """A count of jobs, kills or seconds: `full` for a run that may take an hour."""
    return full if FULL else usual
