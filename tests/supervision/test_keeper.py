from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from audit.supervision.child import Child, State
from audit.supervision.keeper import Keeper
from tests.supervision.children import DEAF, ECHO, PATIENCE_S, a_child, eventually, is_there, supervised


def pids(told: list[State]) -> list[int]:
    return list(dict.fromkeys(state.pid for state in told if state.pid is not None))


def test_a_child_is_told_its_first_lines_in_every_life(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        lines = [b"one\n", b"two\n"]
        async with supervised(a_child(lines=lambda: lines)) as running:
            await eventually(lambda: running.heard() == [None, "one", "two"])
            lines[:] = [b"three\n"]
            os.kill(running.state().pid or 0, signal.SIGKILL)
            await eventually(lambda: running.heard() == [None, "one", "two", None, "three"])
            assert running.state().life == 2
        assert running.in_order is True

    asyncio.run(scene())
    assert [record.getMessage() for record in caplog.records] == [
        "echo has died: signal SIGKILL. It is started again in 0.5 s"
    ]


def test_a_child_hears_what_it_is_told_and_ends_with_its_input() -> None:
    async def scene() -> None:
        async with supervised(a_child(), a_child(name="other")) as running:
            await eventually(lambda: running.heard() == running.heard("other") == [None])
            running.supervisor.send(b"news\n", to=lambda name: name == "echo")
            await eventually(lambda: running.heard() == [None, "news"])
            assert running.heard("other") == [None]
            assert running.state().status == {"pid": running.state().pid, "heard": "news"}
        assert running.in_order is True

    asyncio.run(scene())


def test_a_child_has_the_environment_and_the_open_files_that_are_meant_for_it() -> None:
    program = f"import os, sys; os.write(int(sys.argv[1]), b'here'); {ECHO.strip().splitlines()[0]}\n{ECHO}"

    async def scene() -> None:
        reading, writing = os.pipe()
        child = a_child(program, "echo", str(writing), environ={"WORD": "up"}, descriptors=(writing,))
        async with supervised(child) as running:
            await eventually(lambda: len(running.told) == 1)
            assert (running.told[0].status or {})["word"] == "up"
            assert os.read(reading, 10) == b"here"
        os.close(reading)
        os.close(writing)

    asyncio.run(scene())


def test_what_is_no_status_is_passed_on_to_people(caplog: pytest.LogCaptureFixture) -> None:
    program = f"print('hello, it is me'); print('[1]'); print('x' * 3_000_000); {ECHO.strip().splitlines()[0]}\n{ECHO}"

    async def scene() -> None:
        async with supervised(a_child(program)) as running:
            await eventually(lambda: len(running.told) == 1)

    asyncio.run(scene())
    said = [record.getMessage() for record in caplog.records]
    assert said[:2] == ["echo: hello, it is me", "echo: [1]"]
    assert "echo has written a line of more than 1048576 bytes" in said[2:]


def test_a_child_that_does_not_end_is_killed(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with supervised(a_child(DEAF, "deaf", patience_s=0.1)) as running:
            await eventually(lambda: len(running.told) == 1)
        assert running.in_order is False
        assert not is_there(pids(running.told)[0])

    asyncio.run(scene())
    assert caplog.messages == ["deaf has not ended within 0 s, and is killed"]


@pytest.mark.parametrize(
    ("death", "told"),
    [
        ("sys.exit(3)", "exit code 3"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "signal SIGTERM"),
        ("os.kill(os.getpid(), signal.SIGRTMIN + 1)", f"signal {signal.SIGRTMIN + 1}"),
    ],
)
def test_it_is_told_how_a_child_has_died(death: str, told: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with supervised(a_child(f"import os, signal, sys; {death}", "weak")):
            await eventually(lambda: bool(caplog.messages))

    asyncio.run(scene())
    assert caplog.messages[0] == f"weak has died: {told}. It is started again in 0.5 s"


def test_a_program_that_is_not_there_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with supervised(Child(name="none", argv=("/nowhere/at/all",))) as running:
            await eventually(lambda: len(caplog.messages) == 2)
            assert running.state("none") == State(name="none", pid=None, life=0, status=None)

    asyncio.run(scene())
    first, second = caplog.messages
    assert first.startswith("none has died: it cannot be started: [Errno 2]")
    assert (first[-5:], second[-5:]) == ("0.5 s", "1.0 s")


def test_one_that_is_to_end_while_it_is_being_started_ends() -> None:
    async def scene() -> None:
        keeper = Keeper(a_child(), lambda _state: None)
        living = asyncio.ensure_future(keeper.keep())
        await asyncio.sleep(0)  # it is on its way to be started
        await asyncio.wait_for(asyncio.gather(living, keeper.end()), PATIENCE_S)
        assert not keeper.was_killed

    asyncio.run(scene())


def test_a_keeper_that_is_cancelled_leaves_nothing_behind() -> None:
    async def scene() -> int:
        told: list[State] = []
        keeper = Keeper(a_child(DEAF, "deaf"), told.append)
        living = asyncio.ensure_future(keeper.keep())
        await eventually(lambda: bool(told))
        living.cancel()
        with pytest.raises(asyncio.CancelledError):
            await living
        return pids(told)[0]

    pid = asyncio.run(scene())
    asyncio.run(eventually(lambda: not is_there(pid)))


def test_nothing_is_told_to_one_that_does_not_run() -> None:
    keeper = Keeper(Child(name="idle", argv=(sys.executable,)), lambda _state: None)
    keeper.send(b"hello\n")
    keeper.kill()
    assert keeper.state == State(name="idle", pid=None, life=0, status=None)
    assert not keeper.was_killed
