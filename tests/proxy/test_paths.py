"""No spelling of a path leads to another provider, or out of the base path of its own."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import pytest

from tests.proxy.framing import Ending
from tests.proxy.origin import Origin, running_origin
from tests.proxy.raw import Answer, Client
from tests.proxy.running import RunningProxy, running_proxy

BASE = "/base"
UP = (
    "..",
    "%2e%2e",
    "%2E%2E",
    ".%2e",
    "%2e.",
    "..;",
    "..;x=y",
    "%2e%2e;",
    "..%3b",
    "%2e%2e%3bx",
    "%252e%252e",
    "%25252e%25252e",
    "%25%32%65%25%32%65",
    "..%00",
    "%00..",
    "..%20",
    "..%09",
    "..%0a",
    "..%0d%0a",
    "..%23",
    "..%3f",
    "%c0%ae%c0%ae",
    "%c0.%c0.",
    "%e0%80%ae%e0%80%ae",
    "%f0%80%80%ae%f0%80%80%ae",
    "%fc%80%80%80%80%ae",
    "%u002e%u002e",
    "%uff0e%uff0e",
    "%%32%65%%32%65",
    "%ef%bc%8e%ef%bc%8e",
    "....",
    "..\\",
    "..%5c",
    "..%255c",
    "..%c1%9c",
    "..\\..\\",
)
"""Spellings of the parent folder, some of which some server takes for it."""
SLASHES = (
    "/",
    "//",
    "%2f",
    "%2F",
    "%252f",
    "%25252f",
    "%c0%af",
    "%e0%80%af",
    "%u2215",
    "%ef%bc%8f",
    "\\",
    "%5c",
    "%5C",
    "%255c",
    "/./",
    "/%2e/",
    "/;/",
    "/;x=y/",
    "%3b/",
)
MOUNTS = ("/router", "//router", "/router/", "/router/v1", "/./router", "/other/../router", "/%72outer", "/ROUTER")
ALWAYS_REFUSED = (
    "/router/../other/v1/x",
    "/router/%2e%2e/other/v1/x",
    "/router/%2E%2E/other/v1/x",
    "/router/..;/other/v1/x",
    "/router/..;x=y/other/v1/x",
    "/router/%2e%2e%2fother/v1/x",
    "/router/..%2fother/v1/x",
    "/router/..%5cother/v1/x",
    "/router/..\\other/v1/x",
    "/router%2f..%2fother/v1/x",
    "/router/%252e%252e/other/v1/x",
    "/router/%252e%252e%252fother",
    "/router/%25252e%25252e/other/v1/x",
    "/router/v1/%00",
    "/router/v1/x%00.json",
    "/router/v1/%0d%0aX: y",
    "/router/v1/%0a",
    "/router/v1/%7f",
    "/router/v1/%5c..%5c..%5cother",
    "/router/v1/%c0%ae%c0%ae/%c0%ae%c0%ae/other",
    "/router/v1/%c0%af..",
    "/router/v1/./x",
    "/router/v1/%2e/x",
    "/router/v1/x/..",
    "/router/v1/x/.",
    "/router/v1/%",
    "/router/v1/%2",
    "/router/v1/%zz",
    "/router/v1/%u002e%u002e/x",
    "/router/v1/%%32%65%%32%65/x",
    "/../router/v1/x",
    "/%2e%2e/other/v1/x",
    "/..%2fother/v1/x",
    "/router/../../../../other/v1/x",
)
UNCHANGED = (
    "/v1/models/org%2Fname",
    "/v1/models/org%2fname:generateContent",
    "/v1/models/a...b",
    "/v1/...",
    "/v1/.hidden",
    "/v1/x..y",
    "/v1/models/gpt%3A4",
    "/v1/%E4%BD%A0%E5%A5%BD",
    "/v1/x;a=b",
    "/v1/x?../..",
    "/v1/x?%2e%2e%2f%00",
    "/v1/a+b~c!$&'()*,=:@",
)


@pytest.fixture(scope="module")
def origins() -> Iterator[tuple[Origin, Origin]]:
    with running_origin() as router, running_origin() as other:
        yield router, other


@pytest.fixture(scope="module")
def proxy(origins: tuple[Origin, Origin]) -> Iterator[RunningProxy]:
    router, other = origins
    with running_proxy({"router": router.url + BASE, "other": other.url + BASE}) as running:
        yield running
        assert b"Traceback" not in running.log.read_bytes()


@pytest.fixture(autouse=True)
def _unheard(origins: tuple[Origin, Origin]) -> None:
    for origin in origins:
        origin.forget()


@pytest.fixture(scope="module")
def client(proxy: RunningProxy) -> Iterator[Client]:
    with Client(proxy.host, proxy.port) as client:
        yield client


def asked(client: Client, target: str) -> Answer:
    answer = client.ask(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode("latin-1"))
    assert answer.ending is Ending.COMPLETE
    return answer


def as_servers_read_it(path: str) -> set[str]:
    """Return where servers of several minds would look: decoding once or again, with backslashes, parameters, NULs."""
    found, raw = set(), path.encode("latin-1")
    for _ in range(4):
        for one in (raw, raw.replace(b"\\", b"/"), re.sub(rb";[^/]*", b"", raw), raw.partition(b"\0")[0]):
            for overlong, plain in _OVERLONG.items():
                one = one.replace(overlong, plain)
            found.add(posixpath.normpath(one.decode("latin-1")).replace("//", "/"))
        raw = unquote_to_bytes(re.sub(rb"%u00([0-9a-fA-F]{2})", rb"%\1", raw))
    return found


_OVERLONG = {
    b"\xc0\xae": b".",
    b"\xe0\x80\xae": b".",
    b"\xf0\x80\x80\xae": b".",
    b"\xc0\xaf": b"/",
    b"\xe0\x80\xaf": b"/",
    b"\xc1\x9c": b"\\",
}


def stays(origins: tuple[Origin, Origin]) -> None:
    router, other = origins
    assert other.heard == []
    for one in router.heard:
        path = one.target.decode("latin-1").partition("?")[0]
        assert {where for where in as_servers_read_it(path) if not f"{where}/".startswith(f"{BASE}/")} == set()


def test_the_tables_are_of_some_size() -> None:
    assert len(UP) + len(SLASHES) + len(ALWAYS_REFUSED) >= 60
    assert "/x" in as_servers_read_it("/base/a/%252e%252e/%c0%ae%c0%ae/x")


@pytest.mark.parametrize("up", UP)
@pytest.mark.parametrize("mount", MOUNTS)
def test_no_way_up_leads_out(mount: str, up: str, client: Client, origins: tuple[Origin, Origin]) -> None:
    for slash in SLASHES:
        for target in (
            f"{mount}{slash}{up}{slash}other/v1/x",
            f"{mount}/v1{slash}{up}{slash}{up}{slash}{up}{slash}other",
        ):
            answer = asked(client, target)
            assert answer.status in (200, 400, 404)
    stays(origins)


@pytest.mark.parametrize("slash", SLASHES)
def test_no_slash_leads_to_another_provider(slash: str, client: Client, origins: tuple[Origin, Origin]) -> None:
    for target in (f"/router{slash}other/v1/x", f"{slash}router{slash}other{slash}v1", f"/router{slash}{slash}other"):
        asked(client, target if target.startswith("/") else f"/{target}")
    stays(origins)


@pytest.mark.parametrize("target", ALWAYS_REFUSED)
def test_an_ambiguous_path_is_refused_before_anything_else(
    target: str, client: Client, origins: tuple[Origin, Origin]
) -> None:
    assert asked(client, target).status == 400
    assert [one.heard for one in origins] == [[], []]


@pytest.mark.parametrize("target", UNCHANGED)
def test_a_plain_path_is_left_as_it_is(target: str, client: Client, origins: tuple[Origin, Origin]) -> None:
    assert asked(client, "/router" + target).status == 200
    assert [one.target.decode() for one in origins[0].heard] == [BASE + target]


@pytest.mark.parametrize("name", ["/route", "/routerr", "/Router", "/router.", "/router;a", "/rout%65r", "/", "/v1/x"])
def test_a_name_that_is_nearly_a_providers_is_nobodys(
    name: str, client: Client, origins: tuple[Origin, Origin]
) -> None:
    assert asked(client, f"{name}/v1/x").status == 404
    assert [one.heard for one in origins] == [[], []]
