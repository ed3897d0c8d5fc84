"""What is in the house (仓库内容): the files that would be committed, and the Python of our own packages as syntax trees."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("core", "plugins", "tenants", "migrations")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def list_files() -> tuple[Path, ...]:
    """Committed files and new ones that are not ignored, so that a breach is seen before it is committed."""
    told = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(told, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(ROOT / name for name in sorted(set(names)) if name and (ROOT / name).is_file())


@cache
def read_texts() -> dict[str, str]:
    """Every text file by its path from the root."""
    found = {}
    for path in list_files():
        raw = path.read_bytes()
        if b"\0" not in raw[:4096]:
            found[path.relative_to(ROOT).as_posix()] = raw.decode("utf-8", errors="replace")
    return found


@cache
def parse_code() -> dict[str, ast.Module]:
    """Our packages' modules by path; tests are not among them."""
    return {
        name: ast.parse(text, name)
        for name, text in read_texts().items()
        if name.endswith(".py") and name.split("/")[0] in PACKAGES
    }


def list_functions(tree: ast.AST) -> Iterator[Function]:
    """All functions and methods, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def length(node: Function) -> int:
    """Lines from ``def`` to the end, docstring included, decorators not."""
    return (node.end_lineno or node.lineno) - node.lineno + 1
