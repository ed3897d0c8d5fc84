"""Routing as a decision table (派遣): declared rules, then the tenant's own, then precedents; by whom, why, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.dispatch.phases import list_phases, phases_on, set_phase
from core.work.dispatch.precedents import end_precedent, list_precedents
from core.work.dispatch.routing import Case, Declared, Place, Route, load_router, owners_at
from core.work.dispatch.routing_rules import RuleWish, add_rule, end_rule, list_rules
from core.work.dispatch.routing_trial import try_route
from core.work.loop.ledger import act
from core.work.tables import AreaMember, Audit, Finding, FindingEvent, Part, Precedent, Site
from tenants.models import Unit, UnitPath
from tests.factory import SINCE, add_actor, add_site, add_unit
from tests.work.market import ALL_GOOD, ANSWERS, THURSDAY, Town, send, town

DAY = date(2026, 11, 19)
TOILET = {**ALL_GOOD, "toilet_clean": {"rating": 3}}
DAYS = timedelta(days=1)
TOILETS = Declared("sanitation", 1)


@pytest.fixture
def place(wall) -> Town:
    return town(wall)


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


@pytest.fixture
def admin(wall, place):
    return add_actor(wall, place.ref, "administrator", place.district.root)


def decided(session, place: Town, case: Case, declared: Declared = TOILETS, *, unit: UUID | None = None) -> Route:
    """The route of a case at the market, or somewhere in a unit."""
    where = unit or place.district.communities[0]
    owners = owners_at(session, place.office, where, None, DAY)
    site = None if unit else place.market
    return load_router(session, place.office, owners, Place(site), [case.category], DAY).decide(case, declared)


def rule(session, place: Town, **wish: Any):
    return add_rule(session, place.office, RuleWish(**wish), today=DAY)


def of(place: Town, role: str) -> UUID:
    return place.district.departments[role]


# --- declared ------------------------------------------------------------------------------------------------------


def test_what_is_declared_stands_without_rules(session, place):
    route = decided(session, place, Case("ENV-TOILET"))
    assert (route.line, route.place, route.limit) == (of(place, "sanitation"), place.district.communities[0], DAYS)
    assert (route.why, route.why_id, route.returns, route.working_days) == ("declared", None, 0, 1)
    assert route.facts == {}
    assert [(part["kind"], part["leading"]) for part in route.parts()] == [("line", True), ("place", False)]


def test_a_place_that_leads_is_not_informed_beside_itself(session, place):
    route = decided(session, place, Case("SRV-STAFF"), Declared("site_owner", 3))
    assert route.line == route.place
    assert [part["kind"] for part in route.parts()] == ["line"]


# --- the tenant's own rules ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One line of the decision table: the rules' conditions, the case, and which rule speaks (its index)."""

    name: str
    rules: tuple[dict[str, str], ...]
    case: Case
    wins: int | None


