"""Wire formats, one file each, found by themselves."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from audit.dialects._dialect import Dialect, Enquiry, Fit, Question
from audit.wire.transcript import Transcript

__all__ = ["Dialect", "Enquiry", "Fit", "Question", "choose", "dialects"]


@cache
def dialects() -> dict[str, Dialect]:
    """Return every dialect by name, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name: import_module(f"{__name__}.{name}").DIALECT for name in names}


def choose(transcript: Transcript) -> Dialect:
    """Return the dialect that fits the exchange best; of equals, the first by name."""
    fits: dict[Fit, Dialect] = {}
    for dialect in dialects().values():
        fit = dialect.fits(transcript)
        if fit is Fit.BOTH:  # none can be surer
            return dialect
        fits.setdefault(fit, dialect)
    return fits[max(fits)]
