"""Settings come whole and sound, or not at all: then every problem is told at once, with its key and its source."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from audit.call import Outcome
from audit.errors import SettingsError
from audit.settings import (
    CanarySettings,
    ExpectSettings,
    PriceSettings,
    Settings,
    StoreSettings,
    load_settings,
)

UNITS = ("input", "output", "cache_read", "cache_write", "request", "multiplier")
SOUND = """
[providers.open]
base_url = "https://api.example.com"
[[models]]
name = "m"
provider = "open"
[[canaries]]
name = "hello"
prompt = "Say hello."
models = "m"
every = "1.5h"
[canaries.expect]
outcome = "blocked"
regex = "hello|hi"
max_duration = "500ms"
[[prices]]
model = "m*"
input = 2.5
currency = "EUR"
[aliases]
m = "m-2"
"""


@pytest.fixture(autouse=True)
def _away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty folder, without any configuration of the user's."""
    monkeypatch.chdir(tmp_path)
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))


def written(text: str | bytes, path: Path = Path("audit.toml")) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(text: str | bytes, **environ: str) -> list[str]:
    """Return what is said of a configuration."""
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, written(text))
    return caught.value.problems


def test_without_any_configuration_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings({})
    assert settings == Settings(home=tmp_path / "xdg_data_home" / "audit")
    assert settings.database_url == f"sqlite:///{settings.home}/audit.db"
    assert settings.journal == settings.home / "journal"
    assert settings.recording.enabled
    assert settings.recording.drain
    assert settings.dashboard.host == "127.0.0.1"


def test_loading_makes_nothing(tmp_path: Path) -> None:
    load_settings({})
    assert list(tmp_path.iterdir()) == []


def test_a_sound_configuration_is_understood() -> None:
    settings = load_settings({}, written(SOUND))
    [canary] = settings.canaries
    assert settings.providers["open"].dialect == "openai_chat"
    assert (canary.models, canary.every, canary.timeout) == (("m",), timedelta(minutes=90), timedelta(seconds=30))
    assert canary.expect == ExpectSettings(
        outcome=("blocked",), regex="hello|hi", max_duration=timedelta(milliseconds=500)
    )
    assert settings.prices == (PriceSettings(model="m*", input=Decimal("2.5"), currency="EUR"),)
    assert settings.aliases == {"m": "m-2"}


def test_the_file_given_goes_before_the_one_that_the_environment_names() -> None:
    named = written("[dashboard]\nport = 1", Path("named.toml"))
    given = written("[dashboard]\nport = 2", Path("given.toml"))
    assert load_settings({"AUDIT_CONFIG": str(named)}, given).dashboard.port == 2


def test_the_environment_names_a_file_before_those_that_are_looked_for() -> None:
    written("[dashboard]\nport = 1")
    named = written("[dashboard]\nport = 2", Path("named.toml"))
    assert load_settings({"AUDIT_CONFIG": str(named)}).dashboard.port == 2


def test_a_file_is_looked_for_here_and_then_among_the_users() -> None:
    written("[dashboard]\nport = 2", Path("xdg_config_home/audit/audit.toml"))
    assert load_settings({}).dashboard.port == 2
    here = written("[dashboard]\nport = 1")
    assert load_settings({}).dashboard.port == 1
    here.unlink()
    here.mkdir()
    assert load_settings({}).dashboard.port == 2


def test_the_environment_wins_over_the_file_and_leaves_the_rest_of_it(tmp_path: Path) -> None:
    path = written("home = '/from/file'\n[store]\nurl = 'sqlite:///file.db'\n[dashboard]\nport = 7")
    environ = {"AUDIT_HOME": str(tmp_path / "mine"), "AUDIT_DATABASE_URL": "postgresql://host/audit"}
    settings = load_settings(environ, path)
    assert settings.home == tmp_path / "mine"
    assert settings.database_url == "postgresql://host/audit"
    assert settings.dashboard.port == 7


