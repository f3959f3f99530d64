"""What the operator has configured: `audit.toml` and the environment, validated as a whole.

Read by entry points only. The environment wins over the file: AUDIT_CONFIG names the file, AUDIT_HOME the folder for
journal, secret and default database, AUDIT_DATABASE_URL the database. API keys stand in the environment only;
the file names the variables.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_config_path, user_data_path
from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from audit.complaints import Complaint, Key, complaints
from audit.errors import SettingsError
from audit.settings.encryption import EncryptionSettings
from audit.settings.fields import Outcomes, Section, Span, Unrecordable, Words, currency_code
from audit.settings.journal import JournalSettings
from audit.settings.ledger import LedgerSettings
from audit.settings.proxy import ProxySettings
from audit.settings.redaction import RedactionSettings
from audit.settings.retention import RetentionSettings

__all__ = [
    "CanarySettings",
    "DashboardSettings",
    "EncryptionSettings",
    "ExpectSettings",
    "JournalSettings",
    "LedgerSettings",
    "ModelSettings",
    "PriceSettings",
    "ProviderSettings",
    "ProxySettings",
    "RecordingSettings",
    "RedactionSettings",
    "RetentionSettings",
    "Settings",
    "StoreSettings",
    "load_settings",
]


class StoreSettings(Section):
    """Where calls are kept."""

    url: str | None = None
    """A SQLAlchemy URL; None means `audit.db` in the home folder."""

    @field_validator("url")
    @classmethod
    def _ours(cls, url: str | None) -> str | None:
        scheme, separator, rest = (url or "sqlite://").partition("://")
        if not separator or scheme.partition("+")[0] not in ("sqlite", "postgresql", "postgres"):
            raise ValueError("must be a database URL such as sqlite:////var/lib/audit.db or postgresql://host/audit")
        if not re.fullmatch(
            r"(?:[^@:/]*(?::[^@]*)?@)?(?:\[[^/]*\]|[^:/]*)(?::[0-9]+)?(?:/.*)?", rest.partition("?")[0]
        ):
            raise ValueError("has a port that is no number; in user and password a : is %3A, an @ is %40")
        return url


class RecordingSettings(Section):
    """What is recorded, and how."""

    enabled: bool = True
    """False lets traffic pass as if `audit` were not there."""
    drain: bool = True
    """False only journals: the next audit command after the process has ended brings its calls into the database."""
    on_unrecordable: Unrecordable = "pass"
    """What becomes of a call that cannot be recorded: `pass` lets it go on, and counts and tells it as lost; `refuse`
    raises `JournalError` to its caller before anything is sent. The proxy may have it otherwise."""


class DashboardSettings(Section):
    """Where the pages are served."""

    host: str = "127.0.0.1"
    port: int = Field(default=8501, ge=0, le=65535)
    """0 takes a free one."""


class ProviderSettings(Section):
    """An endpoint: a provider, or a router that speaks for several."""

    base_url: str
    """With or without `/v1`."""
    key_env: str | None = None
    """The environment variable that holds the API key; canaries need it, and the proxy for keys that it has issued."""
    key_file: Path | None = None
    """A file that holds the API key instead."""
    key_header: str | None = None
    """The header that takes the key; None: as its dialect has it. Azure's deployments want `api-key`."""
    dialect: str = "openai_chat"
    """How canaries speak to it."""
    version: Literal["mended", "as_sent"] = "mended"
    """What the proxy does where a request's path lacks `/v1` or `/v1beta` or has it twice: tools disagree whether it
    is part of a base URL. Some providers have paths without."""

    @field_validator("base_url")
    @classmethod
    def _address(cls, base_url: str) -> str:
        try:
            parts = urlsplit(base_url.strip())
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # such as an unclosed IPv6 bracket, or a port that is no number
            sound = False
        if not sound:
            raise ValueError(f"must begin with https:// or http:// and a host, not {base_url!r}")
        return base_url.strip()


