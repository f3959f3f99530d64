"""A page asks for its parts only when that cannot spoil what is being drawn."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard import asking
from dashboard.asking import Asking, InTurn

EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN


def asked(page: str, part: str = "", *, by_itself: bool = False) -> bytes:
    """What a browser sends that wants a page, or a part of it, drawn anew."""
    message = BackMsg()
    message.rerun_script.page_script_hash = page
    message.rerun_script.fragment_id = part
    message.rerun_script.is_auto_rerun = by_itself
    return bytes(message.SerializeToString())


def ended(*parts: str, status: int = ForwardMsg.FINISHED_SUCCESSFULLY) -> bytes:
    """What a browser is sent when a page, or parts of it, are drawn."""
    message = ForwardMsg()
    message.script_finished = status
    message.metadata.run.fragment_ids.extend(parts)
    return bytes(message.SerializeToString())


def shown(page: str) -> Asking:
    """Return a connection whose browser shows a page."""
    made = Asking()
    made.told(begun(page))
    made.told(ended())
    return made


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


CLICK, TIMER = asked("calls", "list"), asked("calls", "list", by_itself=True)
"""What a part of the page of calls asks for when it is clicked, and by itself."""


@pytest.mark.parametrize("frame", [CLICK, TIMER])
def test_a_part_of_the_page_that_is_shown_may_ask(frame: bytes) -> None:
    assert shown("calls").asked(frame) == frame


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_part_of_a_page_that_was_left_may_not(by_itself: bool) -> None:
    assert shown("calls").asked(asked("filters", "map", by_itself=by_itself)) is None


def test_every_page_may_be_asked_for_as_a_whole() -> None:
    frame = asked("filters")
    assert shown("calls").asked(frame) == frame


def test_before_any_page_is_shown_all_may_ask() -> None:
    frame = asked("filters", "map")
    assert Asking().asked(frame) == frame


def test_a_part_of_a_page_that_is_about_to_be_left_may_not() -> None:
    one = shown("filters")
    one.asked(asked("calls"))
    assert one.asked(asked("filters", "map")) is None


def test_an_address_leads_to_another_page_than_the_run_began_with() -> None:
    one = shown("overview")
    one.told(opened("filters"))
    assert one.asked(asked("filters", "map")) is not None
    assert one.asked(asked("overview", "map")) is None


def test_an_address_is_asked_for_without_a_page() -> None:
    one = shown("calls")
    one.asked(asked(""))
    assert one.asked(asked("filters", "map")) is None


def test_while_a_page_is_drawn_as_a_whole_nothing_it_asks_for_by_itself_comes_in_between() -> None:
    one = shown("calls")
    one.asked(asked("calls"))
    assert one.asked(TIMER) is None
    one.told(begun("calls"))
    one.told(ended("list"))  # of a part that was asked for before
    assert one.asked(TIMER) is None
    one.told(ended(status=EARLY))  # and begun once more
    assert one.asked(TIMER) is None
    one.told(ended())
    assert one.asked(TIMER) == TIMER


def test_a_page_that_a_click_leads_to_is_drawn_as_a_whole_too() -> None:
    one = shown("filters")
    one.asked(asked("filters", "map"))
    one.told(ended("map", status=EARLY))
    one.told(begun("calls"))
    assert one.asked(TIMER) is None


def test_a_click_while_a_page_is_drawn_as_a_whole_draws_the_whole_anew() -> None:
    one = shown("calls")
    one.asked(asked("calls"))
    assert one.asked(CLICK) == asked("calls")


def test_while_a_click_is_answered_nothing_a_page_asks_for_by_itself_comes_in_between() -> None:
    one = shown("calls")
    one.asked(CLICK)
    assert one.asked(TIMER) is None
    assert one.asked(CLICK) == CLICK
    one.told(ended("list"))
    assert one.asked(TIMER) == TIMER


def test_a_click_that_is_not_answered_does_not_keep_a_page_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    one = shown("calls")
    one.asked(CLICK)
    later = asking.time.monotonic() + asking.CLICK_S
    monkeypatch.setattr(asking.time, "monotonic", lambda: later)
    assert one.asked(TIMER) == TIMER


@pytest.mark.parametrize("frame", [b"\xff\xff", BackMsg(stop_script=True).SerializeToString()])
def test_what_asks_for_no_page_is_left_to_streamlit(frame: bytes) -> None:
    one = shown("calls")
    assert one.asked(frame) == frame
    assert one.asked(TIMER) == TIMER


def test_a_part_that_runs_for_a_page_that_was_left_is_told_as_of_the_one_that_is_shown() -> None:
    one = shown("calls")
    assert page_of(one.told(begun("filters", "map"))) == "calls"
    assert one.asked(CLICK) == CLICK


@pytest.mark.parametrize(
    "frame", [begun("calls"), begun("calls", "list"), opened("calls"), ended(), ended("list"), ended(status=EARLY)]
)
def test_all_else_is_told_as_it_is(frame: bytes) -> None:
    assert Asking().told(frame) == frame


def test_a_connection_passes_on_what_concerns_the_page_that_is_shown() -> None:
    taken = []

    async def streamlit(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_bytes(begun("calls"))
        await socket.send_bytes(ended())
        taken.append(await socket.receive_bytes())
        await socket.send_bytes(begun("filters", "map"))
        await socket.close()

    app = Starlette(routes=[WebSocketRoute("/", streamlit)], middleware=[Middleware(InTurn)])
    with TestClient(app) as client, client.websocket_connect("/") as socket:
        assert page_of(socket.receive_bytes()) == "calls"
        assert socket.receive_bytes() == ended()
        socket.send_bytes(asked("filters", "map"))
        socket.send_bytes(CLICK)
        assert page_of(socket.receive_bytes()) == "calls"
    assert taken == [CLICK]
