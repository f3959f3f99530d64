"""No key is left anywhere: 50 kinds of keys in every place where clients put them, whatever becomes of the call."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from audit import wiring
from audit.cli import main
from audit.metrics.calls import CallCounts
from audit.metrics.families import exposition
from audit.metrics.follower import Follower
from audit.proxy.plan import IssuedKey, UpstreamPlan
from audit.store.engine import open_engine
from audit.store.packing import CODEC, unpack
from audit.wiring.collecting import collect_once
from tests.proxy.origin import Heard, Origin, Script, Then, a_reply, running_origin
from tests.proxy.raw import Client, ask
from tests.proxy.running import RunningProxy, running_proxy
from tests.proxy.seeded import KEYS, PLACES, SHAPED, placed, traces
from tests.wired import environment_of, settings_of

BODY = b'{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}'
MARK = b"mark-that-is-kept-0123456789"
"""In a header that is known to be harmless: what is searched must find this one."""
ENDINGS = (
    "200",
    "401",
    "short",
    "garbage",
    "reset",
    "unreachable",
    "nowhere",
    "tricky",
    "upgrade",
    "malformed",
    "left",
)
"""What becomes of a call."""
REPLIES = {
    "401": a_reply(b'{"error":{"message":"Incorrect API key","code":"invalid_api_key"}}', b"401 Unauthorized"),
    "short": Script((b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello",), Then.CLOSE),
    "garbage": Script((b"garbage\r\n\r\n",), Then.CLOSE),
    "reset": Script((), Then.RESET),
    "left": Script((b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello", 0.05)),
}
_WELL = a_reply(
    b'{"id":"1","model":"gpt-4o","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}',
    b"200 OK",
    b"content-type: application/json",
)
TARGETS = {"unreachable": "/gone/v1/x", "nowhere": "/nobody/v1/x", "tricky": "/router/%2e%2e/other"}


def answer(heard: Heard) -> Script:
    """Answer as a header asks for."""
    return REPLIES.get(dict(heard.headers).get(b"X-Title", b"").decode(), _WELL)


def send(proxy: RunningProxy, ending: str, line: str, query: str) -> bytes:
    """Make a call with a key in it; return all that came back."""
    target = TARGETS.get(ending, "/router/v1/chat/completions") + query
    told = ["Host: localhost", f"X-Request-Id: {MARK.decode()}", f"X-Title: {ending}", *filter(None, [line])]
    if ending == "upgrade":
        told += ["Connection: Upgrade", "Upgrade: websocket"]
    if ending == "malformed":
        told += ["Broken"]
    head = "\r\n".join([f"POST {target} HTTP/1.1", *told, f"Content-Length: {len(BODY)}", "", ""])
    if ending != "left":
        return ask((proxy.host, proxy.port), head.encode() + BODY).raw
    with Client(proxy.host, proxy.port) as client:
        client.send(head.encode() + BODY)
    return b""


def kept(folder: Path) -> dict[str, bytes]:
    """Return the content of all files."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stored(home: Path) -> bytes:
    """Return all that stands in the tables of the record of a home folder, unpacked where it is packed."""
    found = []
    engine = open_engine(settings_of(home).database_url)
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            for value in chain.from_iterable(connection.execute(text(f'SELECT * FROM "{table}"'))):
                found.append(value if isinstance(value, bytes) else str(value).encode())
                with suppress(ValueError):
                    found.append(unpack(found[-1], CODEC))
    engine.dispose()
    return b"\n".join(found)


def leaks(contents: dict[str, bytes], keys: dict[str, str]) -> list[str]:
    """Return where a trace of a key is found, with what stands around it."""
    found = []
    for name, key in keys.items():
        for trace in traces(key):
            for place, content in contents.items():
                if (at := content.find(trace)) >= 0:
                    found.append(f"{name} in {place}: {content[max(0, at - 80) : at + 40]!r}")
    return found


Audit = Callable[..., bytes]


@pytest.fixture
def audit(capsys: pytest.CaptureFixture[str]) -> Audit:
    """Runs a command, and returns what it has printed."""

    def run(*words: str) -> bytes:
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0
        return capsys.readouterr().out.encode()

    return run


