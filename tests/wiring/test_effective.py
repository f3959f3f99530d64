from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from audit.settings import Settings
from audit.wiring.effective import effective, told


def values(**given: Any) -> dict[str, str]:
    return told(Settings.model_validate({"home": "/srv/audit", **given}))


def test_every_setting_is_told_by_its_name() -> None:
    found = values(
        providers={"openai": {"base_url": "https://api.openai.com/v1", "key_env": "OPENAI_API_KEY"}},
        prices=[{"model": "gpt", "input": "2.5"}],
        aliases={"gpt": "gpt-4o"},
        retention={"policies": [{"name": "all", "bodies": "30d"}]},
    )
    assert found["proxy.port"] == "8484"
    assert found["journal.durability"] == '"process"'
    assert found["providers.openai.key_env"] == '"OPENAI_API_KEY"'
    assert found["providers.openai.base_url"] == '"https://api.openai.com/v1"'
    assert (found["prices[0].input"], found["prices[0].model"]) == ('"2.5"', '"gpt"')
    assert (found["aliases.gpt"], found["models"], found["store.url"]) == ('"gpt-4o"', "[]", "null")
    assert found["retention.policies[0].bodies.days"] == "30"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:hunter2@db.example/audit",
        "postgresql://ann@db.example/audit?password=hunter2&host=db",
        "postgresql://ann:hunter2/@db.example/audit",
    ],
)
def test_no_password_of_an_address_is_told(url: str) -> None:
    found = values(store={"url": url})["store.url"]
    assert found == '"postgresql://db.example/audit"'


def test_of_what_others_name_as_a_secret_only_the_name_is_told() -> None:
    model = {"name": "gpt", "provider": "p", "parameters": {"temperature": 0.5, "extra": {"api_key": "hunter2"}}}
    found = values(models=[model], providers={"p": {"base_url": "https://p.example"}})
    assert found["models[0].parameters.temperature"] == "0.5"
    assert found["models[0].parameters.extra.api_key"] == '"[redacted]"'


def test_what_has_the_shape_of_a_key_is_not_told() -> None:
    key = "sk-proj-" + "a1B2" * 12
    assert key not in values(aliases={"gpt": key})["aliases.gpt"]


def test_settings_hold_in_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "host")
    for program, name in (("/usr/bin/audit", "audit"), ("", "python")):
        monkeypatch.setattr(sys, "argv", [program])
        found = effective(Settings(home=Path("/srv/audit")))
        assert (found.host, found.home, found.program) == ("host", "/srv/audit", name)
