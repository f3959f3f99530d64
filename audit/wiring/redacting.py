"""From settings to what takes personal data out of calls before they are stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from audit.call import Call, Exchange
from audit.errors import StoreError

if TYPE_CHECKING:
    from audit.redaction.hit import Rule
    from audit.redaction.redactor import Redactor
    from audit.settings import RedactionSettings, Settings

__all__ = ["names", "reading", "redactor", "trial"]


def reading(settings: Settings, interpret: Callable[[Exchange], Call]) -> Callable[[Exchange], Call]:
    """Return what makes calls of exchanges: redacted, if any rule is on.

    Raises `StoreError` for a rule that cannot be had here: until it can, calls wait in the journal.
    """
    if not settings.redaction.on:
        return interpret
    from audit.redaction.reading import RedactedReading

    return RedactedReading(redact=redactor(settings), interpret=interpret)


def redactor(settings: Settings) -> Redactor:
    """Return what redacts exchanges as the settings say; raises `StoreError`, `JournalError` for the secret."""
    from audit.recording.keys import load_secret
    from audit.redaction.cutting import Cutter
    from audit.redaction.finder import Finder
    from audit.redaction.mark import Marks
    from audit.redaction.redactor import Redactor

    wanted = settings.redaction
    secret = load_secret(settings.home / "secret") if wanted.pseudonyms else None
    return Redactor(Cutter(Finder(_rules(wanted)), Marks(secret)), drop=wanted.undecodable == "drop")


def names(settings: Settings) -> tuple[str, ...]:
    """Return the names of all rules that can be tried, the operator's own last."""
    from audit.redaction.rules import NAMES

    return (*NAMES, "presidio", *(pattern.name for pattern in settings.redaction.patterns))


def trial(settings: Settings, wanted: Sequence[str]) -> Redactor:
    """Return what finds what some rules would, be they on or off; without names those that are on, else all of ours."""
    from audit.redaction.rules import NAMES

    given = settings.redaction
    patterns = tuple(pattern for pattern in given.patterns if not wanted or pattern.name in wanted)
    tried = {"rules": wanted or given.rules or NAMES, "patterns": patterns, "pseudonyms": False}
    return redactor(settings.model_copy(update={"redaction": given.model_copy(update=tried)}))


def _rules(wanted: RedactionSettings) -> list[Rule]:
    """The operator's own go first: they know what they mean."""
    from audit.redaction.patterns import pattern_rule
    from audit.redaction.rules import rules_of

    own = [pattern_rule(one.name, one.pattern, one.replacement) for one in wanted.patterns]
    return [*own, *rules_of(wanted.rules, wanted.regions), *(_presidio() if "presidio" in wanted.rules else ())]


def _presidio() -> list[Rule]:
    """Presidio with the first spaCy model that is installed, or with none: by itself it would download one."""
    from audit.redaction.presidio import presidio_rule

    if find_spec("presidio_analyzer") is None:
        told = "redaction.rules has presidio, which is not installed: run `pip install 'audit[presidio]'`"
        raise StoreError(told, permanent=False)
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    model = next((name for name in spacy.util.get_installed_models() if name.startswith("en_")), None)
    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": model or "blank"}])
    engine.nlp = {"en": spacy.load(model) if model else spacy.blank("en")}
    return [presidio_rule(AnalyzerEngine(nlp_engine=engine, supported_languages=["en"]))]
