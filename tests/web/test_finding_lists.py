"""The lists of findings on the pages: three views, every filter by its address, saved filters, and one step for many."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from core.work.dispatch.category_sets import keep_set
from core.work.tables import Finding, SavedFilter
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.web.desk import Clerk, clerk, content
from tests.work.ledger_town import Town, lay_finding, town


@dataclass
class Case:
    """The ledger's town with its people at their desks, and findings by state."""

    place: Town
    desks: dict[str, Clerk]
    by: dict[str, UUID] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Clerk:
        return self.desks[name]


@pytest.fixture
def case(app: Flask, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Case:
    place = town(wall, tmp_path_factory.mktemp("files"))
    made = Case(place, {name: clerk(app, wall, place.people[name]) for name in ("office", "liaison", "leader")})
    with place.district.session(wall) as session:
        for number, state in enumerate(("dispatched", "taken", "answered", "closed"), 1):
            finding = lay_finding(session, place, state)
            finding.number, finding.due_at = f"2026-0000{number}", now() + timedelta(days=30)
            made.by[state] = finding.id
        keep_set(session, place.people["office"], "九乱", [("乱扔", ["ENV-LITTER"]), ("其他", ["SAF-FIRE"])])
        session.commit()
    return made


def numbers(page: str) -> list[str]:
    return re.findall(r'<span class="num">(2026-\d{5})</span>', page)


def hidden(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', page)


# ---- views and filters ----


def test_three_views_have_their_own_columns(case: Case) -> None:
    for view, words in (
        ("problem", ("点位", "发现", "检查")),
        ("rectification", ("牵头单位和责任人", "退回和延期")),
        ("responsibility", ("牵头单位和责任人", "属地和协办")),
    ):
        page = case.office.read(f"findings?view={view}")
        assert len(numbers(page)) == (3 if view == "rectification" else 4)
        for word in words:
            assert word in content(page), (view, word)


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ("group=to_check", 1),
        ("group=closed", 1),
        ("group=working", 2),
        ("state=taken", 1),
        ("category=SAF-FIRE", 0),
        ("source=visit", 4),
        ("severity=urgent", 0),
        ("returned=1", 0),
        ("relapsed=1", 0),
        ("overdue=1", 0),
        ("from=2026-11-19&to=2026-11-19", 4),
        ("from=2026-11-20", 0),
        ("as_of=2026-11-19", 4),
        ("as_of=2026-11-18", 0),
        ("q=2026-00003", 1),
    ],
)
def test_every_filter_is_an_address_and_a_chip(case: Case, query: str, n: int) -> None:
    page = case.office.read(f"findings?{query}")
    assert len(numbers(page)) == n
    chips = re.search(r'<ul class="sc-chips".*?</ul>', page, re.DOTALL)
    assert chips
    assert chips[0].count("<li>") == query.count("&") + 1


def test_filters_by_unit_person_and_grouping(case: Case) -> None:
    place = case.place
    place_unit, other = place.place, place.other
    assert len(numbers(case.office.read(f"findings?unit={place_unit}"))) == 4
    assert len(numbers(case.office.read(f"findings?unit={other}"))) == 0
    assert len(numbers(case.office.read(f"findings?person={place.people['liaison'].person_id}"))) == 0
    options = re.findall(
        r'<option value="([0-9a-f-]+\.\d)"[^>]*>(九乱 · \S+?)</option>', case.office.read("findings?more=1")
    )
    assert [title for _, title in options] == ["九乱 · 乱扔", "九乱 · 其他"]
    found = case.office.read(f"findings?set={options[0][0]}")
    assert len(numbers(found)) == 4
    assert "分类口径：九乱 · 乱扔" in content(found)
    assert len(numbers(case.office.read(f"findings?set={options[1][0]}"))) == 0
    assert len(numbers(case.office.read(f"findings?set={options[0][0]}&category=SAF-FIRE"))) == 0


@pytest.mark.parametrize(
    "query", ["group=x", "person=7", "area=7", "from=yesterday", "as_of=2026-13-01", "set=x", "source=x", "undo=x"]
)
def test_an_address_that_no_page_made_is_refused(case: Case, query: str) -> None:
    assert case.office.ask(f"findings?{query}").status_code == 422


def test_an_area_or_unit_that_is_not_there_shows_nothing(case: Case) -> None:
    page = case.office.read(f"findings?area={new_id()}&unit={new_id()}")
    assert "没有符合条件的问题" in page


def test_the_list_as_of_a_day_offers_no_steps(case: Case) -> None:
    page = case.office.read("findings?as_of=2026-11-19")
    assert "2026-11-19 当天结束时的情况" in page
    assert 'name="verb"' not in page
    assert 'name="verb"' in case.office.read("findings")
    assert 'name="verb"' not in case.leader.read("findings?group=closed") or "instruct" in case.leader.read("findings")


def test_the_same_list_as_a_workbook(case: Case) -> None:
    answer = case.office.ask("findings/export.xlsx?view=responsibility&group=to_check")
    assert answer.status_code == 200
    sheet = load_workbook(io.BytesIO(answer.data)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:4] == ("牵头单位", "责任人", "属地单位", "协办单位")
    assert len(rows) == 2
    assert "2026-00003" in rows[1]
    assert case.office.ask("findings/export.xlsx?view=x").status_code == 422


