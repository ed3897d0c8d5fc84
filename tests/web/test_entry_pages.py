"""What was said beside the items (填写内容页面): on the visit's page and in its history, as records of the form, and as files."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import event, select

from core.web.forms import entries_files
from core.work.inspection.visit_corrections import correct
from core.work.tables import File
from tenants.db import new_id
from tenants.models import EnabledCampaign
from tenants.scope import Wall
from tests.factory import add_actor
from tests.web.desk import Clerk, clerk, content
from tests.work.entering import (
    CODE,
    SANITARY,
    answered,
    fielded_campaigns,
    first_version,
    full_data,
    put_in_use,
    second_version,
)
from tests.work.market import ALL_GOOD, ANSWERS, THURSDAY, Town, town
from tests.work.pictures import jpeg
from tests.work.secret_stage import RELEASED, close, plan, release, stage, walk

ROOM = f"forms/{SANITARY}/{CODE}/records"


@pytest.fixture
def place(wall: Wall) -> Town:
    return town(wall)


@pytest.fixture
def office(app: Flask, wall: Wall, place: Town) -> Clerk:
    return clerk(app, wall, place.office)


def lay(wall: Wall, place: Town, data: dict[str, Any], **changed: Any) -> UUID:
    """One visit under the first version, with what it said."""
    with place.district.session(wall) as session:
        put_in_use(session, add_actor(wall, place.ref, "administrator", place.district.root), first_version())
        visit = answered(session, place, first_version(), data, **changed).visit.id
        session.commit()
        return visit


# ---- the visit's page ----


def test_a_visits_page_says_what_was_answered_beside_the_items(wall: Wall, place: Town, office: Clerk) -> None:
    sha = office.photo(jpeg((80, 60), seed=11))
    with place.district.session(wall) as session:
        photo = session.scalars(select(File.id).where(File.original_sha256 == sha)).one()
    visit = lay(wall, place, full_data(photo))
    page = office.read(f"visits/{visit}")
    said = content(page)
    assert "填写内容 · " in said
    assert "经营者电话 =138 0000" in said
    assert "市场级别 甲级" in said
    assert "管理人员 0 " in said, "0 is an answer"
    assert "经营品类 水产、其他：花卉" in said
    assert "管理人员加倍 计算 0" in said
    assert "37.7369, 112.5656 地图" in said
    assert "sites?view=map&near=37.7369,112.5656" in page
    assert f"photos/{photo}/small" in page
    assert said.index("市场概况") < said.index("市场级别") < said.index("摊位 2") < said.index("批次 2")
    assert re.search(r"1 演示摊主甲 12\.5 水产 2 演示摊主乙 — 水产、肉类", said)
    assert re.search(r"1\.1 3 1\.2 4", said)
    assert "kind" not in said


def test_what_was_left_open_is_not_shown_and_another_language_has_its_own_words(
    app: Flask, wall: Wall, place: Town
) -> None:
    visit = lay(wall, place, {"level": "b"})
    page = content(clerk(app, wall, place.office, "en").read(f"visits/{visit}"))
    assert "The market" in page
    page = page[page.index("The market") :]
    assert "Level Second class" in page
    for word in ("Phone", "Staff", "Gate", "Stalls"):
        assert word not in page
    empty = lay(wall, place, {}, now=THURSDAY + timedelta(days=1))
    assert "填写内容" not in content(clerk(app, wall, place.office).read(f"visits/{empty}"))


def test_a_correction_says_field_by_field_what_it_changed(wall: Wall, place: Town, office: Clerk) -> None:
    first = lay(wall, place, full_data())
    fixed = full_data() | {"phone": "139", "sold": ["meat"]}
    fixed.pop("sold_other")
    fixed["stalls"] = [fixed["stalls"][0] | {"keeper": "演示摊主丙"}]
    with place.district.session(wall) as session:
        said = {"answers": ANSWERS, "entries": {first_version().sha256: fixed}, "reason": "电话记错了"}
        given = {"campaigns": fielded_campaigns(session), "new_visit_id": new_id(), "now": THURSDAY}
        newer = correct(session, place.inspector, first, **said, **given).visit.id
        session.commit()
    page = content(office.read(f"visits/{newer}"))
    assert "这一版更正了什么 5" in page
    for line in (
        "经营者电话 =138 0000 139",
        "经营品类 水产、其他：花卉 肉类",
        "摊位 第 1 条 · 摊主 演示摊主甲 演示摊主丙",
        "摊位 第 2 条 · 摊主 演示摊主乙 —",
        "摊位 第 2 条 · 经营 水产、肉类 —",
    ):
        assert line in page
    assert "这一版更正了什么" not in content(office.read(f"visits/{first}"))
    assert "记录" in content(office.read(ROOM))


# ---- the records of a form ----


def two_versions(wall: Wall, place: Town) -> tuple[UUID, UUID]:
    """A record of each of two versions."""
    older = lay(wall, place, full_data())
    with place.district.session(wall) as session:
        put_in_use(session, add_actor(wall, place.ref, "administrator", place.district.root), second_version())
        data = {"phone": "联系人自报", "shops": 41, "stalls": [{"keeper": "@演示摊主丁"}]}
        later = answered(session, place, second_version(), data, ALL_GOOD, now=THURSDAY + timedelta(days=1)).visit.id
        session.commit()
    return older, later


def test_the_records_of_a_form_are_listed_and_sought(wall: Wall, place: Town, office: Clerk) -> None:
    older, later = two_versions(wall, place)
    assert f"/{ROOM}" in office.read(f"forms/{SANITARY}/{CODE}")
    page = office.read(ROOM)
    assert page.index(f"visits/{later}") < page.index(f"visits/{older}")
    assert "经营者电话：=138 0000" in content(page)
    assert "联系电话：联系人自报" in content(page)
    assert "第 2 版" in content(page)
    for asked, seen in (
        ("q=花卉", {older}),
        ("q=摊主丁", {later}),
        ("q=便民市场", {older, later}),
        ("q=keeper", set()),
        ("q=%5B.*", set()),
        ('q="', set()),
        (f"version={first_version().sha256}", {older}),
        ("from=2026-11-20", {later}),
        ("to=2026-11-19", {older}),
        (f"unit={place.district.communities[0]}", {older, later}),
        (f"unit={place.district.communities[1]}", set()),
    ):
        found = {
            UUID(one) for one in re.findall(r'data-href="[^"]*visits/([0-9a-f-]{36})"', office.read(f"{ROOM}?{asked}"))
        }
        assert found == seen, asked
    for asked in ("version=x", "unit=x", "from=x", "cursor=x"):
        assert office.ask(f"{ROOM}?{asked}").status_code == 422
    assert office.ask(f"forms/{SANITARY}/NO-SUCH/records").status_code == 404
    assert office.ask(f"forms/no_such/{CODE}/records").status_code == 404
    assert "还没有填写记录" in office.read(f"forms/{SANITARY}/SAN-ROAD/records")


def tables(data: bytes) -> dict[str, list[dict[str, str]]]:
    """The CSV files of a zip, each as rows by key."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {
            name: list(csv.DictReader(packed.read(name).decode("utf-8-sig").splitlines())) for name in packed.namelist()
        }


