from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.supervision.children import DEAF, ECHO, a_child, eventually, is_there, supervised

WRITES_AT_ITS_END = f"""
import sys
{ECHO}
with open(sys.argv[1], "a") as file:
    file.write(sys.argv[2] + " ")
"""
KILLED = """
import asyncio, json, os, signal, sys
from audit.supervision.supervisor import Supervisor
from tests.supervision.children import ECHO, a_child

async def main():
    stop, told = asyncio.Event(), {}
    def hear(state):
        told[state.name] = state.pid
        if len(told) == 3:
            print(json.dumps(list(told.values())), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    children = [a_child(name=name) for name in ("one", "two", "three")]
    await Supervisor(children, told=hear).run(stop)

asyncio.run(main())
"""


def test_children_end_in_order(tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    stages = {"last": 2, "first": 0, "second": 1}

    async def scene() -> None:
        children = [a_child(WRITES_AT_ITS_END, name, str(ends), name, stage=stage) for name, stage in stages.items()]
        async with supervised(*children) as running:
            await eventually(lambda: len(running.told) == len(children))

    asyncio.run(scene())
    assert ends.read_text() == "first second last "


def test_those_in_a_hurry_kill_all_at_once() -> None:
    async def scene() -> None:
        async with supervised(a_child(DEAF, "deaf", patience_s=60), a_child(stage=1)) as running:
            await eventually(lambda: len(running.told) == 2)
            running.stop.set()
            await asyncio.sleep(0)
            running.supervisor.kill()
        assert running.in_order is False

    asyncio.run(asyncio.wait_for(scene(), 30))


def test_no_child_outlives_a_supervisor_that_is_killed() -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    pids = json.loads(done.stdout)
    assert len(pids) == 3
    asyncio.run(eventually(lambda: not any(map(is_there, pids))))
