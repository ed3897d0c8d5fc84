"""What of the statistics waits for whom: bundles by unit, period and day; returned and judged; late ones are reminded of once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.periods import Period, parse_period
from core.work.desk.inbox import NUMBERS, NUMBERS_BACK, NUMBERS_CHECK, count_kinds, tally_kinds
from core.work.desk.inbox_rows import Duty, read_duties
from core.work.enabling import enable
from core.work.statistics.dictionary import Declared, declare
from core.work.statistics.entering import Entry, save, submit
from core.work.statistics.reminding import MANY, ONE, remind_statistics
from core.work.statistics.reviewing import lock, review, send_back
from core.work.statistics.waiting import finished_periods
from core.work.tables import Note, Observation, Statistic
from tenants.access import Actor
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actor, bare_district
from tests.figures.build import CIVILIZED

NOW = datetime(2026, 11, 8, 2, tzinfo=UTC)  # the numbers of October are due on the 10th
TODAY = date(2026, 11, 8)
MONTH = parse_period("2026-10")
LATER = NOW + timedelta(days=4)
OWN = ("sites", "rounds")


@dataclass
class Hall:
    """A district with numbers of one office, numbers of each community, and everybody around them."""

    district: District
    owner: Actor
    home: Actor
    office: Actor
    second: Actor
    other: Actor

    def session(self, wall: Wall) -> ScopedSession:
        return self.district.session(wall)


@pytest.fixture
def hall(wall: Wall) -> Hall:
    district = bare_district(wall)
    owner = district.departments["market_regulator"]
    with district.session(wall) as session:
        for code in OWN:
            line = Declared(code, f"数{code}", f"Number of {code}", "household", owner, "month")
            declare(session, None, line, today=MONTH.start)
        each = Declared(
            "homes", "户数", "Households", "household", owner, "quarter", unit_kind="community", due_days=60
        )
        declare(session, None, each, today=date(2026, 7, 1))
        session.commit()
    roles = [("liaison", owner), ("liaison", district.communities[0]), ("hq_office", district.root)]
    roles += [("hq_office", district.root), ("liaison", district.departments["education_bureau"])]
    return Hall(district, *(add_actor(wall, district.ref, role, unit) for role, unit in roles))


def put(session: ScopedSession, who: Actor, code: str, period: Period = MONTH, unit: object = None) -> Observation:
    root = select(Statistic.tenant_id)  # the district's own value unless a unit is named
    assert session.scalars(root).first()
    about = unit or session.info["root"]
    entry = Entry(code, about, period, "self", Decimal(7))  # type: ignore[arg-type]
    return save(session, who, entry, today=TODAY, now=NOW).observation


def hand_in(session: ScopedSession, who: Actor, code: str) -> Observation:
    row = put(session, who, code)
    return submit(session, who, row.id, row.version, today=TODAY, now=NOW)


def duties(session: ScopedSession, who: Actor, kind: str, now: datetime = NOW) -> list[Duty]:
    found = read_duties(session, who, kind, now, limit=50)
    assert count_kinds(session, who, now).get(kind, 0) == len(found)
    assert tally_kinds(session, who, now)[kind].late == sum(one.late for one in found)
    return found


def opened(wall: Wall, hall: Hall) -> ScopedSession:
    session = hall.session(wall)
    session.info["root"] = hall.district.root
    return session


def test_the_last_period_and_those_of_a_month_are_asked_for() -> None:
    asked = {
        kind: [one.key for one in finished_periods(date(2026, 3, 2)) if one.kind == kind]
        for kind in ("year", "month", "ten_day")
    }
    assert asked["year"] == ["2025"]
    assert asked["month"] == ["2026-02", "2026-01"], "January ended 30 days before"
    assert asked["ten_day"] == ["2026-02-T3", "2026-02-T2", "2026-02-T1", "2026-01-T3"]


def test_a_department_has_one_duty_a_page(wall: Wall, hall: Hall) -> None:
    with opened(wall, hall) as session:
        own, each = duties(session, hall.owner, NUMBERS)
        assert (own.title, own.title_en) == ("数rounds等 2 项", "Number of rounds and 1 more")
        assert (own.code, own.id, own.unit_id, own.late) == (
            "2026-10",
            hall.district.departments["market_regulator"],
            None,
            False,
        )
        assert own.due_at == datetime(2026, 11, 10, 16, tzinfo=UTC), "the end of the tenth in Asia/Shanghai"
        assert (each.code, each.title) == ("2026-Q3", f"户数等 {len(hall.district.communities)} 项")
        (home,) = duties(session, hall.home, NUMBERS)
        assert (home.title, home.code, home.unit_id) == ("户数", "2026-Q3", hall.district.communities[0])
        assert duties(session, hall.other, NUMBERS) == []
        assert duties(session, hall.office, NUMBERS) == [], "the office judges what others owe"
        hand_in(session, hall.owner, "rounds")
        put(session, hall.owner, "sites")
        own, _each = duties(session, hall.owner, NUMBERS)
        assert own.title == "数sites", "a draft is not handed in"
        assert [one.late for one in duties(session, hall.owner, NUMBERS, LATER)] == [True, False]


def test_pages_of_duties_meet(wall: Wall, hall: Hall) -> None:
    with opened(wall, hall) as session:
        first = read_duties(session, hall.owner, NUMBERS, NOW, limit=1)
        rest = read_duties(session, hall.owner, NUMBERS, NOW, limit=9, after=first[0].keys)
        assert [*first, *rest] == duties(session, hall.owner, NUMBERS)


def test_what_came_back_and_what_is_to_be_judged(wall: Wall, hall: Hall) -> None:
    with opened(wall, hall) as session:
        for code in OWN:
            hand_in(session, hall.owner, code)
        (bundle,) = duties(session, hall.office, NUMBERS_CHECK)
        assert (bundle.step, bundle.title, bundle.code) == ("review", "数rounds等 2 项", "2026-10")
        row = session.scalars(select(Observation).order_by(Observation.submitted_at)).first()
        assert row
        send_back(session, hall.office, row.id, row.version, reason="口径不对", today=TODAY, now=NOW)
        (back,) = duties(session, hall.owner, NUMBERS_BACK)
        assert (back.step, back.id, back.code, back.unit_id) == ("mend", row.id, "2026-10", hall.district.root)
        assert duties(session, hall.home, NUMBERS_BACK) == []
        assert [one.code for one in duties(session, hall.owner, NUMBERS)] == ["2026-Q3"], "handed in once is handed in"
        other = session.scalars(select(Observation).where(Observation.id != row.id)).one()
        review(session, hall.office, other.id, other.version, today=TODAY, now=NOW)
        (bundle,) = duties(session, hall.office, NUMBERS_CHECK)
        assert bundle.step == "lock"
        lock(session, hall.second, other.id, other.version, today=TODAY, now=NOW)
        assert duties(session, hall.office, NUMBERS_CHECK) == []


def test_who_handed_it_in_does_not_have_it_to_judge(wall: Wall, hall: Hall) -> None:
    with opened(wall, hall) as session:
        hand_in(session, hall.office, "sites")
        assert duties(session, hall.office, NUMBERS_CHECK) == []
        assert len(duties(session, hall.second, NUMBERS_CHECK)) == 1


def test_of_one_campaign_and_of_one_that_rests(wall: Wall, hall: Hall) -> None:
    owner = hall.district.departments["market_regulator"]
    with opened(wall, hall) as session:
        line = Declared("resting", "只一家要的", "Only one asks", "household", owner, "month", campaign=CIVILIZED.key)
        declare(session, None, line, today=MONTH.start)
        assert "只一家" not in duties(session, hall.owner, NUMBERS)[0].title
        enable(session, None, CIVILIZED, today=TODAY)
        found = read_duties(session, hall.owner, NUMBERS, NOW, limit=50, campaign=CIVILIZED.key)
        assert any(CIVILIZED.key in one.campaigns for one in found)
        assert (
            read_duties(session, hall.owner, NUMBERS, NOW, limit=50, campaign="food_safety_city")[0].code == "2026-10"
        )
        only = replace(hall.owner, duties=tuple(replace(d, campaign="food_safety_city") for d in hall.owner.duties))
        assert len(duties(session, only, NUMBERS)) == len(found), "shared numbers are everybody's"
        assert all("只一家" not in one.title for one in duties(session, only, NUMBERS))


def notes_of(session: ScopedSession, who: Actor) -> list[tuple[str, dict[str, object]]]:
    rows = session.scalars(select(Note).where(Note.person_id == who.person_id).order_by(Note.created_at, Note.id))
    return [(one.text, one.params) for one in rows]


def test_late_numbers_are_reminded_of_once_for_a_day(wall: Wall, hall: Hall) -> None:
    with opened(wall, hall) as session:
        assert remind_statistics(session, NOW) == 0, "in time still"
        hand_in(session, hall.owner, "rounds")
        assert remind_statistics(session, LATER) == 1
        (told,) = notes_of(session, hall.owner)
        assert told[0] == ONE
        assert {told[1][name] for name in ("title", "due", "key", "which")} == {
            "数sites",
            "2026-11-10",
            "2026-10",
            "owner",
        }
        assert remind_statistics(session, LATER + timedelta(hours=1)) == 0
        assert notes_of(session, hall.other) == notes_of(session, hall.home) == []
        session.commit()
    next_month = datetime(2026, 12, 11, 2, tzinfo=UTC)
    with opened(wall, hall) as session:
        assert remind_statistics(session, next_month) == 3, "both of November, and the quarter's since 29 November"
        said = [params["key"] for _text, params in notes_of(session, hall.owner)[1:]]
        assert sorted(map(str, said)) == ["2026-11", "2026-Q3"]
        ((text, params),) = notes_of(session, hall.home)
        assert (text, params["which"], params["key"]) == (ONE, "unit", "2026-Q3")


def test_two_runs_at_once_remind_once(wall: Wall, hall: Hall) -> None:
    with opened(wall, hall) as first, opened(wall, hall) as second:
        assert remind_statistics(first, LATER) == 2
        first.commit()
        assert remind_statistics(second, LATER) == 0
        ((text, params),) = notes_of(second, hall.owner)
        assert (text, params["count"]) == (MANY, 2)