PLAIN = Case("ENV-TOILET")
TABLE = (
    Row("any case", ({},), PLAIN, 0),
    Row("its category", ({"category": "ENV-TOILET"},), PLAIN, 0),
    Row("another category", ({"category": "ENV-BIN"},), PLAIN, None),
    Row("its site type", ({"site_type": "produce_market"},), PLAIN, 0),
    Row("another site type", ({"site_type": "hospital"},), PLAIN, None),
    Row("its severity", ({"severity": "urgent"},), Case("ENV-TOILET", "urgent"), 0),
    Row("another severity", ({"severity": "urgent"},), PLAIN, None),
    Row(
        "its campaign", ({"campaign": "sanitary_city"},), Case("ENV-TOILET", campaigns=frozenset({"sanitary_city"})), 0
    ),
    Row("no campaign named", ({"campaign": "sanitary_city"},), PLAIN, None),
    Row("its zone", ({"zone": "核心区"},), PLAIN, 0),
    Row("another zone", ({"zone": "一般区"},), PLAIN, None),
    Row("its phase", ({"phase": "迎检冲刺"},), PLAIN, 0),
    Row("another phase", ({"phase": "常态"},), PLAIN, None),
    Row("more conditions win", ({"category": "ENV-TOILET", "zone": "核心区"}, {"category": "ENV-TOILET"}), PLAIN, 0),
    Row("a later one wins among equals", ({"zone": "核心区"}, {"category": "ENV-TOILET"}), PLAIN, 1),
    Row("one that does not fit never wins", ({}, {"category": "ENV-TOILET", "zone": "一般区"}), PLAIN, 0),
    Row("its street", ({"territory": "street"},), PLAIN, 0),
    Row("the other community", ({"territory": "other"},), PLAIN, None),
    Row("the nearer territory wins", ({"territory": "home"}, {"territory": "street"}), PLAIN, 0),
    Row("an area of the headquarters", ({"territory": "area"},), PLAIN, 0),
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_the_decision_table(session, place, row: Row):
    session.get_one(Site, (place.ref.id, place.market)).zone = "核心区"
    set_phase(session, place.office, "", "迎检冲刺", valid_from=DAY, today=DAY)
    area = Unit(tree="headquarters", kind="area", name="第一片区", pinyin="d", valid_from=SINCE)
    session.add(area)
    session.flush()
    session.add(UnitPath(ancestor_id=area.id, unit_id=area.id, valid_from=SINCE, depth=0))
    session.add(AreaMember(area_id=area.id, unit_id=place.district.street, valid_from=SINCE))
    session.flush()
    home, other = place.district.communities
    territories = {"street": place.district.street, "home": home, "other": other}
    owners = [of(place, "urban_management"), of(place, "landscape")]
    made = []
    for number, conditions in enumerate(row.rules):
        named = dict(conditions)
        territory = named.pop("territory", None)
        if territory == "area":  # an area is set over by the whole district's office, through the table
            wish = RuleWish(territory_id=place.district.root, line_unit_id=owners[number], hours=5 + number)
            made.append(add_rule(session, place.office, wish, today=DAY))
            made[-1].territory_id = area.id
            session.flush()
            continue
        where = {"territory_id": territories[territory]} if territory else {}
        made.append(rule(session, place, **named, **where, line_unit_id=owners[number], hours=5 + number))
    route = decided(session, place, row.case)
    if row.wins is None:
        assert (route.why, route.line, route.limit) == ("declared", of(place, "sanitation"), DAYS)
    else:
        assert (route.why, route.why_id) == ("rule", made[row.wins].id)
        assert (route.line, route.limit) == (owners[row.wins], timedelta(hours=5 + row.wins))
        assert route.working_days == 1
        assert route.facts["route"]["id"] == str(made[row.wins].id)


def test_each_effect_is_taken_from_the_best_rule_that_names_it(session, place):
    rule(session, place, category="ENV-TOILET", severity="urgent", hours=2)
    rule(session, place, category="ENV-TOILET", line_role="urban_management", hours=48)
    rule(session, place, place_unit_id=place.district.street)
    route = decided(session, place, Case("ENV-TOILET", "urgent"))
    assert route.line == of(place, "urban_management")
    assert route.place == place.district.street
    assert route.limit == timedelta(hours=2)
    standing = [(link.layer, link.effect) for link in route.chain if link.stands]
    assert sorted(standing) == [("rule", "limit"), ("rule", "line"), ("rule", "place")]
    assert len(route.chain) == 3 + 4


def test_a_rule_whose_unit_has_ended_says_nothing(session, place):
    gone = add_unit(session, "department", "旧局", [place.district.root])
    rule(session, place, category="ENV-TOILET", line_unit_id=gone, hours=6)
    session.get_one(Unit, (place.ref.id, gone)).valid_to = DAY
    session.flush()
    route = decided(session, place, PLAIN)
    assert (route.line, route.limit) == (of(place, "sanitation"), timedelta(hours=6))
    (line,) = list_rules(session, place.office, on=DAY)
    assert line.ended == ("旧局",)


def test_a_rule_holds_from_its_day_until_it_ends(session, place):
    made = rule(session, place, category="ENV-TOILET", hours=6, valid_from=DAY + DAYS, last_day=DAY + 3 * DAYS)
    assert decided(session, place, PLAIN).limit == DAYS
    made.valid_from = DAY - 2 * DAYS
    session.flush()
    assert decided(session, place, PLAIN).limit == timedelta(hours=6)
    end_rule(session, place.office, made.id, today=DAY)
    assert decided(session, place, PLAIN).limit == DAYS
    assert list_rules(session, place.office, on=DAY) == []
    assert [one.in_force for one in list_rules(session, place.office, on=DAY, ended=True)] == [False]
    with pytest.raises(Conflict, match="已经终止"):
        end_rule(session, place.office, made.id, today=DAY)
    verbs = session.scalars(select(Audit.verb).where(Audit.object_kind == "routing_rule").order_by(Audit.at)).all()
    assert verbs == ["routing_rule.add", "routing_rule.end"]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"category": "NO-SUCH", "hours": 1}, "category"),
        ({"site_type": "castle", "hours": 1}, "site_type"),
        ({"campaign": "no_such_city", "hours": 1}, "campaign"),
        ({"severity": "dire", "hours": 1}, "severity"),
        ({"line_role": "wizard"}, "line_role"),
        ({"line_unit_id": UUID(int=7)}, "line_unit_id"),
        ({"place_unit_id": UUID(int=7)}, "place_unit_id"),
        ({"category": "ENV-TOILET"}, "line_unit_id"),
        ({"hours": 0}, "hours"),
        ({"hours": 99_999}, "hours"),
        ({"hours": 1, "zone": "区" * 41}, "zone"),
        ({"hours": 1, "valid_from": DAY - DAYS}, "valid_from"),
        ({"hours": 1, "valid_from": DAY + DAYS, "last_day": DAY}, "last_day"),
    ],
)
def test_bad_rules_are_refused_by_field(session, place, wish, field):
    with pytest.raises(InvalidInput) as refused:
        rule(session, place, **wish)
    assert field in [fault.field for fault in refused.value.faults]
    assert all(fault.remedy for fault in refused.value.faults)


