"""The due calendar: who has to publish what by when; one reminder a district and period, read by that district alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput
from core.figures.due import LATE, OVERDUE, WAITING, due_calendar, open_reminders, remind, set_term
from core.figures.grants import give_grant
from core.figures.periods import parse_period
from core.figures.tables import PublicationReminder
from tenants.access import Actor, TenantRef
from tenants.scope import Wall
from tests.factory import add_actor, add_unit, bare_tenant
from tests.figures.build import CIVILIZED, Made, at, make
from tests.figures.sent import send

MONTH = parse_period("2026-10")
KEY = CIVILIZED.key
DUE = date(2026, 11, 5)
LATER = at(date(2026, 11, 9))


@pytest.fixture
def city(wall: Wall) -> TenantRef:
    return bare_tenant(wall, kind="city", name="测试市")


@pytest.fixture
def bureau(wall: Wall, city: TenantRef) -> Actor:
    with wall.open(city.id) as session:
        root = add_unit(session, "city", "测试市", [])
        session.commit()
    return add_actor(wall, city, "bureau", root)


def granting(wall: Wall, city: TenantRef, name: str) -> Made:
    made = make(wall, CIVILIZED, name=name, upper_id=city.id)
    with made.district.session(wall) as session:
        give_grant(session, made.office, city, KEY, "totals", date(2026, 1, 1))
        session.commit()
    return made


def ask_for_months(wall: Wall, city: TenantRef, bureau: Actor, days: int | None = 5) -> None:
    with wall.open(city.id) as session:
        set_term(session, bureau, KEY, "month", days, since=date(2026, 10, 1), now=LATER)
        session.commit()


def states(wall: Wall, city: TenantRef, now: Any) -> dict[str, str]:
    with wall.open(city.id) as session:
        (due,) = due_calendar(session, None, now=now)
        assert (due.period, due.on) == (MONTH, DUE)
        return {one.name: one.state for one in due.districts}


def test_in_time_late_waiting_and_overdue(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    early, late, never = (granting(wall, city, name) for name in ("按期区", "逾期区", "未报区"))
    send(wall, city, early.district.ref, MONTH, late=4)
    send(wall, city, late.district.ref, MONTH, late=5)
    ask_for_months(wall, city, bureau)
    assert states(wall, city, at(DUE)) == {"按期区": "in_time", "逾期区": LATE, "未报区": WAITING}
    assert states(wall, city, at(DUE + timedelta(days=1)))["未报区"] == OVERDUE
    send(wall, city, early.district.ref, MONTH, late=9)
    assert states(wall, city, LATER)["按期区"] == "in_time", "a correction does not make it late"
    assert never.district.ref.slug
    ask_for_months(wall, city, bureau, None)
    with wall.open(city.id) as session:
        assert due_calendar(session, bureau, now=LATER) == []


def test_nobody_is_expected_without_a_grant(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    granting(wall, city, "授权区")
    ended = make(wall, CIVILIZED, name="到期区", upper_id=city.id)
    with ended.district.session(wall) as session:
        give_grant(session, ended.office, city, KEY, "totals", date(2026, 1, 1), date(2026, 6, 30))
        session.commit()
    ask_for_months(wall, city, bureau)
    assert states(wall, city, LATER) == {"授权区": OVERDUE}


def test_each_is_reminded_once_and_alone(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    slow, other = granting(wall, city, "未报区"), granting(wall, city, "另一区")
    send(wall, city, other.district.ref, MONTH)
    ask_for_months(wall, city, bureau)
    with wall.open(city.id) as session:
        (row,) = remind(session, bureau, KEY, MONTH, now=LATER)
        assert (row.reader_name, row.due_on) == ("未报区", DUE)
        session.commit()
        with pytest.raises(Conflict):
            remind(session, bureau, KEY, MONTH, now=LATER)
        (due,) = due_calendar(session, bureau, now=LATER)
        assert [(one.name, one.reminder is not None) for one in due.missing] == [("未报区", True)]
    with slow.district.session(wall) as session:
        assert [one.city_name for one in open_reminders(session)] == ["测试市"]
    with other.district.session(wall) as session:
        assert open_reminders(session) == []
        assert session.scalars(select(PublicationReminder)).all() == []
    send(wall, city, slow.district.ref, MONTH, late=9)
    with slow.district.session(wall) as session:
        assert open_reminders(session) == [], "publishing answers it"


def test_what_is_refused(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    made = granting(wall, city, "授权区")
    with wall.open(city.id) as session:
        for key, kind, days, field in (
            ("no_such", "month", 5, "campaign"),
            (KEY, "moon", 5, "kind"),
            (KEY, "month", 367, "days_after"),
        ):
            with pytest.raises(InvalidInput) as found:
                set_term(session, bureau, key, kind, days, since=date(2026, 1, 1), now=LATER)
            assert [fault.field for fault in found.value.faults] == [field]
        with pytest.raises(InvalidInput):
            remind(session, bureau, KEY, MONTH, now=LATER)
        with pytest.raises(Forbidden):
            set_term(session, made.office, KEY, "month", 5, since=date(2026, 1, 1), now=LATER)
