"""A finding put where it really is (更正地点): another site, no site, another territory - with history, parts and lists of past days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.errors import Forbidden, InvalidInput
from core.work.calendar import seed_calendar
from core.work.desk.finding_filters import Filter
from core.work.desk.findings import list_findings
from core.work.dispatch.routing_rules import RuleWish, add_rule
from core.work.loop.history import replay
from core.work.loop.ledger import act
from core.work.tables import Finding, FindingEvent, Part, Site
from tenants.db import new_id
from tests.factory import add_actor
from tests.work.intake import DAY, NEXT_DOOR, Street, bring_in, street
from tests.work.market import ALL_GOOD, THURSDAY, send

HOUR, ONE = timedelta(hours=1), timedelta(days=1)
FIRST, SECOND = date(2026, 11, 19), date(2026, 11, 20)
LATER = THURSDAY + 2 * ONE


@pytest.fixture
def place(wall, tmp_path_factory) -> Street:
    made = street(wall, tmp_path_factory.mktemp("files"))
    with made.district.session(wall) as session:
        seed_calendar(session, [2026])
        session.commit()
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


def put(session, stage: Street, finding: Finding, /, who=None, now=THURSDAY + ONE, **changes: str) -> Finding:
    given = {"version": finding.version, "note": "选错了点位", "changes": changes, "now": now}
    return act(session, who or stage.office, finding.id, "correct", **given)


def standing(session, finding: Finding) -> set[tuple[str, object, bool]]:
    rows = session.scalars(select(Part).where(Part.finding_id == finding.id, Part.ended_at.is_(None)))
    return {(part.kind, part.unit_id, part.leading) for part in rows}


def last(session, finding: Finding) -> FindingEvent:
    lines = session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.version)
    ).all()
    seen = replay(lines)
    lead = session.scalars(select(Part.unit_id).where(Part.finding_id == finding.id, Part.leading)).one()
    assert (seen.state, seen.version, seen.lead, seen.due_at) == (finding.state, finding.version, lead, finding.due_at)
    return lines[-1]


def listed(session, place: Street, finding: Finding, **wanted) -> tuple[bool, ...]:
    """Whether a filter shows the finding as of the first day, the second, and now."""
    found = []
    for day in (FIRST, SECOND, None):
        only = Filter(extra=(Finding.id == finding.id,), as_of=day, **wanted)
        found.append(bool(list_findings(session, place.office, only, now=LATER).rows))
    return tuple(found)


def test_another_site_takes_the_place_part_along(session, place):
    here, there = place.district.communities[:2]
    finding = bring_in(session, place, place.office)
    lead = next(part for part in standing(session, finding) if part[2])
    assert ("place", here, False) in standing(session, finding)
    done = put(session, place, finding, site_id=str(place.kiosk))
    assert (done.site_id, done.unit_id, done.state, done.version) == (place.kiosk, there, "dispatched", 2)
    assert (done.longitude, done.latitude) == NEXT_DOOR
    assert standing(session, finding) == {lead, ("place", there, False)}
    detail = last(session, finding).detail
    assert detail["before"] == {"site_id": str(place.market), "unit_id": str(here)}
    assert detail["after"] == {"site_id": str(place.kiosk), "unit_id": str(there)}
    assert detail["names"][str(place.kiosk)] == "隔壁小店"
    assert detail["moved"] == [{"kind": "place", "from": str(here), "to": str(there)}]


def test_lists_of_past_days_keep_it_where_it_was_said_to_be(session, place):
    here, there = place.district.communities[:2]
    finding = bring_in(session, place, place.office)
    put(session, place, finding, site_id=str(place.kiosk))
    for view in ("problem", "responsibility"):
        assert listed(session, place, finding, units=[here], view=view) == (True, False, False)
        assert listed(session, place, finding, units=[there], view=view) == (False, True, True)
    assert listed(session, place, finding, site_id=place.market) == (True, False, False)
    assert listed(session, place, finding, site_id=place.kiosk) == (False, True, True)
    only = Filter(extra=(Finding.id == finding.id,), as_of=FIRST)
    (row,) = list_findings(session, place.office, only, now=LATER).rows
    market = session.get_one(Site, (session.tenant_id, place.market))
    assert (row.site_id, row.site_name, row.unit_id) == (place.market, market.name, here)


def test_moved_back_it_stands_as_at_first(session, place):
    here = place.district.communities[0]
    finding = bring_in(session, place, place.office)
    before = standing(session, finding)
    put(session, place, finding, site_id=str(place.kiosk))
    done = put(session, place, finding, now=THURSDAY + ONE + HOUR, site_id=str(place.market))
    assert (done.site_id, done.unit_id, done.version) == (place.market, here, 3)
    assert standing(session, finding) == before


def test_routing_proposes_anew_where_nobody_dispatched_yet(session, place):
    there = place.district.communities[1]
    chief = place.district.departments["urban_management"]
    add_rule(
        session,
        place.office,
        RuleWish(category="ENV-LITTER", territory_id=there, hours=48, line_unit_id=chief),
        today=DAY,
    )
    waiting, handed = bring_in(session, place), bring_in(session, place, place.office)
    before = next(part for part in standing(session, handed) if part[2])
    put(session, place, waiting, site_id=str(place.kiosk))
    put(session, place, handed, site_id=str(place.kiosk))
    assert standing(session, waiting) == {("line", chief, True), ("place", there, False)}
    assert last(session, waiting).detail["proposed"]["id"] == str(chief)
    assert standing(session, handed) == {before, ("place", there, False)}
    assert (waiting.limit_seconds, handed.limit_seconds) == (48 * 3600, 48 * 3600)


def test_a_place_that_is_no_site(session, place):
    here, there = place.district.communities[:2]
    finding = bring_in(session, place, place.office)
    with pytest.raises(InvalidInput, match="没有写明地点"):
        put(session, place, finding, site_id="")
    done = put(session, place, finding, site_id="", unit_id=str(there), place="和平路与学府街口")
    assert (done.site_id, done.unit_id, done.place) == (None, there, "和平路与学府街口")
    assert (done.longitude, done.latitude) == (None, None)
    back = put(session, place, finding, now=THURSDAY + ONE + HOUR, unit_id=str(here))
    assert (back.site_id, back.unit_id, back.place) == (None, here, "和平路与学府街口")
    only = Filter(extra=(Finding.id == finding.id,), as_of=FIRST)
    (row,) = list_findings(session, place.office, only, now=LATER).rows
    assert row.site_id == place.market


def test_a_visits_finding_moves_and_the_visit_keeps_its_scores(session, place):
    made = send(session, place.town, ALL_GOOD | {"toilet_clean": {"rating": 5}})
    finding = made.findings[0]
    done = put(session, place, finding, site_id=str(place.kiosk))
    assert (done.visit_id, done.site_id, done.longitude) == (made.visit.id, place.kiosk, None)
    assert made.visit.site_id == place.market
    assert {sheet.site_id for sheet in made.sheets} == {place.market}


def test_what_cannot_be_is_refused_and_nothing_moves(session, place):
    here, there = place.district.communities[:2]
    finding = bring_in(session, place, place.office)
    market, kiosk = str(place.market), str(place.kiosk)
    wrong = [
        ({"site_id": "不是编号"}, "changes.site_id"),
        ({"site_id": str(new_id())}, "changes.site_id"),
        ({"unit_id": ""}, "changes.unit_id"),
        ({"unit_id": str(there)}, "changes.unit_id"),  # it stands at a site
        ({"site_id": kiosk, "unit_id": str(here)}, "changes.unit_id"),
        ({"site_id": "", "unit_id": str(new_id()), "place": "路口"}, "changes.unit_id"),
        ({"site_id": market}, "changes"),
    ]
    for changes, field in wrong:
        with pytest.raises(InvalidInput) as caught:
            put(session, place, finding, **changes)
        assert [one.field for one in caught.value.faults] == [field], changes
        assert all(one.remedy for one in caught.value.faults)
    session.expire_all()
    assert (finding.version, finding.site_id) == (1, place.market)


def test_a_desk_moves_it_within_its_own_territory_only(wall, session, place):
    here = place.district.communities[0]
    desk = add_actor(wall, place.ref, "hq_office", here)
    finding = bring_in(session, place, place.office)
    with pytest.raises(InvalidInput, match="没有这个点位"):
        put(session, place, finding, who=desk, site_id=str(place.kiosk))
    with pytest.raises(Forbidden):
        put(session, place, finding, who=place.town.liaison, site_id=str(place.kiosk))


def test_a_restricted_one_stays_in_trusted_hands(session, place):
    said = {"source": "conduct", "site_id": place.market, "title": "窗口态度生硬", "category": "SRV-ATTITUDE"}
    said["category"] = "ENV-LITTER"
    finding = bring_in(session, place, place.conduct, **said)
    before = standing(session, finding)
    done = put(session, place, finding, who=place.conduct, site_id=str(place.kiosk))
    assert done.site_id == place.kiosk
    assert standing(session, finding) == before