def test_the_district_itself_never_leads(session, place):
    with pytest.raises(InvalidInput, match="区县本身不能牵头"):
        rule(session, place, line_unit_id=place.district.root)


def test_the_same_conditions_twice_are_refused(session, place):
    rule(session, place, category="ENV-TOILET", hours=6)
    with pytest.raises(Conflict, match="条件相同"):
        rule(session, place, category="ENV-TOILET", hours=7)


def test_only_the_office_and_administrators_set_rules(wall, session, place, admin):
    add_rule(session, admin, RuleWish(category="ENV-BIN", hours=3), today=DAY)
    for actor in (place.inspector, place.liaison, place.leader):
        with pytest.raises(Forbidden):
            add_rule(session, actor, RuleWish(category="ENV-TOILET", hours=6), today=DAY)
    local = add_actor(wall, place.ref, "hq_office", place.district.street)
    add_rule(session, local, RuleWish(territory_id=place.district.communities[0], hours=6), today=DAY)
    with pytest.raises(Forbidden):
        add_rule(session, local, RuleWish(category="ENV-TOILET", hours=6), today=DAY)


# --- phases --------------------------------------------------------------------------------------------------------


def test_phases_hold_from_their_day_on(session, place):
    set_phase(session, place.office, "", "常态", valid_from=DAY, today=DAY)
    set_phase(session, place.office, "sanitary_city", "迎检冲刺", valid_from=DAY + 2 * DAYS, today=DAY)
    set_phase(session, place.office, "sanitary_city", "", valid_from=DAY + 9 * DAYS, today=DAY)
    assert phases_on(session, DAY) == {"": "常态"}
    assert phases_on(session, DAY + 5 * DAYS) == {"": "常态", "sanitary_city": "迎检冲刺"}
    assert phases_on(session, DAY + 9 * DAYS) == {"": "常态"}
    assert len(list_phases(session)) == 3
    for campaign, day, field in (("nowhere", DAY, "campaign"), ("", DAY - DAYS, "valid_from")):
        with pytest.raises(InvalidInput) as refused:
            set_phase(session, place.office, campaign, "常态", valid_from=day, today=DAY)
        assert [fault.field for fault in refused.value.faults] == [field]
    with pytest.raises(Forbidden):
        set_phase(session, place.inspector, "", "常态", valid_from=DAY, today=DAY)


