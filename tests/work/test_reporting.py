"""Findings without a form (随手上报): sources, who may use them, where they go, on the spot, by leaders, of the restricted class."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.actors import resolve_actor
from core.work.calendar import ZONE, seed_calendar
from core.work.desk.finding_detail import detail
from core.work.desk.findings import list_findings
from core.work.dispatch.routing_rules import RuleWish, add_rule
from core.work.duties.posts import add_person_with_post
from core.work.intake.patrols import start_patrol
from core.work.intake.reporting import report
from core.work.intake.sources import REPORTABLE, SOURCES
from core.work.loop.history import replay
from core.work.loop.ledger import act, steps_for
from core.work.loop.transitions import PERMISSIONS, TRANSITIONS
from core.work.places.nearby import find_sites, last_sites, metres_between, nearest_sites
from core.work.tables import Attachment, Audit, Finding, FindingCampaign, FindingEvent, FindingLink, Serial
from tenants.db import new_id
from tenants.models import Holding, Post
from tests.factory import add_actor
from tests.work.intake import DAY, DOWN_THE_ROAD, HERE, NEXT_DOOR, Street, bring_in, opening, parts, street
from tests.work.market import THURSDAY

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
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


def replayed(session, finding: Finding):
    events = session.scalars(select(FindingEvent).filter_by(finding_id=finding.id).order_by(FindingEvent.version))
    return replay(events)


# --- the plain way -------------------------------------------------------------------------------------------------


def test_a_grid_workers_report_waits_for_the_desk(session, place):
    finding = bring_in(session, place, photos=place.photos[:2], detail="路边一堆")
    session.commit()
    assert (finding.state, finding.source, finding.basis, finding.version) == ("reported", "snapshot", "self", 1)
    assert (finding.title, finding.title_en) == ("暴露垃圾烟头杂物", "litter, butts, dumped waste")
    assert (finding.unit_id, finding.site_id) == (place.district.communities[0], place.market)
    assert (finding.longitude, finding.latitude) == HERE
    assert finding.number
    assert finding.number.startswith("2026-0")
    found = parts(session, finding)
    assert found["line"].unit_id == place.district.departments["sanitation"]
    assert (found["line"].leading, found["line"].state, found["place"].state) == (True, "informed", "informed")
    assert finding.accept_by == THURSDAY + 24 * HOUR  # the desk's clock
    assert {verb.verb for verb in steps_for(session, place.office, finding, THURSDAY)} >= {"accept", "dispatch"}
    assert steps_for(session, place.town.liaison, finding, THURSDAY) == []
    photos = session.scalars(select(Attachment).where(Attachment.finding_id == finding.id)).all()
    assert [photo.version for photo in photos] == [1, 1]
    again = replayed(session, finding)
    assert (again.state, again.due_at, again.lead, again.outcome) == (
        "reported",
        finding.due_at,
        found["line"].unit_id,
        None,
    )
    line = session.scalars(select(Audit).where(Audit.object_id == str(finding.id))).one()
    assert (line.verb, line.object_kind, line.detail["source"]) == ("finding.report", "finding", "snapshot")


def test_the_desk_dispatches_it_to_the_proposed_unit_with_a_fresh_clock(session, place):
    finding = bring_in(session, place)
    session.commit()
    later = THURSDAY + 3 * HOUR
    done = act(session, place.office, finding.id, "dispatch", version=1, now=later)
    session.commit()
    assert (done.state, done.due_at) == ("dispatched", later + 24 * HOUR)
    assert parts(session, done)["line"].state == "open"
    assert replayed(session, done).lead == place.district.departments["sanitation"]


def test_who_directs_the_work_dispatches_at_once(session, place):
    finding = bring_in(session, place, place.office)
    assert (finding.state, finding.basis) == ("dispatched", "verified")
    assert finding.due_at == THURSDAY + 24 * HOUR
    assert finding.accept_by == THURSDAY + 12 * HOUR
    assert parts(session, finding)["line"].state == "open"


def test_it_belongs_to_the_named_campaigns_and_their_indicators(session, place):
    finding = bring_in(session, place, campaigns=["sanitary_city"])
    keys = session.scalars(select(FindingCampaign.campaign).where(FindingCampaign.finding_id == finding.id)).all()
    assert keys == ["sanitary_city"]
    links = session.scalars(select(FindingLink).where(FindingLink.finding_id == finding.id)).all()
    assert links
    assert {(link.campaign, link.direct) for link in links} == {("sanitary_city", False)}


def test_a_post_for_one_campaign_reports_for_that_one(wall, session, place):
    actor = add_actor(wall, place.ref, "inspector", place.district.root)
    with place.district.session(wall) as other:
        held = other.scalars(select(Holding).where(Holding.person_id == actor.person_id)).one()
        other.scalars(select(Post).where(Post.id == held.post_id)).one().campaign = "sanitary_city"
        other.commit()
    limited = resolve_actor(session, place.ref, actor.person_id, DAY)
    assert limited is not None
    finding = bring_in(session, place, limited)
    session.commit()
    keys = session.scalars(select(FindingCampaign.campaign).where(FindingCampaign.finding_id == finding.id)).all()
    assert keys == ["sanitary_city"]
    assert [row.id for row in list_findings(session, limited, now=THURSDAY).rows if row.id == finding.id]
    with pytest.raises(Forbidden):
        bring_in(session, place, limited, campaigns=["food_safety_city"])


def test_routing_rules_hold_for_reports_too(wall, session, place):
    made = add_rule(session, place.office, RuleWish(category="ORD-STALL", severity="urgent", hours=2), today=DAY)
    finding = bring_in(session, place, place.office, category="ORD-STALL", severity="urgent")
    assert (finding.limit_seconds, finding.working_days) == (7200, 1)
    assert finding.due_at == THURSDAY + 2 * HOUR
    made.valid_to = DAY


# --- where ---------------------------------------------------------------------------------------------------------


def test_a_free_place_lies_in_the_territory_of_the_nearest_site(session, place):
    finding = bring_in(
        session, place, place.office, site_id=None, place="小店门前", longitude=NEXT_DOOR[0], latitude=NEXT_DOOR[1]
    )
    assert (finding.site_id, finding.unit_id, finding.place) == (None, place.district.communities[1], "小店门前")
    session.flush()
    row = next(one for one in list_findings(session, place.office, now=THURSDAY).rows if one.id == finding.id)
    assert row.site_name == "小店门前"


def test_a_chosen_unit_wins_over_the_nearest_site(session, place):
    home = place.district.communities[0]
    finding = bring_in(
        session,
        place,
        place.office,
        site_id=None,
        unit_id=home,
        place="桥下",
        longitude=NEXT_DOOR[0],
        latitude=NEXT_DOOR[1],
    )
    assert finding.unit_id == home


@pytest.mark.parametrize(
    ("where", "field"),
    [
        ({}, "site_id"),
        ({"place": "路口"}, "site_id"),
        ({"longitude": Decimal(100), "latitude": Decimal(10), "place": "远方"}, "site_id"),
        ({"longitude": Decimal("112.56"), "place": "路口"}, "latitude"),
        ({"longitude": Decimal(181), "latitude": Decimal(10), "place": "路口"}, "longitude"),
        ({"longitude": HERE[0], "latitude": HERE[1]}, "place"),
    ],
)
def test_a_place_must_be_told(session, place, where, field):
    with pytest.raises(InvalidInput) as refused:
        bring_in(session, place, place.office, site_id=None, **where)
    assert field in [fault.field for fault in refused.value.faults]


def test_places_out_of_reach_do_not_exist(session, place):
    for where in ({"site_id": place.kiosk}, {"site_id": UUID(int=4)}):
        with pytest.raises(NotFound):
            bring_in(session, place, **where)
    with pytest.raises(NotFound):
        bring_in(session, place, site_id=None, unit_id=place.district.communities[1], place="路口")


def test_sites_nearby_last_and_by_name(session, place):
    near = nearest_sites(session, place.office, HERE, on=DAY)
    assert [(one.id, one.metres) for one in near] == [(place.market, 0), (place.kiosk, 26)]
    assert [one.id for one in nearest_sites(session, place.grid, HERE, on=DAY)] == [place.market]
    assert nearest_sites(session, place.office, (Decimal(100), Decimal(10)), on=DAY) == []
    bring_in(session, place)
    session.commit()
    assert [one.id for one in last_sites(session, place.grid, on=DAY)] == [place.market]
    assert [one.id for one in find_sites(session, place.office, "小店", on=DAY)] == [place.kiosk]
    assert find_sites(session, place.grid, "小店", on=DAY) == []
    assert find_sites(session, place.office, " ", on=DAY) == []
    assert round(metres_between(HERE, DOWN_THE_ROAD)) == 176


# --- once ----------------------------------------------------------------------------------------------------------


def test_the_same_report_again_is_answered_alike_and_another_is_a_conflict(session, place):
    wanted = new_id()
    first = bring_in(session, place, finding_id=wanted, photos=place.photos[:1])
    session.commit()
    again = bring_in(session, place, finding_id=wanted, photos=place.photos[:1], now=THURSDAY + HOUR)
    assert (again.id, again.number, again.opened_at) == (first.id, first.number, THURSDAY)
    for changed in ({"severity": "urgent"}, {"photos": ()}, {"photos": place.photos[:1], "actor": place.office}):
        actor = changed.pop("actor", place.grid)
        with pytest.raises(Conflict):
            bring_in(session, place, actor, finding_id=wanted, **changed)
    counted = select(func.count()).select_from(Finding).where(Finding.id == wanted)
    assert session.scalar(counted) == 1


def test_sixteen_phones_send_the_same_report_and_one_finding_stands(wall, place):
    wanted, numbers, faults = new_id(), [], []
    with place.district.session(wall) as session:
        before = session.scalar(select(Serial.last).where(Serial.series == "finding-2026")) or 0

    def send() -> None:
        try:
            with place.district.session(wall) as session:
                numbers.append(bring_in(session, place, finding_id=wanted).number)
                session.commit()
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=send) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(set(numbers)) == 1
    with place.district.session(wall) as session:
        assert session.scalar(select(Serial.last).where(Serial.series == "finding-2026")) == before + 1
        assert session.scalar(select(func.count()).where(FindingEvent.finding_id == wanted)) == 1


# --- on the spot ---------------------------------------------------------------------------------------------------


def test_what_was_put_right_on_the_spot_is_closed_at_once(session, place):
    finding = bring_in(session, place, photos=place.photos[:1], fixed=place.photos[1:2])
    session.commit()
    assert (finding.state, finding.outcome, finding.closed_at) == ("closed", "on_spot", THURSDAY)
    assert finding.accept_by is None
    said = opening(session, finding)
    assert (said.to_state, said.detail["outcome"]) == ("closed", "on_spot")
    assert (said.detail["photos"], said.detail["fixed"]) == ([place.photos[0]], [place.photos[1]])
    again = replayed(session, finding)
    assert (again.state, again.outcome) == ("closed", "on_spot")
    shown = detail(session, place.office, finding.id, now=THURSDAY)
    assert [str(photo.file_id) for photo in shown.before] == [place.photos[0]]
    assert [str(photo.file_id) for photo in shown.after] == [place.photos[1]]
    assert parts(session, finding)["line"].state == "done"
    reopened = act(session, place.office, finding.id, "reopen", version=1, note="又有了", now=THURSDAY + HOUR)
    assert (reopened.state, reopened.outcome) == ("rectifying", None)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"fixed": ()}, "fixed"),
        ({"photos": ()}, "photos"),
        ({"fixed": ("0" * 64,)}, "fixed"),
        ({"source": "leader", "asked_by": "区长"}, "fixed"),
        ({"due_at": THURSDAY + HOUR}, "due_at"),
        ({"merge_into": UUID(int=1)}, "merge_into"),
    ],
)
def test_on_the_spot_needs_both_photos_and_the_right_source(session, place, changed, field):
    given = {"photos": place.photos[:1], "fixed": place.photos[1:2]} | changed
    with pytest.raises(InvalidInput) as refused:
        bring_in(session, place, place.office, **given)
    assert field in [fault.field for fault in refused.value.faults]


def test_the_same_photo_before_and_after_proves_nothing(session, place):
    with pytest.raises(InvalidInput, match="同一张照片"):
        bring_in(session, place, photos=place.photos[:1], fixed=place.photos[:1])


# --- leaders and the other sources ---------------------------------------------------------------------------------


def test_a_leaders_item_goes_out_at_once_and_closes_only_after_the_report_back(session, place):
    due = datetime(2026, 11, 24, 18, 0, tzinfo=ZONE)
    finding = bring_in(
        session, place, place.town.leader, source="leader", asked_by="区长", due_at=due, photos=place.photos[:1]
    )
    session.commit()
    assert (finding.state, finding.priority, finding.asked_by) == ("dispatched", True, "区长")
    assert (finding.due_at, finding.due_fixed) == (due, True)
    assert finding.working_days == 4  # Thursday 10:00 to Tuesday 18:00: three days and eight hours of working time
    act(session, place.town.liaison, finding.id, "answer", version=1, photos=[place.photos[1]], now=THURSDAY + HOUR)
    session.commit()
    with pytest.raises(Conflict, match="回报交办领导"):
        act(session, place.office, finding.id, "close", version=2, outcome="fixed", now=THURSDAY + 2 * HOUR)
    session.rollback()
    act(session, place.office, finding.id, "report_back", version=2, note="已向区长回报", now=THURSDAY + 2 * HOUR)
    done = act(session, place.office, finding.id, "close", version=3, outcome="fixed", now=THURSDAY + 2 * HOUR)
    session.commit()
    assert done.state == "closed"
    assert replayed(session, done).state == "closed"


def test_each_round_of_a_leaders_order_has_a_report_back_of_its_own(session, place):
    finding = bring_in(session, place, place.town.leader, source="leader", asked_by="区长", photos=place.photos[:1])
    session.commit()
    step = {"now": THURSDAY + HOUR}
    act(session, place.town.liaison, finding.id, "answer", version=1, photos=[place.photos[1]], **step)
    act(session, place.office, finding.id, "report_back", version=2, note="已向区长回报", **step)
    back = act(session, place.office, finding.id, "send_back", version=3, note="还有积水", **step)
    assert back.reported_back_at is None
    act(session, place.town.liaison, finding.id, "answer", version=4, photos=[place.photos[1]], **step)
    with pytest.raises(Conflict, match="回报交办领导"):
        act(session, place.office, finding.id, "close", version=5, outcome="fixed", **step)
    assert "report_back" in [one.verb for one in steps_for(session, place.office, finding, THURSDAY)]
    act(session, place.office, finding.id, "report_back", version=5, note="第二次回报", **step)
    assert replayed(session, finding).told
    done = act(session, place.office, finding.id, "close", version=6, outcome="fixed", **step)
    assert done.state == "closed"
    again = act(session, place.office, finding.id, "reopen", version=7, note="又有了", **step)
    assert again.reported_back_at is None
    assert not replayed(session, again).told


def test_the_office_names_unit_and_deadline_by_hand(session, place):
    lead = place.district.departments["landscape"]
    finding = bring_in(session, place, place.office, source="superior", lead_unit_id=lead)
    assert parts(session, finding)["line"].unit_id == lead
    with pytest.raises(InvalidInput, match="没有这个单位"):
        bring_in(session, place, place.office, lead_unit_id=place.district.root)
    for by_hand in ({"lead_unit_id": lead}, {"due_at": THURSDAY + HOUR}, {"priority": True}):
        with pytest.raises(Forbidden, match="由创建办确定"):
            bring_in(session, place, **by_hand)


@pytest.mark.parametrize("due", [THURSDAY, THURSDAY - HOUR, THURSDAY + timedelta(days=400)])
def test_a_deadline_in_the_past_or_beyond_all_plans_is_refused(session, place, due):
    with pytest.raises(InvalidInput, match="期限不对"):
        bring_in(session, place, place.office, source="leader", asked_by="区长", due_at=due)


def test_every_source_asks_for_its_own_and_is_used_by_its_own_posts(session, place):
    """The table of sources is the rule: whoever lacks its verbs is refused, whoever has one is not."""
    people = {
        "grid_worker": place.grid,
        "hq_office": place.office,
        "leader": place.town.leader,
        "inspector": place.town.inspector,
        "liaison": add_actor_here(session, place),
        "discipline": place.conduct,
    }
    for code in REPORTABLE:
        source = SOURCES[code]
        for name, actor in people.items():
            given = {"source": code}
            if "asked_by" in source.asks:
                given["asked_by"] = "区长"
            if "patrol_id" in source.asks:
                continue
            may_use = any(actor.has(verb) for verb in source.verbs)
            may_use = may_use and (not source.restricted or actor.has("restricted"))
            if may_use:
                found = bring_in(session, place, actor, **given)
                assert (found.source, found.restricted) == (code, source.restricted), (code, name)
                if source.basis:
                    assert found.basis == source.basis
            else:
                with pytest.raises(Forbidden):
                    bring_in(session, place, actor, **given)
        session.rollback()
    for code in ("congress", "expert"):
        with pytest.raises(InvalidInput, match="没有写明是哪个机构"):
            bring_in(session, place, place.office, source=code)
    with pytest.raises(InvalidInput, match="没有写明交办领导"):
        bring_in(session, place, place.office, source="leader")
    with pytest.raises(InvalidInput, match="没有选巡查班次"):
        bring_in(session, place, source="patrol")


def add_actor_here(session, place: Street):
    """The liaison of the market's community, as a person who reports on himself."""
    person = add_person_with_post(
        session,
        None,
        name="社区联络员",
        unit_id=place.district.communities[0],
        role="liaison",
        title="联络员",
        today=DAY,
    )
    session.commit()
    found = resolve_actor(session, place.ref, person.id, DAY)
    assert found
    return found


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"source": "visit"}, "source"),
        ({"source": "rumour"}, "source"),
        ({"category": "NO-SUCH"}, "category"),
        ({"severity": "dire"}, "severity"),
        ({"campaigns": ["no_such_city"]}, "campaigns"),
        ({"photos": ["0" * 64]}, "photos"),
        ({"title": "题" * 201}, "title"),
        ({"detail": "a\x00b"}, "detail"),
        ({"merge_into": UUID(int=1)}, "merge_into"),
    ],
)
def test_bad_reports_name_the_field_and_the_remedy(session, place, changed, field):
    with pytest.raises(InvalidInput) as refused:
        bring_in(session, place, place.office, **changed)
    assert field in [fault.field for fault in refused.value.faults]
    assert all(fault.remedy for fault in refused.value.faults)