def check_items(row: dict[str, str]) -> None:
    """Every item has the answer to its question; one that does not apply is na or empty."""
    words = {True: "yes", False: "no"}
    for item in first_version().items:
        said = ANSWERS[item.question]
        if "m" in said:
            assert (row[f"{item.code}_n"], row[f"{item.code}_m"]) == (str(said["n"]), str(said["m"]))
        elif "yes" in said:
            assert row[item.code] == words[said["yes"]]
        elif "na" in said:
            assert row[item.code] in ("na", "")
        else:
            assert row[item.code] == str(said.get("count", said.get("rating")))


def test_files_hold_every_versions_columns(wall: Wall, place: Town, office: Clerk) -> None:
    older, later = two_versions(wall, place)
    found = tables(office.ask(f"{ROOM}/export.zip").data)
    assert set(found) == {"records.csv", "stalls.csv", "lots.csv", "columns.csv"}
    new, old = found["records.csv"]
    assert [new["_visit"], old["_visit"]] == [str(later), str(older)]
    assert (old["phone"], new["phone"]) == ("'=138 0000", "联系人自报")
    assert (old["_version"], new["_version"]) == ("1", "2")
    assert (old["level"], old["staff"], old["double"], old["opened"]) == ("a", "0", "0", "2019-05-01")
    assert (old["sold"], old["sold/fish"], old["sold/meat"], old["sold/other"]) == ("fish other", "1", "0", "1")
    assert old["sold_other"] == "花卉"
    assert (new["sold"], new["sold/fish"], new["staff"], old["shops"], new["shops"]) == ("", "", "", "", "41")
    assert (old["where/latitude"], old["where/longitude"], old["where/accuracy"]) == ("37.7369", "112.5656", "8.5")
    assert (old["stalls"], new["stalls"]) == ("2", "1")
    check_items(old)
    by_id = {row["_id"]: row for row in found["stalls.csv"]}
    assert by_id[f"{older}/stalls[2]"]["keeper"] == "演示摊主乙"
    assert by_id[f"{older}/stalls[2]"]["_parent"] == str(older)
    assert by_id[f"{later}/stalls[1]"]["keeper"] == "'@演示摊主丁"
    assert [(row["_parent"], row["weight"]) for row in found["lots.csv"]] == [
        (f"{older}/stalls[1]", "3"),
        (f"{older}/stalls[1]", "4"),
    ]
    said = {row["列"]: row for row in found["columns.csv"]}
    assert said["phone"]["题目"] == "联系电话", "the newest version's words"
    assert said["phone"]["有这一列的版本"] == f"{second_version().sha256[:12]} {first_version().sha256[:12]}"
    assert said["level"]["选项"] == "a = 甲级、b = 乙级"
    assert said["shops"]["有这一列的版本"] == second_version().sha256[:12]