def printed(home: Path, audit: Audit) -> dict[str, bytes]:
    """Return what commands and metrics show of the record, after it has been collected."""
    settings = settings_of(home)
    collect_once(settings)
    shown = {"calls list": audit("calls", "list", "--json", "--limit", "10000")}
    ids = [one["id"] for one in json.loads(shown["calls list"])["rows"]]
    assert ids
    for one in ids[:: max(1, len(ids) // 20)]:
        shown[f"calls show {one}"] = audit("calls", "show", one, "--json")
    counts = CallCounts()
    with closing(wiring.open_reader(settings)) as reader:
        Follower(counts, datetime(2020, 1, 1, tzinfo=UTC)).look(reader)
    return {**shown, "metrics": exposition(counts.families())}


@pytest.fixture(scope="module")
def served() -> Iterator[Origin]:
    with running_origin() as running:
        running.answer = answer
        yield running


def test_there_are_fifty_kinds_of_keys() -> None:
    assert len(KEYS) >= 50
    assert len({trace for key in KEYS.values() for trace in traces(key)}) >= 3 * len(KEYS)


def test_no_key_is_left_anywhere(served: Origin, audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind in each place, with one ending after the other."""
    home: Path = tmp_path / "home"
    back = []
    for variable, value in environment_of(home).items():
        monkeypatch.setenv(variable, value)
    with running_proxy({"router": served.url, "gone": "http://127.0.0.1:9"}, home=home, via="audit") as proxy:
        for number, key in enumerate(KEYS.values()):
            for other, place in enumerate(PLACES):
                ending = ENDINGS[(number + other) % len(ENDINGS)]
                back.append(send(proxy, ending, *placed(place, key)))
        log = proxy.log.read_bytes()
        contents = {**kept(home), "standard error": log, "answers": b"".join(back)}
        assert any(name.startswith("journal") and MARK in content for name, content in contents.items())
    shown = printed(home, audit)
    afterwards = {f"then {name}": content for name, content in kept(home).items()}
    shown["tables"] = stored(home)
    assert shown["tables"].count(MARK) > len(KEYS)
    assert MARK in b"".join(content for name, content in shown.items() if name.startswith("calls show"))
    assert leaks({**contents, **afterwards, **shown}, KEYS) == []


HARMLESS = (
    "User-Agent: client/{}",
    "X-Title: {}",
    "X-Correlation-Id: {}",
    "Accept: {}",
    "X-Stainless-Lang: {}",
    "Origin: {}",
    "Via: 1.1 {}",
)


def test_a_key_that_shows_by_its_look_is_not_kept_where_no_key_belongs(
    served: Origin, audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home: Path = tmp_path / "home"
    for variable, value in environment_of(home).items():
        monkeypatch.setenv(variable, value)
    with running_proxy({"router": served.url}, home=home) as proxy:
        for key in SHAPED.values():
            for line in HARMLESS:
                send(proxy, "200", line.format(key), "")
            ask((proxy.host, proxy.port), f"GET /router/v1/{key} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            ask((proxy.host, proxy.port), f"GET /router/v1/x?q={key} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            ask((proxy.host, proxy.port), f"GET /nobody/{key} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        contents = {**kept(home), "standard error": proxy.log.read_bytes()}
    shown = printed(home, audit)
    assert leaks({**contents, **shown, "tables": stored(home)}, SHAPED) == []


TOLD = (
    b"Set-Cookie: session=%s",
    b"X-Session-Token: %s",
    b"X-New-Key: %s",
    b"Location: https://x/?key=%s",
    b"Authentication-Info: nextnonce=%s",
    b"X-Unknown: %s",
)


def test_no_key_that_a_provider_sends_is_kept(served: Origin, tmp_path: Path) -> None:
    with running_proxy({"router": served.url}, home=tmp_path / "home") as proxy:
        for key in KEYS.values():
            told = b"\r\n".join(line % key.encode() for line in TOLD)
            served.play(Script((b"HTTP/1.1 200 OK\r\n%s\r\ncontent-length: 2\r\n\r\nok" % told,)))
            assert ask((proxy.host, proxy.port), _plain("/router/v1/x")).status == 200
            served.play(Script((b"HTTP/1.1 200 OK\r\ntransfer-encoding: %s\r\n\r\n" % key.encode(),), Then.CLOSE))
            assert ask((proxy.host, proxy.port), _plain("/router/v1/x")).status == 502
            served.play(Script((b"%s\r\n\r\n" % key.encode(),), Then.CLOSE))
            assert ask((proxy.host, proxy.port), _plain("/router/v1/x")).status == 502
        contents = {**kept(tmp_path), "standard error": proxy.log.read_bytes()}
        assert len(proxy.exchanges()) == 3 * len(KEYS)
    served.answer = answer
    assert leaks(contents, KEYS) == []


def _plain(target: str, *lines: str) -> bytes:
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: x", *filter(None, lines), "", ""]).encode()


ISSUED = "sk-audit-" + "Q7" * 20
REAL = {"one": "sk-real-one-" + "R1" * 20, "two": "sk-real-two-" + "S2" * 20}
BROUGHT = {
    "bearer": ("", "Authorization: Bearer {}"),
    "no scheme": ("", "Authorization: {}"),
    "basic": ("", "Authorization: Basic {basic}"),
    "x-api-key": ("", "x-api-key: {}"),
    "api-key": ("", "api-key: {}"),
    "x-goog-api-key": ("", "x-goog-api-key: {}"),
    "twice": ("", "Authorization: Bearer {}\r\nx-api-key: {}"),
    "two bearers": ("", "Authorization: Bearer {}\r\nAuthorization: Bearer {}"),
    "header and query": ("?key={}", "Authorization: Bearer {}"),
    "query": ("?key={}", ""),
    "query, escaped name": ("?%6bey={}", ""),
    "query, behind a semicolon": ("?a=b;key={}", ""),
    "query, twice": ("?key={}&key={}", ""),
    "query, escaped value": ("?key={escaped}", ""),
}


@pytest.fixture(scope="module")
def providers() -> Iterator[dict[str, Origin]]:
    with running_origin() as one, running_origin() as two:
        yield {"one": one, "two": two}


@pytest.fixture(scope="module", params=["issued", "revoked"])
def guarded(
    request: pytest.FixtureRequest, providers: dict[str, Origin], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningProxy, bool]]:
    """A proxy that has the providers' keys, and whether it knows the key that clients bring."""
    plans = [
        UpstreamPlan(name=name, mounts=(f"/{name}",), base_url=origin.url, key_env=f"AUDIT_TEST_{name.upper()}")
        for name, origin in providers.items()
    ]
    environ = {f"AUDIT_TEST_{name.upper()}": key for name, key in REAL.items()}
    home = tmp_path_factory.mktemp("guarded")
    with running_proxy(plans, home=home, environ=environ, issued_keys_only=True) as proxy:
        if request.param == "issued":
            proxy.tell(IssuedKey(slot=0, digest=sha256(ISSUED.encode()).hexdigest(), name="ci"))
            proxy.status()
            proxy.status()
        yield proxy, request.param == "issued"


@pytest.mark.parametrize("place", BROUGHT)
def test_an_issued_key_stays_here_and_a_providers_goes_to_that_provider_alone(
    place: str, guarded: tuple[RunningProxy, bool], providers: dict[str, Origin]
) -> None:
    proxy, known = guarded
    query, line = (_with(text, ISSUED) for text in BROUGHT[place])
    for origin in providers.values():
        origin.forget()
    answers = [ask((proxy.host, proxy.port), _plain(f"/{name}/v1/x{query}", line)) for name in REAL]
    assert [answer.status for answer in answers] == ([200, 200] if known else [401, 401])
    said = {**kept(proxy.home), "log": proxy.log.read_bytes(), "answers": b"".join(one.raw for one in answers)}
    heard = {name: b"".join(one.raw for one in origin.heard) for name, origin in providers.items()}
    assert leaks({**said, **heard}, {"issued": ISSUED}) == []
    assert leaks(said, REAL) == []
    assert [heard[name].count(REAL[name].encode()) for name in REAL] == ([1, 1] if known else [0, 0])
    assert [REAL[other].encode() in heard[name] for name, other in (("one", "two"), ("two", "one"))] == [False, False]


def _with(text: str, key: str) -> str:
    coded = base64.b64encode(f"user:{key}".encode()).decode()
    escaped = "".join(f"%{byte:02x}" for byte in key.encode())
    return text.replace("{basic}", coded).replace("{escaped}", escaped).replace("{}", key)


PASSWORDS = {"provider": "provider-password-Zq8", "proxy": "proxy-password-Wv5"}


@pytest.mark.parametrize("ending", ["200", "garbage", "unreachable", "no tunnel"])
def test_no_password_of_a_configured_url_is_left_anywhere(ending: str, served: Origin, tmp_path: Path) -> None:
    """In a provider's own URL, and in that of a proxy that is to be used."""
    port = 9 if ending == "unreachable" else served.port
    urls = {"router": f"http://user:{PASSWORDS['provider']}@127.0.0.1:{port}/v1"}
    through = f"http://user:{PASSWORDS['proxy']}@127.0.0.1:{port}" if ending == "no tunnel" else None
    served.play(REPLIES.get(ending, _WELL))
    with running_proxy(urls, home=tmp_path, outgoing_proxy=through) as proxy:
        back = ask((proxy.host, proxy.port), _plain("/router/v1/models"))
        contents = {**kept(tmp_path), "log": proxy.log.read_bytes(), "answer": back.raw}
    served.answer = answer
    assert back.status == (200 if ending == "200" else 502)
    assert leaks(contents, PASSWORDS) == []