# --- precedents ----------------------------------------------------------------------------------------------------


def arbitrated(session, place: Town, unit: UUID, *, precedent: bool = True) -> Finding:
    """A toilet finding that sanitation returned and the office gave to a unit."""
    finding = send(session, place, TOILET).findings[0]
    session.commit()
    act(session, place.liaison, finding.id, "return", version=1, reason="not_our_duty", note="市场自管", now=THURSDAY)
    done = act(
        session,
        place.office,
        finding.id,
        "arbitrate",
        version=2,
        unit_id=unit,
        note="市场公厕由市场主管部门管",
        precedent=precedent,
        now=THURSDAY,
    )
    session.commit()
    return done


def test_an_arbitration_is_proposed_the_next_time_with_its_reason(session, place):
    market = of(place, "market_regulator")
    first = arbitrated(session, place, market)
    later = send(session, place, TOILET, now=THURSDAY + timedelta(hours=1)).findings[0]
    session.commit()
    lead = session.scalars(select(Part.unit_id).where(Part.finding_id == later.id, Part.leading)).one()
    assert lead == market
    opened = session.scalars(select(FindingEvent).where(FindingEvent.finding_id == later.id)).one()
    said = opened.detail["route"]
    assert (said["why"], said["reason"], said["returns"]) == ("precedent", "市场公厕由市场主管部门管", 1)
    assert opened.detail["lead"] == str(market)
    (row,) = list_precedents(session, place.office, on=DAY)
    assert (row.unit_name, row.number, row.precedent.used, row.precedent.returns) == (
        session.get_one(Unit, (place.ref.id, market)).name,
        first.number,
        1,
        1,
    )


def test_a_precedent_is_of_exactly_one_case(session, place):
    market = of(place, "market_regulator")
    arbitrated(session, place, market)
    both = frozenset({"civilized_city", "sanitary_city"})
    assert decided(session, place, Case("ENV-TOILET", campaigns=both)).why == "precedent"
    assert decided(session, place, Case("ENV-BIN", campaigns=both)).why == "declared"
    assert decided(session, place, Case("ENV-TOILET", campaigns=frozenset({"sanitary_city"}))).why == "declared"
    elsewhere = place.district.communities[1]
    assert decided(session, place, Case("ENV-TOILET", campaigns=both), unit=elsewhere).why == "declared"
    assert (
        decided(session, place, Case("ENV-TOILET", campaigns=both), unit=place.district.communities[0]).why
        == "declared"  # not at a market
    )


def test_the_nearest_territory_and_then_the_latest_decides(session, place):
    finding = arbitrated(session, place, of(place, "market_regulator"), precedent=False)
    home, case = place.district.communities[0], Case("ENV-TOILET")
    for territory, unit in (
        (None, "landscape"),
        (place.district.root, "health_bureau"),
        (place.district.street, "cdc"),
    ):
        session.add(
            Precedent(
                category="ENV-TOILET",
                site_type="produce_market",
                territory_id=territory,
                unit_id=of(place, unit),
                reason=unit,
                finding_id=finding.id,
            )
        )
        session.flush()
    assert decided(session, place, case).reason == "cdc"
    for unit in ("fire_rescue", "propaganda"):
        session.add(
            Precedent(
                category="ENV-TOILET",
                site_type="produce_market",
                territory_id=home,
                unit_id=of(place, unit),
                reason=unit,
                finding_id=finding.id,
            )
        )
        session.flush()
    route = decided(session, place, case)
    assert route.reason == "propaganda"
    assert [link.reason for link in route.chain if link.layer == "precedent"] == [
        "landscape",
        "health_bureau",
        "cdc",
        "fire_rescue",
        "propaganda",
    ]


