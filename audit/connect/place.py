"""Where a tool is to go: which of the proxy's providers, under which address, in which format, with whose tags."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from audit.errors import AuditError
from audit.provider_names import provider_of

__all__ = ["Format", "Place", "Provider", "choose", "format_of", "mount", "spoken"]


class Format(StrEnum):
    """What a tool speaks."""

    CHAT = "chat"
    """OpenAI's Chat Completions, which most others speak too."""
    RESPONSES = "responses"
    """OpenAI's Responses."""
    MESSAGES = "messages"
    """Anthropic's."""
    GEMINI = "gemini"
    """Google's generateContent."""

    @property
    def vendor(self) -> str:
        """Whose format it is."""
        return {"messages": "anthropic", "gemini": "google"}.get(self.value, "openai")

    @property
    def dialect(self) -> str:
        """The dialect that canaries ask it in."""
        return _DIALECTS[self]

    @property
    def key_env(self) -> str:
        """The variable in which this vendor's tools look for a key."""
        return {"anthropic": "ANTHROPIC_API_KEY", "google": "GEMINI_API_KEY"}.get(self.vendor, "OPENAI_API_KEY")

    @property
    def example(self) -> str:
        """A model to stand in examples, where none is named."""
        return {"anthropic": "claude-haiku-4-5", "google": "gemini-2.5-flash"}.get(self.vendor, "gpt-5-mini")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider that the proxy serves, as far as a tool has to know it."""

    name: str
    base_url: str
    dialect: str = "openai_chat"
    key_env: str | None = None
    key_header: str | None = None
    mended: bool = True
    """Whether the proxy sees to it that the path has one version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a tool is to go, and with what."""

    url: str
    """Of the provider at the proxy, without a version and without a slash at its end."""
    format: Format
    key_env: str
    """The environment variable with the key. The key itself is nobody's business here."""
    model: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """`x-audit-…`: whose calls they are."""
    mended: bool = True

    @property
    def versioned(self) -> str:
        """The base URL for tools that want the version in it; a provider whose paths are left alone has its own."""
        return f"{self.url}/{'v1beta' if self.format is Format.GEMINI else 'v1'}" if self.mended else self.url

    @property
    def some_model(self) -> str:
        """The model that was named, else an example."""
        return self.model or self.format.example


def choose(
    formats: Collection[Format], providers: Sequence[Provider], *, wanted: str | None = None, root: str | None = None
) -> Provider | None:
    """Return the provider for a tool that speaks `formats`: the one that is wanted, or the only one that fits.

    Where none fits or several do, it is the one at the proxy's root, or the only one that there is. None: nobody is
    configured. Raises `AuditError` that names those there are.
    """
    if wanted is not None:
        return _named(wanted, providers)
    vendors = {one.vendor for one in formats}
    exact = [one for one in providers if format_of(one) in formats]
    fitting = exact or [one for one in providers if format_of(one).vendor in vendors]
    among = fitting or providers
    if len(among) == 1 or not among:
        return among[0] if among else None
    if at_root := [one for one in among if one.name == root]:
        return at_root[0]
    names = ", ".join(one.name for one in among)
    why = "several providers fit" if fitting else f"no provider is known to speak {' or '.join(formats)}"
    raise AuditError(f"{why}; --provider says which is meant: {names}")


def spoken(formats: Sequence[Format], provider: Provider | None) -> Format:
    """Return which of its formats a tool speaks to a provider: the provider's own, one of its vendor, or the first."""
    own = formats[0] if provider is None else format_of(provider)
    kin = [one for one in formats if one.vendor == own.vendor]
    return own if own in formats else (kin or formats)[0]


def _named(wanted: str, providers: Sequence[Provider]) -> Provider:
    for one in providers:
        if one.name == wanted:
            return one
    there = f"there are: {', '.join(one.name for one in providers)}" if providers else "none is configured"
    raise AuditError(f"the proxy serves no provider {wanted!r}; {there}")


def format_of(provider: Provider) -> Format:
    """Return what a provider speaks: by its host or its name, else by its dialect, else what most speak."""
    vendor = provider_of(urlsplit(provider.base_url).hostname or "")
    if vendor in _VENDORS:
        return _VENDORS[vendor]
    if provider.dialect != Format.CHAT.dialect:  # what a provider has that was given none
        return next((one for one, dialect in _DIALECTS.items() if dialect == provider.dialect), Format.CHAT)
    name = provider.name.lower()
    return next((one for word, one in _NAMES.items() if word in name and "azure" not in name), Format.CHAT)


def mount(url: str, provider: Provider | None, *, root: str | None = None) -> str:
    """Return a provider's address at a proxy."""
    bare = url.rstrip("/")
    return bare if provider is None or provider.name == root else f"{bare}/{provider.name}"


_DIALECTS = {
    Format.CHAT: "openai_chat",
    Format.RESPONSES: "openai_responses",
    Format.MESSAGES: "anthropic_messages",
    Format.GEMINI: "gemini_generate",
}
_VENDORS = {"openai": Format.RESPONSES, "anthropic": Format.MESSAGES, "gcp.gemini": Format.GEMINI}
_NAMES = {
    "anthropic": Format.MESSAGES,
    "claude": Format.MESSAGES,
    "gemini": Format.GEMINI,
    "google": Format.GEMINI,
    "openai": Format.RESPONSES,
}