def test_an_empty_variable_is_none() -> None:
    path = written("home = '/from/file'\n[store]\nurl = 'sqlite:///file.db'")
    settings = load_settings({"AUDIT_HOME": "", "AUDIT_DATABASE_URL": "", "AUDIT_CONFIG": ""}, path)
    assert (settings.home, settings.database_url) == (Path("/from/file"), "sqlite:///file.db")


@pytest.mark.parametrize(
    ("environ", "home", "is_at"),
    [
        ({}, "record", "conf/record"),
        ({}, "~/record", "home/record"),
        ({}, "/record", "/record"),
        ({"AUDIT_HOME": "elsewhere"}, "record", "elsewhere"),
        ({"AUDIT_HOME": "~/elsewhere"}, "record", "home/elsewhere"),
    ],
)
def test_a_home_in_a_file_begins_where_the_file_lies(
    tmp_path: Path, environ: dict[str, str], home: str, is_at: str
) -> None:
    path = written(f"home = '{home}'", Path("conf/audit.toml"))
    assert load_settings(environ, path).home == tmp_path / is_at


@pytest.mark.parametrize(
    ("given", "milliseconds"),
    [
        ("30s", 30_000),
        ("5m", 300_000),
        ("1.5h", 5_400_000),
        ("2d", 172_800_000),
        (" 250 ms ", 250),
        ("366d", 366 * 864e5),
    ],
)
def test_a_span_has_its_unit(given: str, milliseconds: float) -> None:
    assert CanarySettings(name="a", prompt="b", every=given).every == timedelta(milliseconds=milliseconds)  # type: ignore[arg-type]


def test_a_span_is_taken_as_one() -> None:
    assert CanarySettings(name="a", prompt="b", every=timedelta(0, 7)).every == timedelta(seconds=7)


@pytest.mark.parametrize("given", ["30", "30 s m", "s", "-1s", "0s", "0.0001ms", "367d", "999999999.9d", "1e9s"])
def test_what_is_no_span_is_said_to_be_none(given: str) -> None:
    [problem] = problems(f"[[canaries]]\nname = 'a'\nprompt = 'b'\nevery = '{given}'")
    assert "every: must be a span of time with its unit, such as " in problem


@pytest.mark.parametrize(
    ("setting", "within", "beyond"),
    [
        ("dashboard.port", (0, 65535), (-1, 65536)),
        ("canaries = [{{name = 'a', prompt = 'b', max_output_tokens = {0}}}]", (1,), (0,)),
        ("canaries = [{{name = 'a', prompt = 'b', expect.status = {0}}}]", (100, 599), (99, 600)),
        ("canaries = [{{name = 'a', prompt = 'b', every = '{0}'}}]", ("0.001ms", "366d"), ("0.0009ms", "366.1d")),
        (
            "providers.p.base_url = 'https://a'\nmodels = [{{name = '{0}', provider = 'p'}}]",
            ("x" * 255,),
            ("", "x" * 256),
        ),
        ("canaries = [{{name = '{0}', prompt = 'b'}}]", ("7.a-_", "a" * 64), ("", ".a", "a" * 65)),
        *((f"prices = [{{{{{unit} = {{0}}}}}}]", (0, 0.5), (-0.5,)) for unit in UNITS),
    ],
)
def test_figures_and_names_have_their_bounds(setting: str, within: tuple[Any, ...], beyond: tuple[Any, ...]) -> None:
    text = setting if "{0}" in setting else f"{setting} = {{0}}"
    for value in within:
        load_settings({}, written(text.format(value)))
    for value in beyond:
        assert len(problems(text.format(value))) == 1


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings({}).dashboard.port = 7


