"""What waits for whom beside findings (待办与提醒): re-inspections, checks of similar sites, doubts, whistles, outside answers."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.work.calendar import local_day
from core.work.desk.inbox import count_kinds, tally_kinds
from core.work.desk.inbox_rows import Duty, read_duties
from core.work.loop.clocks import end_of
from core.work.loop.ledger import act
from core.work.proofs.contacts import make_link
from core.work.proofs.hand_ons import answer_item, hand_on, judge_item
from core.work.proofs.recheck_notes import remind_rechecks
from core.work.proofs.rechecks import plan_recheck, settle_recheck
from core.work.proofs.sampling import Wanted, draw
from core.work.proofs.sweep_waiting import sites_to_see
from core.work.proofs.sweeps import close, plan, tick_site
from core.work.tables import Contact, Finding, FindingCampaign, Note, Outbox, Recheck, Signal, Site
from core.work.whistling.whistle_blowing import Wanted as Called
from core.work.whistling.whistle_blowing import blow
from core.work.whistling.whistles import act as whistle_act
from tenants.access import Actor
from tenants.db import new_id
from tests.factory import add_actor, add_site
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town
from tests.work.pictures import jpeg

NOW = THURSDAY + timedelta(days=1)
DUE = local_day(NOW) + timedelta(days=7)
LATE = THURSDAY + timedelta(days=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def place(wall, folder) -> Town:
    made = town(wall, folder, "待办明细区")
    ref, district = made.district.ref, made.district
    made.people["second"] = add_actor(wall, ref, "inspector", district.root, "第二检查员")
    made.people["far"] = add_actor(wall, ref, "grid_worker", district.communities[1], "邻社区网格员")
    made.people["colleague"] = add_actor(wall, ref, "liaison", made.lead, "同事")
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened
        opened.rollback()


def told(session, actor: Actor, kind: str) -> list[Note]:
    wanted = select(Note).where(Note.person_id == actor.person_id, Note.kind == kind).order_by(Note.created_at, Note.id)
    return list(session.scalars(wanted))


def count(session, actor: Actor, kind: str, now=NOW) -> int:
    return count_kinds(session, actor, now).get(kind, 0)


def only(session, actor: Actor, kind: str, now=NOW) -> Duty:
    (found,) = read_duties(session, actor, kind, now, limit=9)
    return found


# --- re-inspections


def test_a_draw_tells_those_who_are_to_look(session, place) -> None:
    for _ in range(6):
        lay_finding(session, place, "closed")
    pool = [place.people["inspector"].person_id, place.people["second"].person_id]
    day = THURSDAY.date()
    draw(session, place.people["office"], Wanted(day, day, 100, "5eed", pool), title="抽样", due_on=DUE, now=NOW)
    for who in ("inspector", "second"):
        (note,) = told(session, place.people[who], "recheck")
        assert note.params == {"count": 3, "day": DUE.isoformat()}
        assert count(session, place.people[who], "recheck") == 3
    assert told(session, place.people["office"], "recheck") == [], "who drew it knows"


def test_one_re_inspection_tells_whom_it_names_or_whoever_checks(session, place) -> None:
    named, nobodys = lay_finding(session, place, "closed"), lay_finding(session, place, "closed")
    checker = place.people["discipline"]
    inspector = place.people["inspector"]
    plan_recheck(session, place.people["office"], named.id, person_id=inspector.person_id, due_on=DUE, now=NOW)
    (note,) = told(session, inspector, "recheck")
    found = session.scalars(select(Recheck).where(Recheck.finding_id == named.id)).one()
    assert (note.object_kind, note.object_id) == ("recheck", str(found.id))
    duty = only(session, inspector, "recheck")
    assert (duty.about, duty.id, duty.step) == ("recheck", found.id, "recheck")
    assert duty.place == session.get_one(Site, (session.tenant_id, place.site)).name, "where to go"
    assert duty.due_at == end_of(DUE)
    before = count(session, checker, "recheck")
    plan_recheck(session, place.people["office"], nobodys.id, person_id=None, due_on=DUE, now=NOW)
    assert count(session, checker, "recheck") == before + 1
    assert len(told(session, checker, "recheck")) == 1
    assert count(session, inspector, "recheck") == 1, "he does not check there"


def test_re_inspections_are_called_to_mind_on_the_day_and_after_it_once(session, place) -> None:
    inspector = place.people["inspector"]
    finding = lay_finding(session, place, "closed")
    found = plan_recheck(
        session, place.people["office"], finding.id, person_id=inspector.person_id, due_on=DUE, now=NOW
    )
    on_the_day = end_of(DUE) - timedelta(hours=12)
    assert remind_rechecks(session, on_the_day - timedelta(days=1)) == 0
    assert [remind_rechecks(session, on_the_day) for _ in range(2)] == [1, 0]
    assert [remind_rechecks(session, on_the_day + timedelta(days=1)) for _ in range(2)] == [1, 0]
    assert len(told(session, inspector, "recheck")) == 3
    late = only(session, inspector, "recheck", on_the_day + timedelta(days=1))
    assert late.late
    settle_recheck(session, inspector, found.id, "stable", now=LATE)
    assert remind_rechecks(session, LATE) == 0
    assert count(session, inspector, "recheck", LATE) == 0


# --- checks of similar sites


@pytest.fixture
def similar(session, place) -> tuple[UUID, UUID]:
    """One market in each of two communities, beside the town's own."""
    first = add_site(session, place.place, "MKT", name="东市场")
    second = add_site(session, place.district.communities[1], "MKT", name="西市场")
    return first, second


