"""Copy a site to other databases, and prove value by value that nothing is lost."""

from rota.sites.copying.copy import Copied, copy_site
from rota.sites.copying.tables import TableProof

__all__ = ["Copied", "TableProof", "copy_site"]
