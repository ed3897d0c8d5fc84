"""English pages are English (英文页面): every page, for everybody, over rows that hold no Chinese themselves."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB

from core.databases import Urls
from tenants.db import Base
from tests.routes.canaries import text_columns
from tests.routes.test_leaks import call_of, methods_of, rules_of, send, variables_of
from tests.routes.world import World, build, tear_down

CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff][^<\n]{0,30}")
# Columns that stand beside an English twin, or that hold a frozen catalogue with both languages.
TWINS = re.compile(r"_zh$|^definition\.body$|^finding\.title$|^published_figure\.reason$")
KEPT = re.compile(r"中文|三城")  # the language names itself; so does the product
WHO = ("administrator", "hq_office", "inspector", "liaison", "leader", "city_bureau", "city_administrator", "operator")
NO_PAGE = {"static"}
BOTH = {"/style"}  # the sheet of parts for developers shows samples


@pytest.fixture(scope="module")
def world(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = build(server, template, tmp_path_factory.mktemp("files"))
    for table in Base.metadata.sorted_tables:
        for column in text_columns(table):
            if TWINS.search(f"{table.name}.{column.name}"):
                continue
            assert isinstance(column.type, Text | JSONB)
            said = f"regexp_replace({column.name}::text, '[^\\x01-\\x7f]', 'z', 'g')"
            said = f"({said})::jsonb" if isinstance(column.type, JSONB) else said
            made.super.execute(
                f"UPDATE {table.name} SET {column.name} = {said} WHERE {column.name}::text ~ '[^\\x01-\\x7f]'"
            )
    made.super.execute("UPDATE app_user SET locale = 'en'")
    yield made
    tear_down(made)


def foreign_words(text: str) -> list[str]:
    """What is Chinese in a page, with the words around it."""
    plain = KEPT.sub("", html.unescape(text))
    return [found.group(0)[:40] for found in CHINESE.finditer(plain)]


@pytest.mark.parametrize("name", WHO)
def test_no_page_in_english_shows_chinese(world: World, name: str) -> None:
    who = world.askers[name]
    faults, shown = [], 0
    for rule in rules_of(world):
        if (
            "GET" not in methods_of(rule)
            or rule.endpoint in NO_PAGE
            or rule.rule.startswith("/api/")
            or rule.rule in BOTH
        ):
            continue
        answer, _ = send(world, who, call_of(world, who, rule, "GET", dict.fromkeys(variables_of(rule), "own")))
        if answer.status_code == 404 or not answer.mimetype.startswith("text/"):
            continue  # the 404 page speaks both languages
        shown += answer.status_code == 200
        found = foreign_words(answer.get_data(as_text=True))
        if found:
            faults.append(
                f"{rule.rule} ({answer.status_code}): {len(found)} times, such as {list(dict.fromkeys(found))[:6]}"
            )
    assert shown >= 3
    assert not faults, "\n".join(faults)
