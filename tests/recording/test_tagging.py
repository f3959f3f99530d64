"""Whose calls they are."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextvars import copy_context

import pytest

from audit.call import Tags
from audit.recording.tagging import current_tags, tagged_by_headers, tags


def test_without_a_block_there_are_none() -> None:
    assert current_tags() == Tags()


def test_inner_blocks_add_to_outer_ones_and_win_over_them() -> None:
    with tags(project="p", user="u", team="t", floor="1"):
        with tags(user="v", session="s", canary="c", floor="2"):
            inner = Tags(project="p", user="v", session="s", canary="c", labels=(("team", "t"), ("floor", "2")))
            assert current_tags() == inner
        assert current_tags() == Tags(project="p", user="u", labels=(("team", "t"), ("floor", "1")))
    assert current_tags() == Tags()


def test_a_block_that_raises_leaves_no_tags_behind() -> None:
    with pytest.raises(ValueError, match="x"), tags(project="p"):
        raise ValueError("x")
    assert current_tags() == Tags()


def test_what_is_no_text_becomes_text() -> None:
    with tags(project=7, attempt=3):  # type: ignore[arg-type]
        assert current_tags() == Tags(project="7", labels=(("attempt", "3"),))


def test_tasks_have_the_tags_of_where_they_were_begun_and_keep_their_own() -> None:
    async def task(user: str) -> Tags:
        with tags(user=user):
            await asyncio.sleep(0)
            return current_tags()

    async def main() -> list[Tags]:
        with tags(project="p"):
            return await asyncio.gather(task("u"), task("v"))

    assert asyncio.run(main()) == [Tags(project="p", user="u"), Tags(project="p", user="v")]


def test_a_thread_has_them_if_it_runs_in_the_context() -> None:
    found = []
    with tags(project="p"):
        context = copy_context()
    for target in (lambda: found.append(current_tags()), lambda: context.run(lambda: found.append(current_tags()))):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    assert found == [Tags(), Tags(project="p")]


def test_headers_say_it_for_one_call() -> None:
    said = [(b"X-Audit-Project", b"q"), (b"x-audit-user", b"u"), (b"x-audit-session", b"s")]
    said += [(b"x-audit-Team", "ü".encode())]
    assert tagged_by_headers(Tags(project="p", labels=(("team", "t"),)), said) == Tags(
        project="q", user="u", session="s", labels=(("team", "ü"),)
    )


def test_without_headers_tags_stay_as_they_are() -> None:
    said = Tags(project="p")
    assert tagged_by_headers(said, []) is said


def test_a_header_cannot_pass_a_call_off_as_a_canarys() -> None:
    assert tagged_by_headers(Tags(), [(b"x-audit-canary", b"c")]) == Tags(labels=(("canary", "c"),))


def test_a_header_that_names_nothing_says_nothing() -> None:
    assert tagged_by_headers(Tags(), [(b"x-audit-", b"c")]) == Tags()


def test_a_generator_that_ends_in_another_context_than_it_began_in_ends_as_it_would() -> None:
    """A streamed response's may be asked for each piece in another thread, and be closed by another task."""

    def pieces() -> Iterator[str]:
        with tags(project="p"):
            yield "a"

    piece = pieces()
    assert copy_context().run(next, piece) == "a"
    with pytest.raises(StopIteration):
        copy_context().run(next, piece)
    assert current_tags() == Tags()
