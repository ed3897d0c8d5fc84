"""A district's own edition from a workbook: the round trip, every fault in the workbook's words, nothing stored when faulty."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import func, select

from core.campaigns import edition_from_body, installed
from core.campaigns.lineage import lineage_of
from core.campaigns.policy import CitySize, VetoPolicy
from core.campaigns.samples import sample_scores
from core.errors import InvalidInput, TooLarge
from core.work.editions.choices import PRIVATE, SHADOW
from core.work.editions.in_force import source_of
from core.work.editions.known import check_code, known_editions
from core.work.editions.switching import choose_edition
from core.work.editions.workbook_reading import read_own_edition
from core.work.editions.workbook_template import edition_workbook
from core.work.tables import Definition
from tenants.scope import Wall
from tests.work.test_enabling import KEY, campaign, started

TODAY = date(2026, 3, 2)
EDITIONS = [(one, edition) for one in installed().campaigns.values() for edition in one.shipped]
Change = Callable[[openpyxl.Workbook], None]


def book(change: Change | None = None, key: str = "own_2026") -> bytes:
    """The template of the edition in force, with a change made to it as people make them."""
    loaded = openpyxl.load_workbook(io.BytesIO(edition_workbook(campaign(), campaign().edition, key)))
    if change:
        change(loaded)
    out = io.BytesIO()
    loaded.save(out)
    return out.getvalue()


def put(sheet: str, first: str, column: str, value: object) -> Change:
    """Put a value into the row whose first cell (or name) is ``first``."""

    def change(loaded: openpyxl.Workbook) -> None:
        page = loaded[sheet]
        place = next(cell.column for cell in page[1] if cell.value == column)
        row = next(cells[0].row for cells in page.iter_rows() if first in [cell.value for cell in cells])
        page.cell(row, place).value = value

    return change


def read(change: Change | None = None, **more: str):
    return read_own_edition(campaign(), book(change, **more), "本区.xlsx")


def faults_of(change: Change) -> list[tuple[str, int | None, str, str, str]]:
    with pytest.raises(InvalidInput) as refused:
        read(change)
    assert all(f.remedy or f.params for f in refused.value.faults)
    return [(f.where, f.row, f.field, f.value, f.message) for f in refused.value.faults]


@pytest.mark.parametrize("key", ["civilized_city", "sanitary_city", "food_safety_city"])
def test_the_template_reads_back_as_the_edition_that_it_was_made_from(key: str) -> None:
    one = installed().get(key)
    found = read_own_edition(one, edition_workbook(one, one.edition, "own_2026"), "x.xlsx")
    lineage = lineage_of(one.edition, found)
    assert {c.kind for c in lineage.changes} == {"same"}
    assert lineage.forms == ()
    assert [f.sha256 for f in found.forms] == [f.sha256 for f in one.edition.forms]
    assert (found.metrics, found.links) == (one.edition.metrics, one.edition.links)
    assert (found.key, found.follows, found.sha256 != one.edition.sha256) == ("own_2026", "edition_2024", True)


def rich(loaded: openpyxl.Workbook) -> None:
    """An edition with everything that a workbook can say: vetoes, sizes, targets by size, a split, a title of its own."""
    put("edition", "title_zh", "value", "本区创卫标准")(loaded)
    put("edition", "veto_gate", "value", "capped")(loaded)
    put("edition", "veto_key_group", "value", "ineligible")(loaded)
    put("edition", "veto_cap", "value", 600)(loaded)
    by_size(loaded, "small=88;medium=90;large=92.5")
    fill(loaded, "sizes", *BANDS)
    put("indicators", "SAN-506", "code", "SAN-506A")(loaded)
    for row in loaded["metrics"].iter_rows(min_row=2):
        for cell in row:
            if isinstance(cell.value, str) and cell.column in (2, 5):
                cell.value = cell.value.replace("SAN-506", "SAN-506A")
    for sheet in ("links", "items"):
        for row in loaded[sheet].iter_rows(min_row=2):
            for cell in row:
                if isinstance(cell.value, str) and "SAN-506" in cell.value:
                    cell.value = cell.value.replace("SAN-506", "SAN-506A")
    fill(loaded, "lineage", ("SAN-506", "SAN-506A", "重新编号"))


@pytest.mark.parametrize("one", EDITIONS, ids=lambda one: f"{one[0].key}-{one[1].key}")
def test_an_exported_edition_comes_back_with_its_hash(one) -> None:
    owner, edition = one
    found = read_own_edition(owner, edition_workbook(owner, edition), "x.xlsx")
    assert (found, found.sha256) == (edition, edition.sha256)


def test_an_own_edition_with_vetoes_sizes_and_lineage_goes_out_and_comes_back() -> None:
    own = read(rich)
    assert own.veto == VetoPolicy("capped", "ineligible", Decimal(600))
    assert own.city_sizes == (
        CitySize("small", Decimal(500000)),
        CitySize("medium", Decimal(2000000)),
        CitySize("large"),
    )
    assert own.indicator("SAN-309").params["large"] == "92.5"
    again = read_own_edition(campaign(), edition_workbook(campaign(), own), "导出.xlsx")
    assert (again, again.sha256) == (own, own.sha256)
    twice = edition_workbook(campaign(), again)
    assert cells_of(twice) == cells_of(edition_workbook(campaign(), own))
    # The title above a sheet of sizes and its Chinese name are understood, an empty row between is not a size.
    loaded = openpyxl.load_workbook(io.BytesIO(twice))
    loaded["sizes"].title = "城市规模"
    loaded["城市规模"].insert_rows(3)
    loaded["城市规模"].insert_rows(1)
    loaded["城市规模"].cell(1, 1).value = "城市规模（演示数据）"
    out = io.BytesIO()
    loaded.save(out)
    assert read_own_edition(campaign(), out.getvalue(), "x.xlsx").sha256 == own.sha256


def cells_of(data: bytes) -> dict[str, list[tuple[object, ...]]]:
    loaded = openpyxl.load_workbook(io.BytesIO(data))
    return {page.title: list(page.iter_rows(values_only=True)) for page in loaded}


def test_a_policy_that_is_spelled_out_is_another_than_none() -> None:
    """Flagged is what holds without a word; written down it is content, and the hash says so."""
    said = read(put("edition", "veto_gate", "value", "flagged"))
    assert (said.veto, read().veto) == (VetoPolicy(), None)
    assert said.sha256 != read().sha256
    assert read_own_edition(campaign(), edition_workbook(campaign(), said), "x.xlsx").sha256 == said.sha256


def test_what_an_own_edition_does_to_the_shipped_one_is_told() -> None:
    found = lineage_of(campaign().edition, read(rich))
    assert [c for c in found.changes if c.kind != "same"] == [found.of_new("SAN-309")]
    assert (found.of_new("SAN-309").kind, found.of_new("SAN-309").parts) == ("changed", ("target", "mode"))
    renamed = found.of_new("SAN-506A")
    assert (renamed.old, renamed.kind, renamed.decided) == (("SAN-506",), "same", True)


def test_an_unchanged_export_keeps_its_code_and_a_changed_one_does_not() -> None:
    data = edition_workbook(campaign(), campaign().edition)
    loaded = openpyxl.load_workbook(io.BytesIO(data))
    put("indicators", "SAN-309", "target", 92)(loaded)
    out = io.BytesIO()
    loaded.save(out)
    with pytest.raises(InvalidInput) as refused:
        read_own_edition(campaign(), out.getvalue(), "x.xlsx")
    assert [(f.where, f.row, f.field, f.value) for f in refused.value.faults] == [("edition", 2, "key", "edition_2024")]


def test_a_code_stands_for_one_content_in_a_district(wall: Wall) -> None:
    district = started(wall, KEY)
    own, other = read(), read(put("edition", "title_zh", "value", "另一份"))
    with district.session(wall) as session:
        choose_edition(session, None, campaign(), own, role=SHADOW, day=TODAY, today=TODAY, source=PRIVATE)
        check_code(session, campaign(), own)
        with pytest.raises(InvalidInput) as refused:
            check_code(session, campaign(), other)
        assert [(f.where, f.field, f.value) for f in refused.value.faults] == [("edition", "key", "own_2026")]


def test_a_district_changes_points_and_a_target() -> None:
    def change(loaded: openpyxl.Workbook) -> None:
        put("indicators", "SAN-309", "target", 92)(loaded)
        put("indicators", "SAN-309", "points", 20)(loaded)
        put("indicators", "SAN-506", "points", 5)(loaded)
        put("edition", "title_zh", "value", "本区创卫标准")(loaded)

    found = read(change)
    assert (found.title_zh, found.indicator("SAN-309").target, found.points) == ("本区创卫标准", "92", 1000)
    moved = {c.new: c.parts for c in lineage_of(campaign().edition, found).changes if c.kind != "same"}
    assert moved == {("SAN-309",): ("target", "points"), ("SAN-506",): ("points",)}


def test_english_may_be_left_empty() -> None:
    found = read(put("indicators", "SAN-309", "name_en", None))
    assert found.indicator("SAN-309").name_en == "建筑工地规范率"


def test_chinese_sheet_names_and_a_title_row_are_understood() -> None:
    def change(loaded: openpyxl.Workbook) -> None:
        loaded["indicators"].insert_rows(1)
        loaded["indicators"].cell(1, 1).value = "某区卫生城市指标（演示数据）"
        for old, new in (("indicators", "指标"), ("forms", "检查表"), ("items", "检查项"), ("edition", "版本")):
            loaded[old].title = new

    assert len(read(change).indicators) == 41
    found = faults_of(lambda b: (change(b), _spoil(b["指标"], 8, "points", "abc"))[0])
    assert found[0][:4] == ("指标", 8, "points", "abc")
    assert {one[:3] for one in found} == {("指标", 8, "points")}


def _spoil(page, row: int, column: str, value: object) -> None:
    head = next(cells for cells in page.iter_rows(max_row=3) if column in [cell.value for cell in cells])
    page.cell(row, next(cell.column for cell in head if cell.value == column)).value = value


BANDS = (("small", 500000), ("medium", 2000000), ("large", None))


def fill(loaded: openpyxl.Workbook, sheet: str, *rows: tuple[object, ...]) -> None:
    """Write some rows under a sheet's header."""
    for row in rows:
        loaded[sheet].append(list(row))