def test_a_precedent_overrides_a_rule_but_leaves_its_time_limit(session, place):
    arbitrated(session, place, of(place, "market_regulator"))
    rule(session, place, category="ENV-TOILET", line_role="landscape", hours=4)
    both = frozenset({"civilized_city", "sanitary_city"})
    route = decided(session, place, Case("ENV-TOILET", campaigns=both))
    assert (route.why, route.line, route.limit) == ("precedent", of(place, "market_regulator"), timedelta(hours=4))


def test_a_precedent_is_ended_by_hand_and_used_no_more(session, place, admin):
    arbitrated(session, place, of(place, "market_regulator"))
    (row,) = list_precedents(session, place.office, on=DAY)
    with pytest.raises(Forbidden):
        end_precedent(session, admin, row.precedent.id, today=DAY)
    with pytest.raises(NotFound):
        end_precedent(session, place.office, UUID(int=5), today=DAY)
    end_precedent(session, place.office, row.precedent.id, today=DAY)
    session.commit()
    assert list_precedents(session, place.office, on=DAY) == []
    assert [one.in_force for one in list_precedents(session, place.office, on=DAY, ended=True)] == [False]
    with pytest.raises(Conflict):
        end_precedent(session, place.office, row.precedent.id, today=DAY)
    later = send(session, place, TOILET, now=THURSDAY + timedelta(hours=1)).findings[0]
    lead = session.scalars(select(Part.unit_id).where(Part.finding_id == later.id, Part.leading)).one()
    assert lead == of(place, "sanitation")


# --- visits --------------------------------------------------------------------------------------------------------


def test_hours_of_a_rule_run_on_the_clock_of_a_visits_finding(session, place):
    rule(session, place, category="ENV-TOILET", hours=4)
    finding = send(session, place, TOILET).findings[0]
    assert finding.working_days == 1
    assert finding.limit_seconds == finding.clock_seconds == 4 * 3600
    assert finding.due_at == THURSDAY + timedelta(hours=4)
    assert finding.accept_by == THURSDAY + timedelta(hours=2)


def test_a_visit_reads_what_decides_in_one_query(wall, session, place):
    """Ten findings of nine categories: one statement reads rules, precedents, phases, types and areas."""
    counted: list[str] = []

    def note(*said: Any) -> None:
        counted.append(said[2])

    event.listen(wall.engine, "before_cursor_execute", note)
    try:
        send(session, place, ANSWERS)
        session.commit()
    finally:
        event.remove(wall.engine, "before_cursor_execute", note)
    ruling = [text for text in counted if "routing_rule" in text or "precedent" in text]
    assert len(ruling) == 1
    assert sum("UPDATE precedent" in text for text in counted) == 0


# --- why would this go there ---------------------------------------------------------------------------------------


def test_a_trial_shows_everything_that_spoke(session, place):
    made = rule(session, place, category="ENV-TOILET", severity="urgent", hours=2, note="重大活动期间")
    trial = try_route(session, place.office, category="ENV-TOILET", site_id=place.market, severity="urgent", on=DAY)
    assert trial.route.limit == timedelta(hours=2)
    assert [(link.layer, link.effect, link.stands) for link in trial.route.chain] == [
        ("declared", "line", True),
        ("declared", "place", True),
        ("declared", "limit", False),
        ("rule", "limit", True),
    ]
    assert trial.route.chain[-1].id == made.id
    assert trial.names.keys() == {of(place, "sanitation"), place.district.communities[0]}
    with pytest.raises(NotFound):
        try_route(session, place.office, category="ENV-TOILET", site_id=UUID(int=3), on=DAY)
    for bad, field in (({"category": "NO"}, "category"), ({"category": "ENV-BIN", "severity": "x"}, "severity")):
        with pytest.raises(InvalidInput) as refused:
            try_route(session, place.office, site_id=place.market, on=DAY, **bad)
        assert [fault.field for fault in refused.value.faults] == [field]


def test_a_trial_within_reach_only(wall, session, place):
    far = add_site(session, place.district.communities[1], "produce_market", name="别处市场")
    session.commit()
    local = add_actor(wall, place.ref, "hq_office", place.district.communities[0])
    with pytest.raises(NotFound):
        try_route(session, local, category="ENV-TOILET", site_id=far, on=DAY)
