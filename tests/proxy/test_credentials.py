"""Keys in requests."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from audit.proxy.credentials import presented, provider_key, with_key, without_keys
from audit.proxy.plan import UpstreamPlan

BASIC = b"Basic " + base64.b64encode(b"ada:k3")


@pytest.mark.parametrize(
    ("header", "value", "secrets"),
    [
        (b"Authorization", b"Bearer k1", ["k1"]),
        (b"authorization", b"k2", ["k2"]),
        (b"Authorization", BASIC, ["ada", "k3"]),
        (b"Authorization", b"Basic !!", ["!!"]),
        (b"X-Api-Key", b" k4 ", ["k4"]),
        (b"api-key", b"", []),
        (b"x-goog-api-key", b"k5", ["k5"]),
        (b"x-other", b"k6", []),
    ],
)
def test_keys_are_found_in_headers(header: bytes, value: bytes, secrets: list[str]) -> None:
    found = [one.secret for one in presented([(b"host", b"a"), (header, value)], "/v1/models")]
    assert found == secrets


@pytest.mark.parametrize("name", ["key", "api-key", "api_key", "%6bey", "access_token"])
def test_keys_are_found_in_queries(name: str) -> None:
    [one] = presented([], f"/v1/models?alt=sse&{name}=k%201")
    assert (one.secret, one.header) == ("k 1", "")


def test_all_keys_are_taken_out() -> None:
    headers = [(b"Host", b"a"), (b"X-API-Key", b"k"), (b"Authorization", b"Bearer k"), (b"Accept", b"*/*")]
    kept, target = without_keys(headers, "/v1beta/models/m:generateContent?alt=sse&key=k&x=1&Key=k")
    assert kept == [(b"Host", b"a"), (b"Accept", b"*/*")]
    assert target == "/v1beta/models/m:generateContent?alt=sse&x=1"
    assert without_keys([], "/a?x=1;key=k;y=2")[1] == "/a?x=1;y=2"
    assert without_keys([], "/a?key=k;y&z=")[1] == "/a?y&z="
    assert without_keys([], "/a?key=k")[1] == without_keys([], "/a")[1] == "/a"


def test_a_key_is_put_where_it_belongs() -> None:
    assert with_key([], "k", "authorization") == [(b"authorization", b"Bearer k")]
    assert with_key([], "k", "x-api-key") == [(b"x-api-key", b"k")]


def a_plan(**keys: str) -> UpstreamPlan:
    return UpstreamPlan(name="x", mounts=("",), base_url="http://a.example", **keys)  # type: ignore[arg-type]


def test_the_operators_key_is_in_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_KEY", " from-environment ")
    (tmp_path / "key").write_text("from-file\n")
    (tmp_path / "empty").write_text("\n")
    assert provider_key(a_plan(key_env="X_KEY")) == "from-environment"
    assert provider_key(a_plan(key_env="X_KEY", key_file=str(tmp_path / "key"))) == "from-file"
    assert provider_key(a_plan(key_file=str(tmp_path / "empty"))) is None
    assert provider_key(a_plan(key_file=str(tmp_path / "none"))) is None
    assert provider_key(a_plan(key_env="NOT_SET")) is None
    assert provider_key(a_plan()) is None