class PriceSettings(Section):
    """A price that goes before the price list. Give unit prices, a multiplier on the list's, or both."""

    model: str = "*"
    """With `*` as wildcard, against the served name, else the requested one."""
    provider: str = "*"
    key: str = "*"
    """An API key's fingerprint or the name given to it."""
    input: Decimal | None = Field(default=None, ge=0)
    """All unit prices: per million tokens."""
    output: Decimal | None = Field(default=None, ge=0)
    cache_read: Decimal | None = Field(default=None, ge=0)
    """None: cache reads cost as much as input."""
    cache_write: Decimal | None = Field(default=None, ge=0)
    request: Decimal | None = Field(default=None, ge=0)
    """Per call."""
    multiplier: Decimal = Field(default=Decimal(1), ge=0)
    currency: Annotated[str, AfterValidator(currency_code)] = "USD"
    valid_from: date | None = None
    valid_until: date | None = None
    """The first day on which it no longer holds."""


class ModelSettings(Section):
    """A model to be checked."""

    name: str = Field(min_length=1, max_length=255)
    provider: str = Field(min_length=1, max_length=255)
    dialect: str | None = None
    """How canaries speak to this one; None: as to its provider."""
    canary: bool = True
    """False leaves it out of the default canary."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Merged into every canary's request, as the provider spells them (`reasoning_effort = "minimal"`)."""


class ExpectSettings(Section):
    """What a canary expects. What is not given is not looked at.

    `text` and `regex` may hold the prompt's variables, such as `{product}`.
    """

    status: int | None = Field(default=None, ge=100, le=599)
    text: Words = ()
    """Each must stand in the answer, whatever its case."""
    regex: str | None = None
    json_schema: dict[str, Any] | None = None
    finish_reason: Words = ()
    served_model: Words = ()
    """Names with `*` as wildcard."""
    outcome: Outcomes = ()
    """`blocked` stands for both sides."""
    refusal: bool | None = None
    max_duration: Span | None = None
    max_first_token: Span | None = None

    @field_validator("regex")
    @classmethod
    def _compiles(cls, regex: str | None) -> str | None:
        try:
            re.compile(regex or "")
        except re.error as exc:
            raise ValueError(f"is no regular expression: {exc}") from exc
        return regex


class CanarySettings(Section):
    """A prompt with expectations, asked again and again."""

    name: str
    prompt: str
    """With variables that change from check to check, so that no cache answers: `{a}` and `{b}`, numbers;
    `{product}` and `{sum}` of them; `{nonce}`; `{date}` and `{time}`, in UTC."""
    system: str | None = None
    models: Words = ("*",)
    """Names of configured models, with `*` as wildcard."""
    every: Span = timedelta(minutes=5)
    timeout: Span = timedelta(seconds=30)
    """For the whole answer."""
    stream: bool = False
    max_output_tokens: int | None = Field(default=None, ge=1)
    """Reasoning counts: below a few hundred, reasoning models may not come to an answer. None: 2048."""
    temperature: float | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    expect: ExpectSettings = ExpectSettings()

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
            raise ValueError("must begin with a letter or a digit and have at most 64 of those and of . _ -")
        return name


class Settings(Section):
    """All of it."""

    home: Path
    store: StoreSettings = StoreSettings()
    recording: RecordingSettings = RecordingSettings()
    journalling: JournalSettings = Field(default=JournalSettings(), alias="journal")
    """Named `journal` in the file; here that is its folder."""
    dashboard: DashboardSettings = DashboardSettings()
    proxy: ProxySettings = ProxySettings()
    redaction: RedactionSettings = RedactionSettings()
    ledger: LedgerSettings = LedgerSettings()
    retention: RetentionSettings = RetentionSettings()
    encryption: EncryptionSettings = EncryptionSettings()
    providers: dict[str, ProviderSettings] = Field(default_factory=dict)
    models: tuple[ModelSettings, ...] = ()
    canaries: tuple[CanarySettings, ...] = ()
    """When models are configured and no canary is, each model gets the default one."""
    prices: tuple[PriceSettings, ...] = ()
    """The first that fits counts."""
    aliases: dict[str, str] = Field(default_factory=dict)
    """Requested model names by the served names they are meant to give."""

    @property
    def database_url(self) -> str:
        return self.store.url or f"sqlite:///{self.home / 'audit.db'}"

    @property
    def journal(self) -> Path:
        return self.home / "journal"

    @property
    def ledger_key(self) -> Path:
        return self.ledger.key or self.home / "ledger.key"

    @property
    def ledger_anchors(self) -> tuple[str, ...]:
        default = (f"file:{self.home / 'anchors' / 'checkpoints.jsonl'}",)
        return default if self.ledger.anchors is None else self.ledger.anchors

    @field_validator("home")
    @classmethod
    def _can_be(cls, home: Path) -> Path:
        if str(home).startswith("~"):
            raise ValueError(f"nobody's home folder is known as {str(home)!r}; write a whole path")
        if "\0" in str(home):
            raise ValueError("must be a path, and none has a NUL in it")
        return home

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        models = [(model.name, model.provider) for model in self.models]
        problems = _disagreements(models, self.providers, [canary.name for canary in self.canaries])
        if self.proxy.root is not None and self.proxy.root not in self.providers:
            problems.append(f"proxy: root names provider {self.proxy.root!r}, which is not configured")
        if problems:
            raise ValueError("\n".join(problems))
        return self