def test_the_workbook_has_typed_cells_and_says_its_columns_in_words(wall: Wall, place: Town, office: Clerk) -> None:
    two_versions(wall, place)
    book = openpyxl.load_workbook(io.BytesIO(office.ask(f"{ROOM}/export.xlsx").data))
    assert book.sheetnames == ["填写记录", "stalls", "lots", "columns"]
    keys, words, new, old = ([cell.value for cell in row] for row in book["填写记录"].iter_rows())
    at = {key: n for n, key in enumerate(keys)}
    assert words[at["phone"]] == "联系电话"
    assert words[at["sold/fish"]] == "经营品类 · 水产"
    assert words[at["where/latitude"]] == "大门位置 · 纬度"
    assert old[at["phone"]] == "=138 0000"
    assert book["填写记录"].cell(4, at["phone"] + 1).data_type == "s"
    assert old[at["opened"]].date() == date(2019, 5, 1)
    assert (old[at["staff"]], old[at["where/accuracy"]], new[at["shops"]]) == (0, 8.5, 41)
    assert new[at["_points"]] > old[at["_points"]] > 0
    area = [row[4].value for row in book["stalls"].iter_rows(min_row=1, max_row=1)]
    assert area == ["area"]
    assert 12.5 in [cell.value for cell in book["stalls"]["E"]]


def test_the_plain_csv_is_streamed_and_follows_the_filter(wall: Wall, place: Town, office: Clerk) -> None:
    older, _ = two_versions(wall, place)
    answer = office.ask(f"{ROOM}/export.csv?to=2026-11-19")
    assert answer.headers["Content-Type"].startswith("text/csv")
    [row] = csv.DictReader(answer.data.decode("utf-8-sig").splitlines())
    assert row["_visit"] == str(older)
    assert office.ask(f"{ROOM}/export.csv?version=x").status_code == 422


