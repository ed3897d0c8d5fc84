"""Appraisals: the declared roll-up equals a recount, the period is frozen under a hash, two different people sign, corrections name the old."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError

from core.errors import Conflict, Forbidden, InvalidInput, Stale
from core.figures.task_figures import places
from core.figures.task_figures.appraising import appraise, freeze_period
from core.periods import containing, parse_period
from core.work.appraisals.freezing import NEEDED, find_frozen, hash_of, list_frozen, sign, to_sign
from core.work.appraisals.keeping import keep_rule, list_rules, move_rule
from core.work.appraisals.rolling import roll
from core.work.appraisals.rules import MISSING, MISSING_PARTS, SAMPLES, WEEKS, Part, Rule, read_rule
from core.work.tables import Appraisal, Finding, Task
from tenants.access import Actor
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor
from tests.figures.tasking import many, task
from tests.work.carding import Town, at, problem, town

NOVEMBER = parse_period("2026-11")
FIRST = date(2026, 11, 1)
NOW = at(date(2026, 12, 2), 9)
TASKS: dict[str, Any] = {"parts": [{"code": "task_rate", "weight": 10_000}]}


@pytest.fixture(scope="module")
def place(wall: Wall) -> Town:
    return town(wall, "考核区")


@pytest.fixture(scope="module")
def leader(wall: Wall, place: Town) -> Actor:
    return add_actor(wall, place.ref, "leader", place.district.root, "区领导甲")


@pytest.fixture
def session(wall: Wall, place: Town) -> Iterator[ScopedSession]:
    with place.session(wall) as opened:
        yield opened


def rule_of(session: ScopedSession, place: Town, league: str = "subdistrict", **body: Any) -> Any:
    return keep_rule(session, place.office, name="年度考核", league=league, body=TASKS | body, now=NOW)


def recount(rule: Rule, start: date, end: date, data: dict[str, dict[date, tuple[int, int]]]) -> Fraction | None:
    """The same by hand: lists of shares, month by month and week by week, told apart by the calendar alone."""
    earned, weight = Fraction(0), 0
    for part in rule.parts:
        own = {d: p for d, p in data.get(part.code, {}).items() if start <= d <= end and p[1]}
        if len(own) < rule.minimum_days:
            weight += 0 if rule.missing_part == "reweigh" else part.weight
            continue
        shares: dict[tuple[int, int, int], list[Fraction]] = {}
        last = None
        for n in range((end - start).days + 1):
            day = start + timedelta(days=n)
            share = Fraction(*own[day]) if day in own else None
            last = share if share is not None else last
            if share is None and rule.missing == "zero":
                share = Fraction(0)
            if share is None and rule.missing == "carried":
                share = last
            if share is not None:
                shares.setdefault((day.year, day.month, day.isocalendar()[1]), []).append(share)
        months: dict[tuple[int, int], list[tuple[int, Fraction]]] = {}
        for (year, month, _), listed in shares.items():
            weighs = len(listed) if rule.weeks == "days" else 1
            months.setdefault((year, month), []).append((weighs, sum(listed) / Fraction(len(listed))))
        above = below = Fraction(0)
        for (_, month), weeks in months.items():
            value = sum(w * v for w, v in weeks) / Fraction(sum(w for w, _ in weeks))
            above += rule.months[month - 1] * value
            below += rule.months[month - 1]
        if not below:
            weight += 0 if rule.missing_part == "reweigh" else part.weight
            continue
        earned, weight = earned + part.weight * above / below, weight + part.weight

    return earned / weight if weight else None


def test_a_roll_up_equals_a_recount_for_any_rule() -> None:
    dice = random.Random(420)
    for _ in range(120):
        kind = dice.choice(("month", "quarter", "year"))
        period = containing(kind, date(2026, 1, 1) + timedelta(days=dice.randint(0, 364)))
        first = dice.randint(1, 9_999)
        months = tuple(dice.randint(0, 3) for _ in range(12))
        rule = Rule(
            parts=(Part("task_rate", first), Part("findings_on_time", 10_000 - first)),
            missing=dice.choice(list(MISSING)),
            weeks=dice.choice(list(WEEKS)),
            months=months if any(months) and kind == "year" else (1,) * 12,
            minimum_days=dice.choice((1, 3, 10)),
            missing_part=dice.choice(list(MISSING_PARTS)),
        )
        days = [period.start + timedelta(days=n) for n in range((period.end - period.start).days + 1)]
        data: dict[str, dict[date, tuple[int, int]]] = {}
        for code in ("task_rate", "findings_on_time"):
            some = dice.sample(days, dice.randint(0, len(days)))
            data[code] = {day: (n := dice.randint(0, 40), n + dice.randint(0, 9)) for day in some}
        found = roll(rule, period, data)
        if found.total is not None:
            assert found.total == recount(rule, period.start, period.end, data)
            assert 0 <= found.total <= 1
        else:
            assert all(one.value is None for one in found.parts)


def test_the_arithmetic_line_by_line() -> None:
    """November 2026 begins on a Sunday: its first week is that one day."""
    data = {"task_rate": {date(2026, 11, 1): (1, 2), date(2026, 11, 2): (3, 4), date(2026, 11, 4): (1, 1)}}
    skipped = roll(read_rule(TASKS), NOVEMBER, data)
    (month,) = skipped.parts[0].months
    assert [(one.start.day, one.end.day, one.value) for one in month.weeks] == [
        (1, 1, Fraction(1, 2)),
        (2, 8, Fraction(7, 8)),
    ]
    assert skipped.total == Fraction(11, 16)
    by_days = roll(read_rule(TASKS | {"weeks": "days"}), NOVEMBER, data)
    assert by_days.total == Fraction(1, 2) / 3 + Fraction(7, 8) * 2 / 3
    carried = roll(read_rule(TASKS | {"missing": "carried"}), NOVEMBER, data, until=date(2026, 11, 5))
    assert [one.how for one in carried.parts[0].months[0].weeks[1].days] == ["own", "carried", "own", "carried"]
    zero = roll(read_rule(TASKS | {"missing": "zero"}), NOVEMBER, data, until=date(2026, 11, 3))
    assert zero.total == (Fraction(1, 2) + Fraction(3, 8)) / 2
    few = roll(read_rule(TASKS | {"minimum_days": 4}), NOVEMBER, data)
    assert (few.total, few.parts[0].days) == (None, 3)
    week = roll(
        read_rule(TASKS),
        containing("week", date(2026, 11, 1)),
        {"task_rate": {date(2026, 10, 30): (0, 1)} | data["task_rate"]},
    )
    assert week.total == Fraction(1, 4)  # a week over two months is the mean of its days


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_can_be_carried_out(name: str) -> None:
    assert sum(one.weight for one in read_rule(SAMPLES[name][2]).parts) == 10_000


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"parts": []}, "parts", "之和应为 100%"),
        ({"parts": [{"code": "task_rate", "weight": 9_999}]}, "parts", "之和应为 100%"),
        ({"parts": [{"code": "luck", "weight": 10_000}]}, "parts.luck", "没有这项"),
        ({"parts": [{"code": "task_rate", "weight": 0}]}, "parts.task_rate", "权重无效"),
        ({"missing": "guessed"}, "missing", "没有这个取值"),
        ({"months": [0] * 12}, "months", "各月权重无效"),
        ({"minimum_days": 0}, "minimum_days", "最少天数无效"),
    ],
)
def test_a_rule_that_cannot_be_carried_out_is_refused(changes: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_rule(TASKS | changes)
    assert [fault.field for fault in refused.value.faults] == [field]
    assert message in refused.value.faults[0].message
    assert refused.value.faults[0].remedy


def lay_month(session: ScopedSession, place: Town, days: int = 5) -> None:
    """Two streets with tasks; the first days of November are kept, in the order in which they ended."""
    many(session, place.streets[0], 4, 3)
    many(session, place.streets[1], 4, 1)
    for n in range(days):
        places.compute_day(session, FIRST + timedelta(days=n), now=NOW)


def test_frozen_signed_by_two_and_never_changed_by_what_happens_later(
    session: ScopedSession, place: Town, leader: Actor
) -> None:
    lay_month(session, place)
    rule = rule_of(session, place)
    kept = freeze_period(session, place.office, rule, NOVEMBER, now=NOW)
    before = dict(kept.body)
    assert [(one["name"], one["score"], one["rank"]) for one in before["units"][:2]] == [
        ("考核区一街道", "75.00", 1),
        ("考核区2号街道", "25.00", 2),
    ]
    assert before["units"][2]["total"] is None
    assert kept.sha256 == hash_of(before)
    assert [one.row.id for one in to_sign(session, leader, NOW)] == [kept.id]
    sign(session, place.office, kept.id, sha256=kept.sha256, now=NOW)
    assert not find_frozen(session, kept.id).is_signed
    with pytest.raises(Conflict, match="另一个人"):
        sign(session, place.office, kept.id, sha256=kept.sha256, now=NOW)
    with pytest.raises(Conflict, match="摘要"):
        sign(session, leader, kept.id, sha256="0" * 64, now=NOW)
    sign(session, leader, kept.id, sha256=kept.sha256, now=NOW)
    found = find_frozen(session, kept.id)
    assert (found.is_signed, found.is_whole, len({one.person_id for one in found.signatures})) == (True, True, NEEDED)
    assert not to_sign(session, leader, NOW)
    task(session, place.streets[1], steps=[("done", at(FIRST, 9))])
    session.execute(update(Task).values(state="done"))
    places.compute_day(session, FIRST, now=NOW)
    session.expire_all()
    assert find_frozen(session, kept.id).row.body == before
    assert find_frozen(session, kept.id).is_whole
    now_said = {
        one.unit.id: one.result.total
        for one in appraise(session, read_rule(rule.body), "subdistrict", NOVEMBER, now=NOW)
    }
    assert now_said[place.streets[1]] != Fraction(1, 4)  # a preview of now says otherwise


def test_a_correction_names_the_old_one_and_says_why(session: ScopedSession, place: Town, leader: Actor) -> None:
    lay_month(session, place, days=2)
    rule = rule_of(session, place)
    old = freeze_period(session, leader, rule, NOVEMBER, now=NOW)
    with pytest.raises(InvalidInput) as refused:
        freeze_period(session, leader, rule, NOVEMBER, now=NOW)
    assert refused.value.faults[0].field == "reason"
    new = freeze_period(session, leader, rule, NOVEMBER, reason="补录了一街道的任务", now=NOW)
    assert (new.sequence, new.replaces_id, new.body["replaces"], new.body["reason"]) == (
        *(2, old.id, old.sha256),
        "补录了一街道的任务",
    )
    with pytest.raises(Conflict, match="更正"):
        sign(session, leader, old.id, sha256=old.sha256, now=NOW)
    assert [(one.row.sequence, one.replaced_by) for one in list_frozen(session, rule.id)] == [(2, None), (1, 2)]


def test_who_may_and_when(session: ScopedSession, place: Town) -> None:
    lay_month(session, place, days=1)
    rule = rule_of(session, place)
    with pytest.raises(Forbidden):
        freeze_period(session, place.liaisons[0], rule, NOVEMBER, now=NOW)
    with pytest.raises(Conflict, match="还没有结束"):
        freeze_period(session, place.office, rule, NOVEMBER, now=at(date(2026, 11, 30), 9))
    with pytest.raises(Conflict, match="没有任何单位有数"):
        freeze_period(session, place.office, rule, parse_period("2026-08"), now=NOW)
    with pytest.raises(InvalidInput):
        freeze_period(session, place.office, rule, parse_period("2026-11-01"), now=NOW)
    with pytest.raises(Forbidden):
        keep_rule(session, place.liaisons[0], name="我的办法", league="area", body=TASKS, now=NOW)
    with pytest.raises(InvalidInput) as refused:
        keep_rule(session, place.office, name=" ", league="everybody", body={}, now=NOW)
    assert [fault.field for fault in refused.value.faults] == ["name", "league", "parts"]


def test_rules_are_guarded_by_the_version_that_was_seen(session: ScopedSession, place: Town) -> None:
    rule = rule_of(session, place)
    assert move_rule(session, place.office, rule.id, "activate", version=1, now=NOW).state == "active"
    with pytest.raises(Stale):
        keep_rule(session, place.office, name="新名", league="area", body=TASKS, rule_id=rule.id, version=1, now=NOW)
    changed = keep_rule(
        session, place.office, name="新名", league="area", body=TASKS, rule_id=rule.id, version=2, now=NOW
    )
    assert (changed.version, changed.name) == (3, "新名")
    with pytest.raises(Conflict):
        move_rule(session, place.office, rule.id, "activate", version=3, now=NOW)
    assert [one.name for one in list_rules(session, ("active",))] == ["新名"]


def test_findings_count_on_the_day_they_were_due(session: ScopedSession, place: Town) -> None:
    second = FIRST + timedelta(days=1)
    for closed in (at(second, 10), at(second, 20), None):
        problem(session, place.homes[0], opened=at(FIRST, 9), due=at(second, 15), closed=closed)
    problem(session, place.homes[0], opened=at(FIRST, 9), due=at(second, 15), restricted=True)
    session.execute(update(Finding).values(changed_at=at(second, 21)))
    rule = read_rule({"parts": [{"code": "findings_on_time", "weight": 10_000}]})
    found = appraise(session, rule, "subdistrict", NOVEMBER, now=NOW)
    (day,) = found[0].result.parts[0].months[0].weeks[0].days
    assert (found[0].unit.id, day.day, day.numerator, day.denominator) == (place.streets[0], second, 1, 3)
    assert [one.rank for one in found] == [1, None, None, None, None]


def test_what_was_frozen_cannot_be_changed_in_the_database(session: ScopedSession, place: Town) -> None:
    lay_month(session, place, days=1)
    kept = freeze_period(session, place.office, rule_of(session, place), NOVEMBER, now=NOW)
    for statement in ("UPDATE appraisal SET reason = 'x'", "DELETE FROM appraisal"):
        with pytest.raises(ProgrammingError), session.begin_nested():
            session.execute(text(statement))
    assert session.scalars(select(Appraisal.sha256).where(Appraisal.id == kept.id)).one() == kept.sha256