# ---- saved filters ----


def test_a_filter_is_saved_used_shared_and_taken_back(case: Case, wall: Wall) -> None:
    page = case.office.read("findings?group=to_check")
    query = hidden(page, "query")[0].replace("&amp;", "&")
    answer, _ = case.office.send("findings/saved", {"query": query, "name": "等我核查"}, 303)
    assert "group=to_check" in answer.headers["Location"]
    page = case.office.read("findings?" + answer.headers["Location"].split("?")[1])
    assert "已保存常用筛选：等我核查" in page
    assert "等我核查" in content(case.office.read("findings?more=1"))
    assert "等我核查" not in case.leader.read("findings")
    case.office.send("findings/saved", {"query": query, "name": "等我核查", "shared": "1"}, 303)
    assert "等我核查" in case.leader.read("findings")
    with case.place.district.session(wall) as session:
        kept = session.scalars(select(SavedFilter)).one()
    case.leader.send(f"findings/saved/{kept.id}/remove", {}, 404)
    answer, _ = case.office.send(f"findings/saved/{kept.id}/remove", {}, 303)
    undo = answer.headers["Location"].split("/findings")[1]
    page = case.office.read("findings" + undo)
    assert "已去掉常用筛选" in page
    assert f"saved/{kept.id}/restore" in page
    case.office.send(f"findings/saved/{kept.id}/restore", {}, 303)
    assert "等我核查" in case.leader.read("findings")


@pytest.mark.parametrize(
    ("sent", "said"),
    [({"query": "group=new", "name": ""}, "缺少名称"), ({"query": "", "name": "全部"}, "还没有筛选条件")],
)
def test_a_filter_that_cannot_be_saved_says_why(case: Case, sent: dict[str, str], said: str) -> None:
    answer, _ = case.office.send("findings/saved", sent, 303)
    assert said in case.office.read("findings?" + answer.headers["Location"].split("?")[1])
    case.office.send("findings/saved", {"query": "group=radio&unit=7", "name": "坏"}, 422)


# ---- many at once ----


def test_a_step_for_many_is_seen_before_it_is_done(case: Case, wall: Wall) -> None:
    chosen = [str(case.by["dispatched"]), str(case.by["taken"])]
    _, page = case.liaison.send("findings/bulk", {"verb": "take", "scope": "rows", "id": chosen}, 200)
    said = content(page)
    assert "能办 1 件" in said
    assert "不能办 1 件" in said
    assert "问题目前是“已接收”" in said
    assert hidden(page, "one") == [f"{chosen[0]}.1"]
    _, page = case.liaison.send("findings/bulk/act", {"verb": "take", "one": [f"{one}.1" for one in chosen]}, 200)
    said = content(page)
    assert "办成 1 件" in said
    assert "没有办成 1 件" in said
    with case.place.district.session(wall) as session:
        states = {f.id: (f.state, f.version) for f in session.scalars(select(Finding))}
    assert states[case.by["dispatched"]] == ("taken", 2)
    assert states[case.by["taken"]] == ("taken", 1)
    _, page = case.liaison.send("findings/bulk/act", {"verb": "take", "one": f"{chosen[0]}.1"}, 200)
    assert "没有办成 1 件" in content(page), "sent again it is refused by its version"


def test_all_of_a_filter_and_what_the_step_needs(case: Case, wall: Wall) -> None:
    _, page = case.office.send("findings/bulk", {"verb": "close", "scope": "all", "query": "group=to_check"}, 200)
    one = hidden(page, "one")
    assert one == [f"{case.by['answered']}.1"]
    assert 'name="outcome"' in page
    _, page = case.office.send("findings/bulk/act", {"verb": "close", "one": one, "note": "留着"}, 422)
    assert "请选择销号结论" in page
    assert "留着</textarea>" in page
    assert hidden(page, "one") == one
    _, page = case.office.send("findings/bulk/act", {"verb": "close", "one": one, "outcome": "fixed"}, 200)
    assert "办成 1 件" in content(page)
    other = f"{case.by['taken']}.1"
    _, page = case.office.send("findings/bulk/act", {"verb": "transfer", "one": other, "unit": "7", "note": "x"}, 422)
    assert "选项无效" in page


def test_nothing_chosen_and_nothing_that_can_be_done_in_bulk(case: Case) -> None:
    _, page = case.liaison.send("findings/bulk", {"verb": "take", "scope": "rows"}, 200)
    assert "还没有选中问题" in page
    case.liaison.send("findings/bulk", {"verb": "close", "scope": "all"}, 422)
    case.liaison.send("findings/bulk", {"verb": "answer", "scope": "all"}, 422)
    case.liaison.send("findings/bulk", {"verb": "take", "id": "7"}, 422)
    case.liaison.send("findings/bulk/act", {"verb": "take", "one": f"{new_id()}.x"}, 422)
    _, page = case.liaison.send("findings/bulk/act", {"verb": "take", "one": f"{new_id()}.1"}, 200)
    assert "办成 0 件" in content(page), "what is out of reach is not named"
