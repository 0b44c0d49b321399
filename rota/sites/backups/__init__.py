"""Backups of a site, and what is made of them: one archive with databases, files and settings, all of one moment."""

from rota.sites.backups.make import Backup, back_up
from rota.sites.backups.restoring import Restored, restore, take_as_it_is

__all__ = ["Backup", "Restored", "back_up", "restore", "take_as_it_is"]
