"""Gemini CLI: variables, which its own `.env` may hold, and settings. https://geminicli.com/docs/reference/configuration"""

from __future__ import annotations

from collections.abc import Mapping

from audit.connect.advice import Advice, Block, Tool, exports, file_block, home
from audit.connect.merging import Kind
from audit.connect.place import Format, Place

__all__ = ["TOOL"]


def _advise(place: Place, environ: Mapping[str, str]) -> Advice:
    variables = {"GOOGLE_GEMINI_BASE_URL": place.url}
    if place.headers:
        variables["GEMINI_CLI_CUSTOM_HEADERS"] = ", ".join(f"{name}: {value}" for name, value in place.headers.items())
    if place.model:
        variables["GEMINI_MODEL"] = place.model
    folder = home(environ, "GEMINI_CLI_HOME", "") / ".gemini"
    shell = exports(variables, key="GEMINI_API_KEY", place=place)
    return Advice(
        blocks=(
            file_block(folder / "settings.json", Kind.JSON, {"security": {"auth": {"selectedType": "gemini-api-key"}}}),
            Block(title="the shell that starts it", language="sh", text=shell),
            file_block(folder / ".env", Kind.DOTENV, variables),
        ),
        notes=(
            f"the key is taken from GEMINI_API_KEY{_from(place)}",
            "settings.json is needed either way; variables stand in the shell or in .env. With a base URL and without "
            "the settings it says `Invalid auth method selected`",
            "a .env nearer to the working folder goes before that one, and in a folder it does not trust it reads none",
            "without -m it asks a small model which model to use, so that a prompt makes two calls",
        ),
    )


def _from(place: Place) -> str:
    return "" if place.key_env == "GEMINI_API_KEY" else f", which has to hold what {place.key_env} does"


TOOL = Tool(name="gemini-cli", title="Gemini CLI", formats=(Format.GEMINI,), advise=_advise)