def test_a_page_of_records_asks_as_often_for_many_as_for_few(wall: Wall, place: Town, office: Clerk) -> None:
    two_versions(wall, place)

    def asked() -> int:
        found: list[str] = []

        def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
            found.append(statement)

        event.listen(wall.engine, "before_cursor_execute", note)
        try:
            office.read(ROOM)
        finally:
            event.remove(wall.engine, "before_cursor_execute", note)
        return len(found)

    office.read(ROOM)  # what is kept by the process is read
    few = asked()
    with place.district.session(wall) as session:
        for n in range(12):
            answered(
                session, place, second_version(), {"shops": n}, ALL_GOOD, now=THURSDAY + timedelta(days=2, hours=n)
            )
        session.commit()
    assert asked() == few < 30


def test_another_places_people_see_no_records(app: Flask, wall: Wall, place: Town) -> None:
    older, _ = two_versions(wall, place)
    elsewhere = clerk(app, wall, add_actor(wall, place.ref, "liaison", place.district.communities[1]))
    assert str(older) not in elsewhere.read(ROOM)
    assert elsewhere.ask(f"{ROOM}/export.csv").data.decode("utf-8-sig").count("\n") == 1
    other = town(wall, "邻区")
    assert "还没有填写记录" in clerk(app, wall, other.office).read(ROOM)


def test_no_page_and_no_file_tells_of_a_secret_visit_before_its_release(app: Flask, wall: Wall, tmp_path: Path) -> None:
    there = stage(wall, tmp_path)
    form = first_version()
    with there.plain() as session:
        put_in_use(session, add_actor(wall, there.town.ref, "administrator", there.town.district.root), form)
        session.commit()
    round_id = plan(there)
    with there.cleared() as session:
        said = {"campaigns": fielded_campaigns(session), "entries": {form.sha256: full_data()}}
        visit = walk(session, there, round_id, **said).visit.id
        session.commit()
    readers = [clerk(app, wall, one) for one in (there.town.office, there.town.leader, there.town.inspector)]
    files = ("", "?q=花卉", f"?version={form.sha256}", "/export.csv", "/export.zip", "/export.xlsx")

    def told() -> list[bool]:
        return [str(visit) in spelled(reader.ask(f"{ROOM}{path}").data) for reader in readers for path in files]

    assert told() == [False] * len(told())
    assert readers[0].ask(f"visits/{visit}").status_code == 404
    closed = close(there, round_id, now=THURSDAY + timedelta(days=2))
    with there.cleared() as session:
        release(session, there.office, round_id, version=closed, now=RELEASED)
        session.commit()
    assert told() == [True] * len(told())
    assert "经营者电话" in readers[1].read(f"visits/{visit}")


def spelled(data: bytes) -> str:
    """What a page or a file says, unpacked."""
    if not data.startswith(b"PK"):
        return data.decode()
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return "".join(packed.read(name).decode(errors="replace") for name in packed.namelist())


def test_a_suspended_campaign_and_a_form_out_of_use_keep_their_records(wall: Wall, place: Town, office: Clerk) -> None:
    older, later = two_versions(wall, place)
    with place.district.session(wall) as session:
        row = session.get(EnabledCampaign, (place.ref.id, SANITARY))
        row.state = "suspended"
        session.commit()
    page = office.read(ROOM)
    assert str(older) in page
    assert str(later) in page
    assert office.ask(f"forms/{SANITARY}/{CODE}").status_code == 404
    assert f'href="/t/{office.slug}/forms/{SANITARY}/{CODE}"' not in page


def test_a_sheet_that_is_full_is_refused_and_says_what_to_do(
    wall: Wall, place: Town, office: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_versions(wall, place)
    monkeypatch.setattr(entries_files, "ROWS", 3)
    answer = office.ask(f"{ROOM}/export.xlsx")
    assert answer.status_code == 413
    assert "改用 CSV" in answer.get_data(as_text=True)
    monkeypatch.setattr(entries_files, "COLUMNS", 20)
    assert "这么多列" in office.ask(f"{ROOM}/export.xlsx").get_data(as_text=True)
