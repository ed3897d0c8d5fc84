"""The docs name everything that a reader could look for: hooks, commands, settings, roles, tables, decisions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import click
import pytest

from core.cli import main
from core.figures import tables as figures
from core.work import tables as work
from core.work.roles import ROLES
from tenants import accounts, models
from tenants.db import Base
from tests.house.tree import ROOT, parse_code, read_texts

ROOMS = (figures, work, accounts, models)
DATABASE_ROLES = ("sancheng_owner", "sancheng_app", "sancheng_jobs")
SETTING = re.compile(r"\bSANCHENG_[A-Z][A-Z_]*[A-Z]\b")
LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)]*)?\)")


@cache
def docs() -> dict[str, str]:
    return {n: t for n, t in read_texts().items() if n.endswith(".md") and (n.startswith("docs/") or "/" not in n)}


def missing(words: Iterator[str] | list[str]) -> list[str]:
    """The words that no page of the docs holds as a whole word."""
    everything = "\n".join(docs().values())
    return sorted({word for word in words if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", everything)})


def list_commands(command: click.Command, name: str) -> Iterator[str]:
    """Every command that does something, by its whole name."""
    if isinstance(command, click.Group):
        for key, child in command.commands.items():
            yield from list_commands(child, f"{name} {key}")
    else:
        yield name


def list_hooks() -> list[str]:
    tree = parse_code()["core/campaigns/hookspecs.py"]
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any("hookspec" in ast.unparse(mark) for mark in node.decorator_list)
    ]


def list_settings() -> list[str]:
    ours = (t for n, t in read_texts().items() if not n.endswith(".md"))
    return sorted({word for text in ours for word in SETTING.findall(text)})


def test_every_hook_is_named() -> None:
    hooks = list_hooks()
    assert hooks
    assert missing([f"{hook}()" for hook in hooks if f"{hook}()" not in "\n".join(docs().values())]) == []


def test_every_command_is_named() -> None:
    commands = list(list_commands(main, "sancheng"))
    assert len(commands) > 10
    assert missing(commands) == []


def test_no_command_is_named_that_does_not_exist() -> None:
    known = set(list_commands(main, "sancheng"))
    told = set(re.findall(r"^\| `(sancheng [^`]+)`", docs().get("docs/commands.md", ""), re.MULTILINE))
    assert told - known == set()


def test_every_command_has_help() -> None:
    def walk(command: click.Command, name: str) -> Iterator[str]:
        if not command.help:
            yield name
        for key, child in getattr(command, "commands", {}).items():
            yield from walk(child, f"{name} {key}")

    assert list(walk(main, "sancheng")) == []


def test_every_setting_is_named() -> None:
    settings = list_settings()
    assert "SANCHENG_DATABASE_URL" in settings
    assert missing(settings) == []


def test_every_role_is_named() -> None:
    assert missing([*DATABASE_ROLES, *ROLES]) == []


def test_every_table_is_named() -> None:
    assert ROOMS
    assert missing([f"`{name}`" for name in Base.metadata.tables if f"`{name}`" not in "".join(docs().values())]) == []


@pytest.mark.parametrize("page", sorted(docs()))
def test_links_lead_somewhere(page: str) -> None:
    broken = [
        target for target, _ in LINK.findall(docs()[page]) if not ((ROOT / page).parent / target).resolve().exists()
    ]
    assert broken == []


def test_decisions_are_numbered_without_a_gap() -> None:
    names = sorted(n.rpartition("/")[2] for n in docs() if n.startswith("docs/decisions/"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_a_missing_word_is_seen() -> None:
    assert missing(["no_such" + "_word"]) == ["no_such" + "_word"]
