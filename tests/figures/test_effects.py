"""What the negative list does to a score: lines with documents, exact points, periods, units, seals, the city, the report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from uuid import UUID

import pytest
from docx import Document

from core.documents.monthly import monthly_report
from core.documents.word import render_docx
from core.documents.wording import DASH
from core.figures.comparison import BARRED, compare
from core.figures.effects import NEGATIVE
from core.figures.grants import give_grant
from core.figures.leagues import rank
from core.figures.model import CampaignScore
from core.figures.overview import by_unit, trend
from core.figures.periods import Period, parse_period
from core.figures.publishing import publish
from core.figures.scores import score_campaign
from core.figures.sealed_effects import effects_of, read_effects_of
from core.figures.seals import seal_text, verify
from core.figures.shelf import figures_of
from core.work.marks.negative_input import Event
from core.work.marks.negative_list import move, watch
from tenants.access import TenantRef
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor, add_unit, bare_tenant
from tests.figures.build import CIVILIZED, Made, at, make, visit

MONTH = parse_period("2026-10")
DAY = date(2026, 10, 12)
NOW = at(date(2026, 11, 20))


@pytest.fixture
def made(wall: Wall) -> Made:
    """13 points assessed of 100, 7.64 earned (tests/figures/test_scores.py has the sum)."""
    found = make(wall, CIVILIZED)
    with found.district.session(wall) as session:
        answers = {"fire_lane_open": {"yes": True}, "public_adverts": {"count": 1}}
        visit(session, found, ["housing_estate"], answers, day=DAY)
        session.commit()
    return found


@pytest.fixture
def session(wall: Wall, made: Made) -> Iterator[ScopedSession]:
    with made.district.session(wall) as opened:
        yield opened


def trigger(
    session: ScopedSession,
    made: Made,
    effect: str,
    points: str | None = None,
    *,
    on: date = DAY,
    unit: UUID | None = None,
) -> UUID:
    title = {"deduct": "较大火灾", "cap": "挂牌督办", "bar": "重特大事故"}[effect]
    event = Event(CIVILIZED.key, title, on, effect, points, "市应急局", "", unit)
    entry = watch(session, made.office, event, now=NOW)
    move(session, made.office, entry.id, "trigger", version=1, on=on, document=f"文〔{points or 0}〕号", now=NOW)
    return entry.id


def clear(session: ScopedSession, made: Made, entry: UUID, on: date) -> None:
    move(session, made.office, entry, "clear", version=2, on=on, document="销案〔2026〕1号", now=NOW)


def score(
    session: ScopedSession, period: Period = MONTH, unit: UUID | None = None, at_: date | None = None
) -> CampaignScore:
    return score_campaign(session, None, CIVILIZED, CIVILIZED.edition, period, unit, cut_off=at(at_) if at_ else NOW)


def test_nothing_on_the_list_changes_nothing(session: ScopedSession, made: Made) -> None:
    watch(session, made.office, Event(CIVILIZED.key, "只在关注", DAY, "bar"), now=NOW)
    one = score(session)
    assert (one.effects, one.barred) == ((), False)
    assert one.earned == one.totals.earned == Decimal("7.64")
    assert one.percent_of_assessed == Decimal("58.77")


def test_deductions_then_the_ceiling_each_a_line_with_its_document(session: ScopedSession, made: Made) -> None:
    trigger(session, made, "cap", "40")
    trigger(session, made, "deduct", "0.5")
    trigger(session, made, "deduct", "1.33")
    one = score(session)
    # 7.64 - 1.33 - 0.50 = 5.81; 40 of 100 is 5.20 of the 13 assessed points
    assert [(line.effect, line.points, line.before, line.after, line.document) for line in one.effects] == [
        ("deduct", Decimal("1.33"), Decimal("7.64"), Decimal("6.31"), "文〔1.33〕号"),
        ("deduct", Decimal("0.50"), Decimal("6.31"), Decimal("5.81"), "文〔0.5〕号"),
        ("cap", Decimal("40.00"), Decimal("5.81"), Decimal("5.20"), "文〔40〕号"),
    ]
    assert (one.totals.earned, one.earned, one.assessed) == (Decimal("7.64"), Decimal("5.20"), 13)
    assert one.percent_of_assessed == Decimal("40.00")
    assert one.percent_of_all == Decimal("5.20")
    assert sum(f.earned for f in one.indicators if f.earned is not None) == one.totals.earned


def test_no_total_falls_below_nothing(session: ScopedSession, made: Made) -> None:
    trigger(session, made, "deduct", "99")
    assert score(session).earned == 0
    assert score(session).percent_of_assessed == 0


def test_a_bar_leaves_no_total_and_no_rank(session: ScopedSession, made: Made) -> None:
    trigger(session, made, "deduct", "1")
    trigger(session, made, "bar", unit=made.district.street)
    one = score(session)
    assert one.barred
    assert [line.after for line in one.effects] == [Decimal("6.64"), None]
    assert (one.percent_of_assessed, one.percent_of_all) == (None, None)
    (veto,) = [v for v in one.vetoes if v.kind == "bar"]
    assert veto.code == NEGATIVE
    assert "文〔0〕号" in veto.text_zh
    assert "重特大事故" in veto.text_zh
    (street,) = rank(by_unit(session, None, CIVILIZED, CIVILIZED.edition, MONTH, cut_off=NOW))
    assert (street.rank, street.unranked) == (None, BARRED)
    points = trend(session, None, CIVILIZED, CIVILIZED.edition, DAY, kind="month", count=2, cut_off=NOW)
    assert [p.percent for p in points] == [None, None]


def test_periods_it_is_in_force_at_the_end_of(session: ScopedSession, made: Made) -> None:
    entry = trigger(session, made, "deduct", "1", on=date(2026, 10, 12))

    def touched(key: str, at_: date | None = None) -> bool:
        return bool(score(session, parse_period(key), at_=at_).effects)

    assert touched("2026-10-T2")
    assert not touched("2026-10-T1")
    assert touched("2026-10")
    assert touched("2026-11")
    assert not touched("2026-09")
    assert touched("2026-10-12")
    assert not touched("2026-10-11")
    # as it stood on a day of the running month: not before it was triggered
    assert not touched("2026-10", date(2026, 10, 11))
    assert touched("2026-10", date(2026, 10, 12))
    clear(session, made, entry, date(2026, 11, 5))
    assert touched("2026-10")
    assert not touched("2026-11")
    assert touched("2026-11", date(2026, 11, 4))
    assert touched("2026-11-04")
    assert not touched("2026-11-05")
    assert not touched("2026-Q4")


def test_a_units_event_touches_the_units_above_it_only(session: ScopedSession, made: Made) -> None:
    one, two = made.district.communities
    trigger(session, made, "deduct", "1", unit=one)
    trigger(session, made, "deduct", "2")
    lines = {unit: [line.points for line in score(session, unit=unit).effects] for unit in (None, made.district.street, one, two)}  # fmt: skip
    assert lines == {None: [2, 1], made.district.street: [1], one: [1], two: []}


def test_sealed_with_its_documents_and_old_seals_still_hold(session: ScopedSession, made: Made) -> None:
    before = publish(session, made.office, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW)[0]
    text = seal_text(before, figures_of(session, before))
    assert '"effect"' not in text
    trigger(session, made, "deduct", "1.5")
    after = publish(session, made.office, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW, reason="补记负面清单")[0]
    figures = figures_of(session, after)
    (line,) = effects_of(figures)
    assert (line.title, line.document, line.effect) == ("较大火灾", "文〔1.5〕号", "deduct")
    assert (line.points, line.before, line.after) == (Decimal("1.50"), Decimal("7.64"), Decimal("6.14"))
    assert (before.earned, after.earned) == (764, 614)
    assert after.corrects_sha256 == before.sha256
    assert verify(session) == []
    assert seal_text(before, figures_of(session, before)) == text
    assert "文〔1.5〕号" in seal_text(after, figures)
    assert [f.position for f in figures] == list(range(1, len(figures) + 1))


def test_the_city_sees_every_effect_and_ranks_none_that_is_barred(wall: Wall) -> None:
    city = bare_tenant(wall, kind="city", name="测试市")
    with wall.open(city.id) as session:
        root = add_unit(session, "city", "测试市", [])
        session.commit()
    bureau = add_actor(wall, city, "bureau", root)
    for name, effect, points in (("甲区", "", None), ("乙区", "deduct", "2"), ("丙区", "bar", None)):
        _district(wall, city, name, effect, points)
    with wall.open(city.id) as session:
        rows = {row.district_name: row for row in compare(session, bureau, CIVILIZED.key, MONTH)}
        assert {name: row.rank for name, row in rows.items()} == {"甲区": 1, "乙区": 2, "丙区": None}
        assert rows["丙区"].unranked == BARRED
        assert (rows["丙区"].percent, rows["丙区"].percent_of_all) == (None, None)
        assert (rows["甲区"].earned_before, rows["甲区"].earned, rows["甲区"].effects) == (9, 9, ())
        assert (rows["乙区"].earned_before, rows["乙区"].earned) == (9, 7)
        assert rows["乙区"].percent == Decimal("77.78")
        assert [e.document for e in rows["乙区"].effects] == ["文〔2〕号"]
        assert read_effects_of(session, MONTH.previous) == {}
        assert verify(session) == []


def _district(wall: Wall, city: TenantRef, name: str, effect: str, points: str | None) -> None:
    made = make(wall, CIVILIZED, name=name, upper_id=city.id)
    with made.district.session(wall) as session:
        give_grant(session, made.office, city, CIVILIZED.key, "totals", date(2026, 1, 1))
        for n in range(30):
            visit(
                session, made, ["housing_estate"], {"fire_lane_open": {"yes": True}}, day=DAY + timedelta(days=n % 10)
            )
        if effect:
            trigger(session, made, effect, points)
        publish(session, made.office, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW)
        session.commit()


@pytest.mark.parametrize("barred", [False, True])
def test_the_report_shows_before_each_effect_and_after(session: ScopedSession, made: Made, barred: bool) -> None:
    trigger(session, made, "deduct", "1.5")
    if barred:
        trigger(session, made, "bar")
    row = publish(session, made.office, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW)[0]
    data = monthly_report(session, row, CIVILIZED.edition)
    assert (data.earned_before, data.earned) == ("7.64", DASH if barred else "6.14")
    assert data.lost == "5.36"
    assert data.percent == (DASH if barred else "47.23")
    assert next((e.document, e.before, e.after) for e in data.effects) == ("文〔1.5〕号", "7.64", "6.14")
    document = Document(BytesIO(render_docx(CIVILIZED, CIVILIZED.edition, data)))
    said = "\n".join(p.text for p in document.paragraphs)
    cells = [[c.text for c in r.cells] for t in document.tables for r in t.rows]
    assert ["较大火灾", "文〔1.5〕号", "扣分", "1.50", "7.64", "6.14"] in cells
    if barred:
        assert "一票否决，不计总分；" in said
        assert ["重特大事故", "文〔0〕号", "一票否决", DASH, "6.14", DASH] in cells
        assert [NEGATIVE, "负面清单一票否决"] in cells
    else:
        assert "已评估指标得7.64分，按负面清单处理后得6.14分，占已评估分13.00分的47.23%；" in said
