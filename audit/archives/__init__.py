"""Files of recorded exchanges that others made, read as exchanges."""

from __future__ import annotations

from audit.archives._entry import Archive, Entry
from audit.archives._open import open_archive

__all__ = ["Archive", "Entry", "open_archive"]
