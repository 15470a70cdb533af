"""Every table in one place, so that the metadata is whole wherever it is needed."""

from __future__ import annotations

from ringfence.storage import grants, scopes, tables
from ringfence.storage.columns import metadata

__all__ = ["grants", "metadata", "scopes", "tables"]