def test_all_faults_come_at_once(session, place):
    with pytest.raises(InvalidInput) as refused:
        report(session, place.office, source="rumour", category="NO", severity="dire", now=THURSDAY)
    assert {fault.field for fault in refused.value.faults} == {"source", "category", "severity", "site_id"}


def test_a_patrols_report_is_counted_for_its_shift(session, place):
    patrol = start_patrol(session, place.grid, unit_id=place.district.communities[0], members={}, now=THURSDAY - HOUR)
    session.commit()
    finding = bring_in(session, place, source="patrol", patrol_id=patrol.id)
    assert finding.patrol_id == patrol.id
    with pytest.raises(NotFound):
        bring_in(session, place, place.office, source="patrol", patrol_id=patrol.id)
    patrol.ended_at = THURSDAY
    session.flush()
    with pytest.raises(Conflict, match="早已结束"):
        bring_in(session, place, source="patrol", patrol_id=patrol.id, now=THURSDAY + 30 * HOUR)


# --- the restricted class ------------------------------------------------------------------------------------------


def test_conduct_goes_to_trusted_hands_only(session, place):
    finding = bring_in(session, place, place.conduct, source="conduct", category="SRV-STAFF", title="窗口推诿")
    session.commit()
    assert (finding.restricted, finding.state, finding.basis) == (True, "dispatched", "verified")
    assert finding.number == "2026-J00001"
    found = parts(session, finding)
    assert {kind: part.unit_id for kind, part in found.items()} == {"line": place.district.street}
    for actor in (place.office, place.grid, place.town.leader, place.town.liaison, place.town.inspector):
        assert finding.id not in [row.id for row in list_findings(session, actor, now=THURSDAY).rows]
    for actor in (place.conduct, place.trusted):
        assert finding.id in [row.id for row in list_findings(session, actor, now=THURSDAY).rows]
    assert {step.verb for step in steps_for(session, place.trusted, finding, THURSDAY)} >= {"take", "answer"}
    line = session.scalars(select(Audit).where(Audit.object_id == str(finding.id))).one()
    assert line.object_kind == "conduct"
    taken = act(session, place.trusted, finding.id, "take", version=1, now=THURSDAY + HOUR)
    assert taken.state == "taken"
    session.flush()
    kinds = set(session.scalars(select(Audit.object_kind).where(Audit.object_id == str(finding.id))))
    assert kinds == {"conduct"}


def test_restricted_by_hand_needs_the_right_and_a_liaison(wall, session, place):
    with pytest.raises(Forbidden, match="作风纪律"):
        bring_in(session, place, place.office, restricted=True)
    department = place.district.departments["market_regulator"]
    with pytest.raises(InvalidInput, match="联络员"):
        bring_in(session, place, place.conduct, source="conduct", lead_unit_id=department)
    add_actor(wall, place.ref, "discipline_liaison", department)
    finding = bring_in(session, place, place.conduct, source="conduct", lead_unit_id=department)
    assert parts(session, finding)["line"].unit_id == department


def test_the_ledgers_own_leader_steps_fit_the_source(session):
    """What the table of transitions asks of a leader's item is the source's own code."""
    assert TRANSITIONS["report_back"].source in SOURCES
    assert PERMISSIONS["leader"] in SOURCES["leader"].verbs