def by_size(loaded: openpyxl.Workbook, bands: str) -> None:
    """Let SAN-309's target depend on the city's size."""
    put("indicators", "SAN-309", "target", "by_size")(loaded)
    put("indicators", "SAN-309", "scoring_mode", "threshold")(loaded)
    put("indicators", "SAN-309", "scoring_params", f"ref=city_size;{bands}")(loaded)


CASES: dict[str, tuple[Change, tuple[str, int | None, str, str]]] = {
    "points that do not add up": (put("indicators", "SAN-309", "points", 16), ("indicators", None, "points", "1001")),
    "a letter for a number": (put("indicators", "SAN-101", "points", "五十"), ("indicators", 2, "points", "五十")),
    "an unknown mode": (
        put("indicators", "SAN-101", "scoring_mode", "linaer"),
        ("indicators", 2, "scoring_mode", "linaer"),
    ),
    "an unknown role": (put("indicators", "SAN-101", "lead_role", "phcc"), ("indicators", 2, "lead_role", "phcc")),
    "an item of no form": (put("items", "SAN-ROAD-01", "form", "路面"), ("items", 2, "form", "路面")),
    "an unknown question": (put("items", "SAN-ROAD-02", "question", "lamps"), ("items", 3, "question", "lamps")),
    "an unknown site type": (put("forms", "SAN-ROAD", "site_types", "streets"), ("forms", 2, "site_types", "streets")),
    "a link to nothing": (put("links", "ENV-BIN", "indicator", "SAN-999"), ("links", 8, "indicator", "SAN-999")),
    "no date": (put("edition", "valid_from", "value", "今年"), ("edition", 9, "valid_from", "今年")),
    "no title": (put("edition", "title_zh", "value", None), ("edition", 3, "title_zh", "")),
    "a shipped code": (put("edition", "key", "value", "edition_2024"), ("edition", 2, "key", "edition_2024")),
    "a veto policy nobody knows": (
        put("edition", "veto_gate", "value", "cap"),
        ("edition", 13, "veto_gate", "cap"),
    ),
    "a cap without its word": (put("edition", "veto_cap", "value", 60), ("edition", 15, "veto_cap", "60")),
    "a cap beyond the scale": (
        lambda b: (put("edition", "veto_gate", "value", "capped")(b), put("edition", "veto_cap", "value", 1001)(b))[1],
        ("edition", 15, "veto_cap", "1001"),
    ),
    "capped without a cap": (put("edition", "veto_key_group", "value", "capped"), ("edition", 15, "veto_cap", "")),
    "sizes that fall": (
        lambda b: fill(b, "sizes", ("small", 500000), ("medium", 400000), ("large", None)),
        ("sizes", 3, "below", "400000"),
    ),
    "a last size with an end": (
        lambda b: fill(b, "sizes", ("small", 500000), ("large", 900000)),
        ("sizes", 3, "below", "900000"),
    ),
    "a size named twice": (
        lambda b: fill(b, "sizes", ("small", 500000), ("small", None)),
        ("sizes", 3, "name", "small"),
    ),
    "a size in words": (
        lambda b: fill(b, "sizes", ("小城市", "五十万"), ("large", None)),
        ("sizes", 2, "below", "五十万"),
    ),
    "a target for one size too few": (
        lambda b: (by_size(b, "small=90;large=95"), fill(b, "sizes", *BANDS))[1],
        ("indicators", 17, "scoring_params", "ref=city_size;small=90;large=95"),
    ),
    "a setting nobody knows": (put("edition", "follows", "name", "befolgt"), ("edition", 12, "name", "befolgt")),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_told_by_sheet_row_column_and_value(case: str) -> None:
    change, wanted = CASES[case]
    found = [one[:4] for one in faults_of(change)]
    assert wanted in found


def test_all_faults_are_told_at_once() -> None:
    def change(loaded: openpyxl.Workbook) -> None:
        for name in ("an unknown role", "an unknown question", "an unknown site type", "no date"):
            CASES[name][0](loaded)

    assert {where for where, *_ in faults_of(change)} >= {"indicators", "items", "forms", "edition"}


def test_a_sheet_too_few_is_named() -> None:
    def change(loaded: openpyxl.Workbook) -> None:
        del loaded["links"]
        del loaded["metrics"]

    with pytest.raises(InvalidInput) as refused:
        read(change)
    assert [f.params["sheets"] for f in refused.value.faults] == ["metrics / 取数", "links / 关联"]


def test_a_lineage_names_indicators_of_the_edition_that_it_follows() -> None:
    def change(loaded: openpyxl.Workbook) -> None:
        loaded["lineage"].append(["SAN-000", "SAN-101", ""])

    ((where, _, field, value, _),) = faults_of(change)
    assert (where, field, value) == ("lineage", "old", "SAN-000")


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"no zip", "a.xlsx", InvalidInput),
        (b"a,b\n1,2\n", "a.csv", InvalidInput),
        (b"x" * 20_000_001, "a.xlsx", TooLarge),
    ],
)
def test_what_is_no_workbook_is_refused(data: bytes, name: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        read_own_edition(campaign(), data, name)


def test_nothing_is_stored_by_reading_and_all_of_it_by_choosing(wall: Wall) -> None:
    district = started(wall, KEY)
    own = read(put("edition", "title_zh", "value", "本区创卫标准"))
    count = select(func.count()).select_from(Definition)
    with district.session(wall) as session:
        before = session.scalar(count)
        with pytest.raises(InvalidInput):
            read(CASES["no date"][0])
        assert session.scalar(count) == before
        choose_edition(session, None, campaign(), own, role=SHADOW, day=TODAY, today=TODAY, source=PRIVATE)
        session.commit()
        body = session.scalar(select(Definition.body).where(Definition.sha256 == own.sha256))
        assert body
        assert edition_from_body(body) == own
        known = {k.edition.key: k.source for k in known_editions(session, campaign())}
        assert known == {"edition_2024": "shipped", "edition_2025": "shipped", "own_2026": "private"}
        assert source_of(session, KEY, own.sha256) == PRIVATE


def test_sample_scores_are_the_editions_own() -> None:
    found = {(s.indicator.code, s.value): s.score.earned for s in sample_scores(campaign().edition)}
    # SAN-101: 50 points, floor 60, target 100; half-way between them is 80 %, which earns half.
    assert found["SAN-101", "100"] == Decimal("50.00")
    assert found["SAN-101", "80"] == Decimal("25.00")
    assert found["SAN-203", "1"] == Decimal("10.00")
    assert found["SAN-402", "99"] == Decimal("0.00")
    assert found["SAN-701", "C"] == Decimal("20.00")
    modes = {i.mode for i in campaign().edition.indicators}
    assert {s.indicator.mode for s in sample_scores(campaign().edition)} == modes
