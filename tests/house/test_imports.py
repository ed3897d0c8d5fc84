"""Arrows point down: plugins stand on core, core on tenants; and our plain top-level names belong to us alone."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT, list_functions, parse_code


def imported(node: ast.AST) -> list[str]:
    """The modules that one statement imports, relative ones with their dots."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return ["." * node.level + (node.module or "")]
    return []


def local_imports(tree: ast.Module) -> Iterator[str]:
    """Imports of our own code inside functions, as ``function: module``."""
    for function in list_functions(tree):
        for node in ast.walk(function):
            for module in imported(node):
                if module.startswith(".") or module.split(".")[0] in PACKAGES:
                    yield f"{function.name}: {module}"


def test_the_contracts_are_kept() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_no_import_of_our_own_hides_in_a_function() -> None:
    found = {name: list(local_imports(tree)) for name, tree in parse_code().items()}
    assert {name: hidden for name, hidden in found.items() if hidden} == {}


def test_a_hidden_import_is_seen() -> None:
    code = "def f():\n    if True:\n        from core.work import ledger\n    import json\n    from . import x\n"
    assert sorted(local_imports(ast.parse(code))) == ["f: .", "f: core.work"]


def test_a_plugin_knows_core_campaigns_and_itself() -> None:
    """Stricter than the contract's list of rooms: whatever of ours is not ``core.campaigns`` is out of bounds."""
    found = []
    for name, tree in parse_code().items():
        if name.startswith("plugins/") and name.count("/") > 1:
            own = ".".join(name.split("/")[:2])
            for module in (m for node in ast.walk(tree) for m in imported(node)):
                inside = module.startswith((".", own))
                if module.split(".")[0] in PACKAGES and not inside and not f"{module}.".startswith("core.campaigns."):
                    found.append(f"{name}: {module}")
    assert found == []


@pytest.mark.parametrize("package", PACKAGES)
def test_our_plain_names_are_ours_alone(package: str) -> None:
    """``core`` and ``plugins`` are names that anybody may take; two owners would mean a lottery at import."""
    assert set(importlib.metadata.packages_distributions()[package]) == {"sancheng"}


def test_entry_points_lead_to_our_plugins() -> None:
    ours = {e.name: e.value for e in importlib.metadata.entry_points(group="sancheng.campaigns")}
    folders = {p.parent.name for p in (ROOT / "plugins").glob("*/campaign.toml")}
    assert folders
    assert {name: ours.get(name) for name in folders} == {name: f"plugins.{name}" for name in folders}