def test_a_check_of_similar_sites_reaches_those_who_go_there(session, place, similar) -> None:
    people = place.people
    finding = lay_finding(session, place, "rectifying")
    sweep = plan(session, people["office"], finding.id, sites=similar, due_on=DUE, now=NOW)
    for who in ("inspector", "second", "grid_worker", "far"):
        (note,) = told(session, people[who], "sweep.plan")
        assert (note.object_kind, note.object_id) == ("sweep", str(sweep.id))
        assert only(session, people[who], "sweep").id == sweep.id
    for who in ("office", "assessor", "liaison", "leader"):
        assert not told(session, people[who], "sweep.plan"), who
        assert count(session, people[who], "sweep") == 0, who
    assert [one.name for one in sites_to_see(session, people["grid_worker"], NOW, limit=9)] == ["东市场"]
    assert {one.name for one in sites_to_see(session, people["inspector"], NOW, limit=9)} == {"东市场", "西市场"}
    tick_site(session, people["grid_worker"], sweep.id, similar[0], note="都看了", now=NOW)
    assert count(session, people["grid_worker"], "sweep") == 0, "his sites are done"
    assert sites_to_see(session, people["grid_worker"], NOW, limit=9) == []
    assert count(session, people["far"], "sweep") == count(session, people["inspector"], "sweep") == 1


def test_a_check_that_is_late_says_so_and_comes_back_to_who_planned_it(session, place, similar) -> None:
    people = place.people
    finding = lay_finding(session, place, "rectifying")
    sweep = plan(session, people["office"], finding.id, sites=similar, due_on=DUE, now=NOW)
    assert not only(session, people["inspector"], "sweep").late
    assert only(session, people["inspector"], "sweep", LATE).late
    assert tally_kinds(session, people["inspector"], LATE)["sweep"].late == 1
    assert tally_kinds(session, people["inspector"], NOW)["sweep"].earliest == end_of(DUE)
    mine = only(session, people["office"], "sweep", LATE)
    assert (mine.step, mine.late) == ("end_sweep", True)
    close(session, people["office"], sweep.id, now=LATE)
    for who in ("office", "inspector"):
        assert count(session, people[who], "sweep", LATE) == 0


