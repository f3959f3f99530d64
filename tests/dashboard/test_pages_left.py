"""What a page that was left still asks for does not reach the page that is shown."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard.pages_left import PagesLeft, Shown


def asked(page: str, part: str = "") -> bytes:
    """What a browser sends that wants a page, or a part of it, drawn anew."""
    message = BackMsg()
    message.rerun_script.page_script_hash = page
    message.rerun_script.fragment_id = part
    return bytes(message.SerializeToString())


def begun(page: str, *parts: str) -> bytes:
    """What a browser is sent when a page, or parts of it, begin to be drawn."""
    message = ForwardMsg()
    message.new_session.page_script_hash = page
    message.new_session.name = "audit"
    message.metadata.run.fragment_ids.extend(parts)
    return bytes(message.SerializeToString())


def opened(page: str) -> bytes:
    """What a browser is sent when an address has led to a page."""
    message = ForwardMsg()
    message.navigation.page_script_hash = page
    return bytes(message.SerializeToString())


def page_of(frame: bytes) -> str:
    message = ForwardMsg()
    message.ParseFromString(frame)
    assert message.new_session.name == "audit"
    return message.new_session.page_script_hash


def test_a_part_of_the_page_that_is_shown_may_ask() -> None:
    shown = Shown()
    shown.told(begun("calls"))
    assert not shown.is_asked_by_another(asked("calls", "list"))


def test_a_part_of_a_page_that_was_left_may_not() -> None:
    shown = Shown()
    shown.told(begun("filters"))
    shown.told(begun("calls"))
    assert shown.is_asked_by_another(asked("filters", "map"))


def test_every_page_may_be_asked_for_as_a_whole() -> None:
    shown = Shown()
    shown.told(begun("calls"))
    assert not shown.is_asked_by_another(asked("filters"))


def test_before_any_page_is_shown_all_may_ask() -> None:
    assert not Shown().is_asked_by_another(asked("filters", "map"))


def test_an_address_leads_to_another_page_than_the_run_began_with() -> None:
    shown = Shown()
    shown.told(begun("overview"))
    shown.told(opened("filters"))
    assert not shown.is_asked_by_another(asked("filters", "map"))
    assert shown.is_asked_by_another(asked("overview", "map"))


def test_what_is_no_message_is_left_to_streamlit() -> None:
    assert not Shown().is_asked_by_another(b"\xff\xff")


def test_a_part_that_runs_for_a_page_that_was_left_is_told_as_of_the_one_that_is_shown() -> None:
    shown = Shown()
    shown.told(begun("calls"))
    assert page_of(shown.told(begun("filters", "map"))) == "calls"
    assert not shown.is_asked_by_another(asked("calls", "list"))


@pytest.mark.parametrize("frame", [begun("calls"), opened("calls"), ForwardMsg(script_finished=1).SerializeToString()])
def test_all_else_is_told_as_it_is(frame: bytes) -> None:
    assert Shown().told(frame) == frame


def test_a_connection_passes_on_what_concerns_the_page_that_is_shown() -> None:
    taken = []

    async def streamlit(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_bytes(begun("calls"))
        taken.append(await socket.receive_bytes())
        await socket.send_bytes(begun("filters", "map"))
        await socket.close()

    app = Starlette(routes=[WebSocketRoute("/", streamlit)], middleware=[Middleware(PagesLeft)])
    with TestClient(app) as client, client.websocket_connect("/") as socket:
        assert page_of(socket.receive_bytes()) == "calls"
        socket.send_bytes(asked("filters", "map"))
        socket.send_bytes(asked("calls", "list"))
        assert page_of(socket.receive_bytes()) == "calls"
    assert taken == [asked("calls", "list")]
