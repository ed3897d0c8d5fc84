"""English pages are English (英文页面): every page, for everybody, over rows that hold no Chinese themselves."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import cache

import pytest
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from core.campaigns.registry import installed
from core.databases import Urls
from core.work.editions.workbook_reading import SHEETS
from core.work.imports import sponsor_workbook
from core.work.imports.workbook_reading import LAYOUTS
from core.work.quantities import workbook as quantity_workbook
from core.work.splits.workbook import SPLITS
from core.work.statistics import workbook as statistics_workbook
from core.work.tasks.importing_sheet import TASKS
from tenants.db import Base
from tests.conftest import Once
from tests.routes.canaries import text_columns
from tests.routes.walk import call_of, methods_of, reads_more, rules_of, send, variables_of
from tests.routes.world import World, standing
from tests.texts.test_texts import RUNS, catalogue, said_in

CHINESE = re.compile(r"[\u3001\u3002\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff5e][^<\n]{0,30}")
# Columns that stand beside an English twin, or that hold a frozen catalogue with both languages.
TWINS = re.compile(r"_zh$|^site_gram\.|^definition\.body$|^finding\.title$|^published_figure\.reason$")
KEPT = re.compile(r"中文|三城")  # the language names itself; so does the product
WHO = ("administrator", "hq_office", "inspector", "liaison", "leader", "city_bureau", "city_administrator", "operator")
WHOLLY = ("hq_office", "liaison", "city_administrator")  # the others read what these may not, and all of it in .ci/run
VALUES = re.compile(r'value="[^"]*"')
NO_PAGE = {"static"}
BOTH = {
    "/style",  # the sheet of parts for developers shows samples
    "/t/<slug>/notices/<uuid:notice_id>/print",  # official papers are Chinese in every language (decision 0013)
    "/t/<slug>/meetings/<uuid:meeting_id>/minutes",  # so are minutes
    # What was sealed, as it was sealed: each name stands in a column of its own in both languages.
    "/t/<slug>/publications/new/rows.csv",
    "/t/<slug>/publications/<uuid:publication_id>/rows.csv",
    "/c/<slug>/received/<uuid:publication_id>/rows.csv",
    "/t/<slug>/forms/<campaign>/<form>",  # what a version changed: a form's own texts, in both languages of the form
    "/t/<slug>/forms/uploads/<campaign>/<sha256>",  # remarks quote the cells of the uploaded workbook
    "/t/<slug>/tasks/import/<uuid:import_id>",  # refusals quote the headings and cells of the uploaded workbook
    "/t/<slug>/plates/print",  # a plate hangs in the street: Chinese in every language
    "/t/<slug>/field/",  # the shell lies on the device before anybody has said his language: both stand in it
    "/t/<slug>/field/worker.js",  # a script with its comments
    "/t/<slug>/statistics/statistics.csv",  # the workbook's own headings, by which it is read back
    "/t/<slug>/quantities/quantities.csv",  # likewise
    "/t/<slug>/splits/<uuid:split_id>/split.csv",  # likewise
    "/t/<slug>/quantities/kinds/kinds.csv",  # the dictionary, with the names in both languages
}


@pytest.fixture(scope="module")
def world(server: Urls, once: Once) -> Iterator[World]:
    with standing(server, once) as made:
        write_ascii(made)
        yield made


def write_ascii(world: World) -> None:
    """Replace every letter of the rows that is not ASCII; whoever reads reads in English."""
    for table in Base.metadata.sorted_tables:
        columns = [c for c in text_columns(table) if not TWINS.search(f"{table.name}.{c.name}")]
        if columns:
            said = ", ".join(f"{column.name} = {ascii_of(column)}" for column in columns)
            found = " OR ".join(f"{column.name}::text ~ '[^\\x01-\\x7f]'" for column in columns)
            world.super.execute(f"UPDATE {table.name} SET {said} WHERE {found}")
    world.super.execute("UPDATE app_user SET locale = 'en'")


def ascii_of(column: Column) -> str:
    """SQL for a column's text without the letters that are not ASCII."""
    said = f"regexp_replace({column.name}::text, '[^\\x01-\\x7f]', 'z', 'g')"
    return f"({said})::jsonb" if isinstance(column.type, JSONB) else said


@cache
def quoted() -> tuple[str, ...]:
    """Chinese that stands in English on purpose: examples in the catalogue, names of departments, a workbook's sheets."""
    found = {run for message in catalogue() for run in RUNS.findall(" ".join(said_in(message))) if message.id}
    roles = installed().vocabulary.roles.values()
    found |= {run for role in roles for run in RUNS.findall(" ".join(role.typical_names))}
    layouts = (*LAYOUTS.values(), *sponsor_workbook.LAYOUTS.values(), *statistics_workbook.LAYOUTS.values())
    layouts += (quantity_workbook.ENTRIES, SPLITS, TASKS)
    return tuple(
        sorted(
            found | {layout.titles[0] for layout in layouts} | {titles[1] for titles in SHEETS.values()},
            key=len,
            reverse=True,
        )
    )


def foreign_words(text: str) -> list[str]:
    """What is Chinese in a page, with the words around it; the values that fields send are data."""
    plain = KEPT.sub("", html.unescape(VALUES.sub("", text)))
    if not CHINESE.search(plain):
        return []
    for word in quoted():
        if word not in plain:
            continue
        plain = re.sub(f"(?<![\u4e00-\u9fff]){word}(?![\u4e00-\u9fff])", "", plain)
    return [found.group(0)[:40] for found in CHINESE.finditer(plain)]


@pytest.mark.parametrize("name", WHO)
def test_no_page_in_english_shows_chinese(world: World, name: str) -> None:
    who = world.askers[name]
    write_ascii(world)
    faults, shown = [], 0
    for rule in rules_of(world):
        if (
            "GET" not in methods_of(rule)
            or rule.endpoint in NO_PAGE
            or rule.rule.startswith("/api/")
            or rule.rule in BOTH
            or not reads_more(world, name, WHOLLY, rule)
        ):
            continue
        call = call_of(world, who, rule, "GET", dict.fromkeys(variables_of(rule), "own"))
        if "token" in rule.arguments:
            write_ascii(world)  # a link is somebody's, and he was made just now
        answer, _ = send(world, who, call)
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