def test_a_finding_of_the_kind_counts_as_a_look(session, place, similar) -> None:
    people = place.people
    finding = lay_finding(session, place, "rectifying")
    plan(session, people["office"], finding.id, sites=similar[:1], due_on=DUE, now=NOW)
    assert count(session, people["grid_worker"], "sweep") == 1
    more = lay_finding(session, place, "reported")
    more.site_id, more.opened_at = similar[0], NOW + timedelta(hours=1)
    session.flush()
    assert count(session, people["grid_worker"], "sweep", NOW + timedelta(hours=2)) == 0


# --- doubts


def test_a_doubt_waits_for_those_who_may_settle_it(session, place) -> None:
    finding = lay_finding(session, place, "answered")
    session.add(Signal(key=f"burst:{new_id()}", kind="burst", finding_id=finding.id, unit_id=place.lead))
    session.flush()
    duty = only(session, place.people["office"], "doubt")
    assert (duty.about, duty.step, duty.code) == ("doubt", "settle", "burst")
    assert duty.place == session.get_one(Site, (session.tenant_id, place.site)).name
    assert count(session, place.people["inside"], "doubt") == 0, "his own unit led"
    for who in ("liaison", "inspector", "leader"):
        assert "doubt" not in count_kinds(session, place.people[who], NOW), who
    finding.restricted = True
    session.flush()
    assert count(session, place.people["office"], "doubt") == 0
    assert count(session, place.people["discipline"], "doubt") == 1


# --- whistles that were escalated


def test_an_escalated_whistle_waits_for_a_leaders_word(session, place) -> None:
    leader, caller = place.people["leader"], place.people["place"]
    whistle = blow(session, caller, Called(place.place, [place.lead], "污水外溢", "一号院"), now=NOW)
    assert count(session, leader, "word") == 0
    whistle_act(session, caller, whistle.id, "escalate", version=1, note="没有人来", now=NOW + timedelta(hours=2))
    later = NOW + timedelta(hours=3)
    duty = only(session, leader, "word", later)
    assert (duty.about, duty.id, duty.step) == ("whistle", whistle.id, "instruct")
    assert count(session, place.people["office"], "word", later) == 0, "there is a leader"
    whistle_act(session, leader, whistle.id, "instruct", version=2, note="立即到场", now=later)
    assert count(session, leader, "word", later) == 0


def test_a_whistle_that_names_a_leader_waits_for_him_alone(session, wall, place) -> None:
    leader, caller = place.people["leader"], place.people["place"]
    other = place.people.get("other leader") or add_actor(
        wall, place.district.ref, "leader", place.district.root, "另一位领导"
    )
    place.people["other leader"] = other
    whistle = blow(session, caller, Called(place.place, [place.lead], "垃圾堆积", "二号院"), now=NOW)
    given = {"version": 1, "note": "没有人来", "leader_id": other.person_id, "now": NOW + timedelta(hours=2)}
    whistle_act(session, caller, whistle.id, "escalate", **given)
    assert [count(session, one, "word", LATE) for one in (leader, other)] == [0, 1]


# --- what was handed on outside


def test_an_outside_answer_tells_the_sender_and_waits_for_his_whole_unit(session, place, folder) -> None:
    people = place.people
    finding = lay_finding(session, place, "rectifying")
    contact = Contact(kind="property", name="一号院物业", unit_id=place.lead)
    session.add(contact)
    session.flush()
    row = hand_on(session, people["liaison"], [finding.id], contact.id, asked="请清运", now=NOW)[0]
    link, _ = make_link(session, people["liaison"], contact.id, now=NOW, days=14)
    given = {"note": "已清", "photos": [jpeg(seed=7)], "files": folder, "now": NOW}
    answer_item(session, place.district.ref, link, contact, row.id, **given)
    (note,) = told(session, people["liaison"], "hand_on.answered")
    assert note.params["contact"] == "一号院物业"
    assert note.object_id == str(finding.id)
    for who in ("liaison", "colleague"):
        duty = only(session, people[who], "handed")
        assert (duty.about, duty.id) == ("handed", finding.id)
    assert count(session, people["stranger"], "handed") == 0
    judge_item(session, people["colleague"], row.id, "accepted", now=NOW)
    assert count(session, people["liaison"], "handed") == 0