def load_settings(environ: Mapping[str, str], config: Path | None = None) -> Settings:
    """Return the settings; raise `SettingsError` that names every problem with its key and source."""
    path = config or _config_path(environ)
    values = _read(path) if path else {}
    from_environment: dict[Key, str] = {}
    if home := environ.get("AUDIT_HOME"):
        values["home"] = home
        from_environment["home",] = "AUDIT_HOME"
    if url := environ.get("AUDIT_DATABASE_URL"):
        values["store"] = {**(_table(values, "store")), "url": url}
        from_environment["store", "url"] = "AUDIT_DATABASE_URL"
    base = Path() if path is None or home else path.parent
    values["home"] = _placed(values.get("home", str(user_data_path("audit", appauthor=False))), base)
    try:
        return Settings.model_validate(values)
    except ValidationError as exc:
        found = complaints(exc, Settings, values)
        if all(one.key for one in found):  # pydantic asks whether the parts agree only when each is sound
            found += [Complaint(key=(), text=text) for text in _disagreements_as_written(values)]
        told = [f"{from_environment.get(one.key, path or 'settings')}: {one.text}" for one in found]
        raise SettingsError(told) from exc


def _config_path(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get("AUDIT_CONFIG"):
        return Path(named)
    places = (Path("audit.toml"), user_config_path("audit", appauthor=False) / "audit.toml")
    return next((place for place in places if os.path.isfile(place)), None)  # Path.is_file may raise PermissionError


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise SettingsError([f"{path}: cannot be read: {exc.strerror}"]) from exc
    except RecursionError as exc:
        raise SettingsError([f"{path}: is nested too deeply"]) from exc
    except ValueError as exc:  # no TOML, no UTF-8, or a number of thousands of digits
        raise SettingsError([f"{path}: is not TOML: {exc}"]) from exc


def _table(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = values.get(name)
    return table if isinstance(table, Mapping) else {}


def _placed(home: Any, base: Path) -> Any:
    """Return a home folder as an absolute path; a relative one in a file begins where the file lies.

    What cannot be one is returned as it is, for `Settings` to complain of.
    """
    if not isinstance(home, str):
        return home
    expanded = os.path.expanduser(home)
    return expanded if expanded.startswith("~") else (base / expanded).absolute()


def _disagreements(models: Sequence[tuple[str, str]], providers: Collection[str], canaries: Sequence[str]) -> list[str]:
    """What is wrong between models (name and provider), providers and canaries, each of them as it should be."""
    problems = [
        f"models: {name!r} names provider {provider!r}, which is not configured"
        for name, provider in models
        if provider not in providers
    ]
    twice = _repeated([f"{name!r} at provider {provider!r}" for name, provider in models])
    problems += [f"models: {model} is there twice" for model in twice]
    problems += [f"canaries: {name!r} is there twice" for name in _repeated(canaries)]
    return list(dict.fromkeys(problems))


def _disagreements_as_written(values: Mapping[str, Any]) -> list[str]:
    """The same of settings that are not all as they should be, as far as they are."""
    models = [(model.get("name"), model.get("provider")) for model in _tables(values, "models")]
    names = [canary.get("name") for canary in _tables(values, "canaries")]
    return _disagreements(
        [(name, provider) for name, provider in models if isinstance(name, str) and isinstance(provider, str)],
        _table(values, "providers"),
        [name for name in names if isinstance(name, str)],
    )


def _tables(values: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    tables = values.get(name)
    return [table for table in tables if isinstance(table, Mapping)] if isinstance(tables, list) else []


def _repeated(names: Sequence[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)
