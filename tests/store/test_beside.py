"""What is done beside its caller's work."""

from __future__ import annotations

import threading

import pytest

from audit.store.beside import Beside


def test_all_is_done_in_order_by_the_end_of_the_block_in_another_thread() -> None:
    done: list[tuple[int, str]] = []
    with Beside(lambda one: done.append((one, threading.current_thread().name)), name="a-packer") as beside:
        for number in range(20):
            beside.hand(number)
    assert done == [(number, "a-packer") for number in range(20)]
    assert "a-packer" not in {thread.name for thread in threading.enumerate()}


def refuse(one: int) -> None:
    if one == 2:
        raise ValueError("two")


def do_five(*, then: Exception | None = None) -> None:
    with Beside(refuse, name="a-packer") as beside:
        for number in range(5):
            beside.hand(number)
        if then is not None:
            raise then


def test_what_has_failed_is_raised_in_the_end() -> None:
    with pytest.raises(ValueError, match="two"):
        do_five()


def test_what_fails_in_the_block_itself_is_raised_before_that() -> None:
    with pytest.raises(LookupError):
        do_five(then=LookupError())


def test_where_no_thread_can_be_begun_the_caller_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", fail)
    done: list[str] = []
    with Beside(lambda _one: done.append(threading.current_thread().name), name="a-packer") as beside:
        beside.hand(1)
        assert done == ["MainThread"]
    with pytest.raises(ValueError, match="two"):
        do_five()
