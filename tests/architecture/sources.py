"""Our own source files, and what each imports and calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

__all__ = ["ROOT", "calls", "imports", "names", "sources", "taken_from"]

ROOT = Path(__file__).parents[2]


def sources(*folders: str) -> list[str]:
    """Return the Python files in these folders, as paths from the root of the checkout."""
    found = (path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path.as_posix() for path in found)


def imports(source: str) -> set[str]:
    """Return the modules that a file imports anywhere in it, as far as they are named."""
    found = set()
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def taken_from(package: str, source: str) -> set[str]:
    """Return the names that a file imports out of a package's modules."""
    return {
        alias.name
        for node in ast.walk(_tree(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == package
        for alias in node.names
    }


def calls(source: str) -> set[str]:
    """Return what a file calls, as it is written: `print`, `bind.dialect.name.lower`."""
    return {ast.unparse(node.func) for node in ast.walk(_tree(source)) if isinstance(node, ast.Call)}


def names(source: str) -> set[str]:
    """Return the dotted names that a file reads, and each one's endings: of `a.b.c` also `b.c`."""
    return {ending for dotted in _dotted(source) for ending in _endings(dotted)}


def _dotted(source: str) -> Iterator[str]:
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.Name | ast.Attribute):
            yield ast.unparse(node)


def _endings(dotted: str) -> Iterator[str]:
    parts = dotted.split(".")
    yield from (".".join(parts[first:]) for first in range(len(parts)))


def _tree(source: str) -> ast.Module:
    return ast.parse((ROOT / source).read_text(encoding="utf-8"))
