"""Whether sites can be used as they are, before any process serves them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rota.errors import PairMismatch, RestoreUnfinished, RotaError
from rota.sites.bench import Bench
from rota.sites.site import Site

log = logging.getLogger("rota.sites")


def check_sites(bench: Bench, names: Sequence[str]) -> None:
    """See that databases of one moment lie there; of several sites, one that can't be used keeps no other from it.

    Its own store refuses it, too, for as long as it is so.

    Raises:
        PairMismatch: site.db and jobs.db of the only sites are of two moments.
        RestoreUnfinished: a restore of them was interrupted.
    """
    problems: list[PairMismatch | RestoreUnfinished] = []
    for name in names:
        try:
            with Site.load(bench, name) as site:
                if site.store.dialect == "sqlite":
                    site.store.check_pair()
        except (PairMismatch, RestoreUnfinished) as error:
            problems.append(error)
        except RotaError as error:
            # A database that is down may be back soon: those who serve the site go on asking.
            log.warning("%s: %s", name, error)
    if problems and len(problems) == len(names):
        raise problems[0]
    for problem in problems:
        log.error("%s", problem)