def test_what_is_not_set_is_as_documented() -> None:
    canary, price = CanarySettings(name="a", prompt="b"), PriceSettings()
    assert (canary.models, canary.every, canary.stream) == (("*",), timedelta(minutes=5), False)
    assert (price.model, price.provider, price.key, price.multiplier) == ("*", "*", "*", 1)
    assert load_settings({}).dashboard.port == 8501


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///audit.db",
        "sqlite:////var/lib/audit.db",
        "sqlite+pysqlite:///audit.db",
        "sqlite://",
        "postgres://host/audit",
        "postgresql+psycopg://user:p%40ss@host:5432/audit?sslmode=require",
        "postgresql://[::1]:5432/audit",
        "postgresql:///audit?host=/var/run/postgresql",
    ],
)
def test_a_url_of_either_database_is_taken(url: str) -> None:
    assert StoreSettings(url=url).url == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://host/audit", "must be a database URL such as "),
        ("audit.db", "must be a database URL such as "),
        ("sqlite:audit.db", "must be a database URL such as "),
        ("postgresql://host:port/audit", "has a port that is no number"),
        ("postgresql://user:secret:5432/audit", "has a port that is no number"),
    ],
)
def test_a_url_of_none_is_told_without_what_it_may_hold_of_secrets(url: str, why: str) -> None:
    [problem] = problems("", AUDIT_DATABASE_URL=url)
    assert problem.startswith(f"AUDIT_DATABASE_URL: store.url: {why}")
    assert "secret" not in problem


@pytest.mark.parametrize("url", ["https://api.example.com", "http://127.0.0.1:8080/v1", " https://[::1]:1/a?b=c "])
def test_a_base_url_is_an_address(url: str) -> None:
    settings = load_settings({}, written(f"providers.a.base_url = '{url}'"))
    assert settings.providers["a"].base_url == url.strip()


@pytest.mark.parametrize("url", ["", "api.example.com/v1", "ftp://host", "https://", "http://[::1", "http://host:port"])
def test_a_base_url_that_is_none_is_said_to_be(url: str) -> None:
    assert problems(f"providers.a.base_url = '{url}'") == [
        f"audit.toml: providers.a.base_url: must begin with https:// or http:// and a host, not {url!r}"
    ]


def test_every_problem_is_told_at_once_with_its_key_and_its_source() -> None:
    text = """
    home = 3
    colour = "red"
    [store]
    url = "mysql://host"
    [dashboard]
    port = 70000
    [providers.open]
    dialect = 3
    [[models]]
    name = "m"
    provider = "shut"
    [[models]]
    name = "m"
    provider = "shut"
    [[models]]
    name = ""
    [[canaries]]
    name = "-"
    prompt = "b"
    every = "5"
    [canaries.expect]
    regex = "("
    outcome = ["clean", "dirty"]
    [[canaries]]
    name = "twice"
    prompt = 3
    [[canaries]]
    name = "twice"
    prompt = "b"
    [[prices]]
    currency = "dollars"
    input = -1
    """
    assert problems(text, AUDIT_HOME="~nobody.there", AUDIT_DATABASE_URL="nonsense") == [
        "AUDIT_HOME: home: nobody's home folder is known as '~nobody.there'; write a whole path",
        "AUDIT_DATABASE_URL: store.url: must be a database URL such as sqlite:////var/lib/audit.db or "
        "postgresql://host/audit",
        "audit.toml: dashboard.port: must be 65535 or less, not 70000",
        "audit.toml: providers.open.base_url: is missing",
        "audit.toml: providers.open.dialect: must be text in quotes, not 3",
        "audit.toml: models 3 (''): name: must be at least 1 characters long, not ''",
        "audit.toml: models 3 (''): provider: is missing",
        "audit.toml: canaries 1 ('-'): name: must begin with a letter or a digit and have at most 64 of those and of "
        ". _ -",
        'audit.toml: canaries 1 (\'-\'): every: must be a span of time with its unit, such as "30s", "5m", "1h", '
        '"500ms", a year at most',
        "audit.toml: canaries 1 ('-'): expect.regex: is no regular expression: missing ), unterminated subpattern at "
        "position 0",
        "audit.toml: canaries 1 ('-'): expect.outcome 2: 'dirty' is none of "
        + ", ".join([*(outcome.value for outcome in Outcome), "blocked"]),
        "audit.toml: canaries 2 ('twice'): prompt: must be text in quotes, not 3",
        "audit.toml: prices 1: input: must be 0 or more, not -1",
        'audit.toml: prices 1: currency: must be a currency code of three capitals, such as "USD"',
        "audit.toml: colour: unknown setting; there are " + ", ".join(Settings.model_json_schema()["properties"]),
        "audit.toml: models: 'm' names provider 'shut', which is not configured",
        "audit.toml: models: 'm' at provider 'shut' is there twice",
        "audit.toml: canaries: 'twice' is there twice",
    ]