# --- by campaign, and in one transaction


def test_duties_of_one_campaign(session, place) -> None:
    office = place.people["office"]
    for key in ("sanitary_city", "sanitary_city", "civilized_city"):
        finding = lay_finding(session, place, "answered")
        session.add(FindingCampaign(finding_id=finding.id, campaign=key))
        session.add(Signal(key=str(new_id()), kind="burst", finding_id=finding.id))
    session.flush()
    for kind in ("check", "doubt"):
        assert tally_kinds(session, office, NOW, "sanitary_city")[kind].count == 2, kind
        duties = read_duties(session, office, kind, NOW, limit=9, campaign="civilized_city")
        assert [one.campaigns for one in duties] == [("civilized_city",)], kind
        assert tally_kinds(session, office, NOW)[kind].count == 3, kind
    assert tally_kinds(session, office, NOW, "sanitary_city")["appeal"].count == 0


def test_counts_and_tallies_agree(session, place) -> None:
    for state in ("dispatched", "answered", "reported", "closed"):
        finding = lay_finding(session, place, state)
        session.add(Signal(key=str(new_id()), kind="burst", finding_id=finding.id))
    session.flush()
    for who in place.people.values():
        tallies = tally_kinds(session, who, LATE)
        assert {code: one.count for code, one in tallies.items()} == count_kinds(session, who, LATE), who.name
        for code, one in tallies.items():
            rows = read_duties(session, who, code, LATE, limit=99)
            assert (len(rows), sum(row.late for row in rows)) == (one.count, one.late), (who.name, code)
            assert min((row.due_at for row in rows if row.due_at), default=None) == one.earliest, (who.name, code)


def test_a_step_that_is_rolled_back_leaves_neither_note_nor_outbox_line(wall, place) -> None:
    """The step, its notes and the lines that carry them further stand or fall together."""
    with place.district.session(wall) as session:
        finding = lay_finding(session, place, "extension_asked").id
        session.commit()

    def sums(opened) -> list[int]:
        return [opened.scalar(select(func.count()).select_from(table)) for table in (Note, Outbox)]

    with place.district.session(wall) as session:
        before = sums(session)
        act(session, place.people["office"], finding, "grant", version=1, now=NOW)
        assert all(now > then for now, then in zip(sums(session), before, strict=True)), "written in the step"
        session.rollback()
    with place.district.session(wall) as session:
        assert sums(session) == before
        assert session.get_one(Finding, (session.tenant_id, finding)).state == "extension_asked"
        act(session, place.people["office"], finding, "grant", version=1, now=NOW)
        session.commit()
    with place.district.session(wall) as session:
        after = sums(session)
        assert after[0] == after[1] > before[0] == before[1], "a line of the outbox for each note"


def test_keys_turn_every_page_once(session, place) -> None:
    """Any kind's keys lead through all of it, whatever shares a deadline."""
    office, inspector = place.people["office"], place.people["inspector"]
    for n in range(5):
        finding = lay_finding(session, place, "closed")
        session.add(Signal(key=str(new_id()), kind="burst", finding_id=finding.id, raised_at=NOW))
        plan_recheck(
            session, office, finding.id, person_id=inspector.person_id, due_on=DUE + timedelta(days=n // 2), now=NOW
        )
        lay_finding(session, place, "answered")
    session.flush()
    for who, kind in ((office, "doubt"), (office, "check"), (inspector, "recheck")):
        seen: list[UUID] = []
        after = None
        while rows := read_duties(session, who, kind, NOW, limit=2, after=after):
            seen += [row.id for row in rows]
            after = rows[-1].keys
        assert len(seen) == len(set(seen)) == 5, kind
