"""Frappe's `_dict` at the path that the facade takes it from."""

from __future__ import annotations

from rota.documents.dictionary import AttrDict as _dict

__all__ = ["_dict"]