def test_where_each_part_is_sound_they_must_agree_too() -> None:
    text = "models = [{name = 'm', provider = 'a'}, {name = 'm', provider = 'a'}, {name = 'm', provider = 'b'}]"
    assert problems(f"{text}\nproviders.b.base_url = 'https://b.example'") == [
        "audit.toml: models: 'm' names provider 'a', which is not configured",
        "audit.toml: models: 'm' at provider 'a' is there twice",
    ]


def test_parts_of_the_wrong_shape_are_not_asked_whether_they_agree() -> None:
    assert problems("models = 3\ncanaries = [3, {name = 3, prompt = 'b'}]\nproviders = 3") == [
        "audit.toml: providers: must be a table: write [providers]",
        "audit.toml: models: must be a list of tables: write [[models]]",
        "audit.toml: canaries 1: must be a table: write [[canaries]]",
        "audit.toml: canaries 2: name: must be text in quotes, not 3",
    ]


def test_without_a_file_settings_are_the_source() -> None:
    with pytest.raises(SettingsError, match=r"^AUDIT_HOME: home: nobody's home folder is known as '~nobody.there/x'"):
        load_settings({"AUDIT_HOME": "~nobody.there/x"})


def test_a_url_in_the_environment_repairs_a_store_that_is_no_table() -> None:
    assert load_settings({"AUDIT_DATABASE_URL": "sqlite:///a.db"}, written("store = 3")).store.url == "sqlite:///a.db"


@pytest.mark.parametrize("path", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_says_so(path: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{path}: cannot be read: "):
        load_settings({"AUDIT_CONFIG": path})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("home = ", "is not TOML: "),
        (b"home = '\xff'", "is not TOML: "),
        ("a = 1\na = 2", "is not TOML: "),
        ("a = 2026-99-99", "is not TOML: "),
        (f"a = {'9' * 5_000}", "is not TOML: "),
        (f"a = {'[' * 5_000}", "is nested too deeply"),
        ('home = "\\u0000"', "home: must be a path, and none has a NUL in it"),
        ("home = 2026-01-01", "home: must be text in quotes, not datetime.date(2026, 1, 1)"),
        ("providers.dialect = {base_url = 'https://a', x = 1}", "providers.dialect.x: unknown setting; there are "),
        ('"a\\nb" = 1', "'a\\nb': unknown setting; there are "),
    ],
)
def test_hostile_files_are_refused_in_a_line(text: str | bytes, why: str) -> None:
    [problem] = problems(text)
    assert problem.startswith(f"audit.toml: {why}")
    assert problem.isprintable()


KEYS = st.sampled_from([*Settings.model_fields, *CanarySettings.model_fields, "expect", "base_url", "x", ""]) | st.text(
    max_size=5
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.datetimes() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_whatever_a_file_holds_is_taken_or_complained_of(values: dict[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tomllib, "loads", lambda _text: values)
        said = complained_of()
    assert said is None or (said and all(problem.startswith("audit.toml: ") for problem in said))


def complained_of() -> list[str] | None:
    """Load `audit.toml`; return the problems, or None if there are none."""
    try:
        load_settings({}, written(""))
    except SettingsError as exc:
        return exc.problems
    return None
