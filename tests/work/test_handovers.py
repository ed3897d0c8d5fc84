"""Hand-over: posts and open items pass in one step, every finding tells it, and a record remains."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.actors import resolve_actor
from core.work.duties.handovers import get_handover, hand_over, handovers_of, preview_handover
from core.work.duties.people import get_person
from core.work.duties.sponsor_keeping import Wish, begin_sponsorship
from core.work.duties.sponsoring import sponsors_on
from core.work.tables import (
    Contact,
    ContactLink,
    Finding,
    FindingEvent,
    HandOn,
    Handover,
    Part,
    Recheck,
    Sponsorship,
    Whistle,
)
from tenants.db import new_id, now
from tenants.models import Holding
from tenants.scope import Wall
from tests.factory import add_actor
from tests.work.duty_stage import DAY, MORNING, TODAY, a_finding, nobody, set_stage, somebody


@pytest.fixture(scope="module")
def stage(wall: Wall):
    return set_stage(wall)


@pytest.fixture
def session(wall: Wall, stage):
    with stage.district.session(wall) as opened:
        yield opened
        opened.rollback()


def posts_of(session, person, on=TODAY):
    return [post.post_id for post in get_person(session, person.id, on=on).posts]


def full_hands(session, stage, person):
    """One of everything that can be open in a person's name."""
    finding = a_finding(session, stage.market, stage.homes[0], person.id)
    closed = a_finding(session, stage.market, stage.homes[0], person.id, state="closed", closed_at=MORNING)
    recheck = Recheck(finding_id=closed, person_id=person.id, due_on=TODAY + DAY)
    done = Recheck(finding_id=closed, person_id=person.id, due_on=TODAY, state="stable")
    contact = Contact(kind="property", name="物业", unit_id=stage.homes[0])
    session.add_all([recheck, done, contact])
    session.flush()
    sent = HandOn(finding_id=finding, contact_id=contact.id, person_id=person.id)
    token = {"contact_id": contact.id, "person_id": person.id}
    link = ContactLink(**token, token_sha256=new_id().bytes, expires_at=now() + timedelta(days=2))
    over = ContactLink(**token, token_sha256=new_id().bytes, expires_at=now() - timedelta(days=2))
    clock = {"arrive_by": MORNING, "person_id": person.id, "leader_id": person.id, "matter": "积水", "place": "路口"}
    whistle = Whistle(number="W1", caller_unit_id=stage.street, unit_id=stage.homes[0], **clock)
    session.add_all([sent, link, over, whistle])
    wish = Wish("officer", person.id, object_unit_id=stage.homes[0], field="市容", title="组长", document="一号文")
    sponsorship = begin_sponsorship(session, None, wish, today=TODAY - 40 * DAY)
    session.flush()
    return finding, closed, recheck, done, sent, link, over, whistle, sponsorship


def test_everything_passes_in_one_step_and_a_record_remains(session, stage) -> None:
    old = somebody(session, "张老", stage.homes[0], "liaison", until=TODAY + 90 * DAY)
    new = nobody(session, "李新")
    finding, closed, recheck, done, sent, link, over, whistle, sponsorship = full_hands(session, stage, old)
    posts = posts_of(session, old)
    before = preview_handover(session, None, old.id, new.id, posts=posts, on=TODAY, today=TODAY)
    assert before.items.counts == {
        "findings": 1,
        "rechecks": 1,
        "sponsorships": 1,
        "hand_ons": 1,
        "links": 1,
        "whistles": 1,
    }
    assert session.scalars(select(Handover)).all() == []
    row = hand_over(session, None, old.id, new.id, posts=posts, on=TODAY, note="调任", today=TODAY, now=MORNING)
    session.expire_all()
    assert get_person(session, old.id, on=TODAY).posts == ()
    held = get_person(session, new.id, on=TODAY).posts
    assert [(p.post_id, p.valid_from, p.until) for p in held] == [(posts[0], TODAY, TODAY + 90 * DAY)]
    actor = resolve_actor(session, stage.district.ref, new.id, TODAY)
    assert actor is not None
    assert actor.roles() == {"liaison"}
    parts = dict(session.execute(select(Part.finding_id, Part.assignee_id)).all())
    assert (parts[finding], parts[closed]) == (new.id, old.id)
    assert (recheck.person_id, done.person_id) == (new.id, old.id)
    assert (sent.person_id, link.person_id, over.person_id) == (new.id, new.id, old.id)
    assert (whistle.leader_id, whistle.person_id) == (new.id, old.id)
    assert sponsorship.valid_to == TODAY
    assert row.body["posts"][0]["title"] == "联络员"
    assert (row.body["from"], row.body["to"]) == ("张老", "李新")
    assert row.body["findings"] == [str(finding)]
    assert (
        [one.id for one in handovers_of(session, old.id)]
        == [row.id]
        == [one.id for one in handovers_of(session, new.id)]
    )
    assert get_handover(session, row.id) is row
    with pytest.raises(NotFound):
        get_handover(session, new_id())


def test_each_moved_finding_says_so_in_its_history_once(session, stage) -> None:
    old, new = somebody(session, "张二", stage.homes[0]), nobody(session, "李二")
    moved = [a_finding(session, stage.market, stage.homes[0], old.id) for _ in range(3)]
    other = a_finding(session, stage.market, stage.homes[0], nobody(session, "旁人").id)
    hand_over(session, None, old.id, new.id, posts=posts_of(session, old), on=TODAY, note="", today=TODAY, now=MORNING)
    rows = session.execute(select(FindingEvent.finding_id, FindingEvent.version, FindingEvent.note)).all()
    told = {finding: (version, note) for finding, version, note in rows if version == 2}
    assert set(told) == set(moved)
    assert all(note == "张二 → 李二" for _, note in told.values())
    session.expire_all()
    versions = dict(session.execute(select(Finding.id, Finding.version)).all())
    assert [versions[one] for one in (*moved, other)] == [2, 2, 2, 1]


def test_the_sponsor_of_each_day_stays_the_one_who_was(session, stage) -> None:
    old, new = somebody(session, "包老", stage.homes[1]), nobody(session, "包新")
    wish = Wish("leader", old.id, object_unit_id=stage.homes[1])
    begin_sponsorship(session, None, wish, today=TODAY - 40 * DAY)
    hand_over(session, None, old.id, new.id, posts=(), on=TODAY, note="", today=TODAY, kinds=("sponsorships",))
    session.flush()

    def sponsors(day):
        return [line.person_name for line in sponsors_on(session, unit_id=stage.homes[1], on=day)]

    assert (sponsors(TODAY - DAY), sponsors(TODAY), sponsors(TODAY + DAY)) == (["包老"], ["包新"], ["包新"])
    assert posts_of(session, old) != []


def test_only_the_chosen_posts_and_kinds_pass(session, stage) -> None:
    old, new = somebody(session, "张三", stage.homes[0]), nobody(session, "李三")
    kept = somebody(session, "占位", stage.street)
    second = get_person(session, kept.id, on=TODAY).posts[0].post_id
    session.add(Holding(person_id=old.id, post_id=second, valid_from=TODAY))
    finding = a_finding(session, stage.market, stage.homes[0], old.id)
    full = {"on": TODAY, "note": "", "today": TODAY}
    row = hand_over(session, None, old.id, new.id, posts=[second], kinds=("rechecks",), **full)
    assert posts_of(session, new) == [second]
    assert len(posts_of(session, old)) == 1
    assert session.scalar(select(Part.assignee_id).where(Part.finding_id == finding)) == old.id
    assert "findings" not in row.body


def test_a_successor_who_holds_the_post_or_link_already_keeps_his_own(session, stage) -> None:
    old = somebody(session, "双一", stage.homes[0])
    new = somebody(session, "双二", stage.homes[0])
    shared = posts_of(session, old)
    assert shared == posts_of(session, new)
    for person in (old, new):
        begin_sponsorship(session, None, Wish("officer", person.id, object_unit_id=stage.homes[0]), today=TODAY - DAY)
    seen = preview_handover(session, None, old.id, new.id, posts=shared, on=TODAY, today=TODAY)
    assert seen.both == tuple(shared)
    hand_over(session, None, old.id, new.id, posts=shared, on=TODAY, note="", today=TODAY)
    rows = session.scalars(select(Holding).where(Holding.person_id == new.id)).all()
    assert [(row.valid_from, row.valid_to) for row in rows] == [(TODAY, None)]
    links = session.scalars(select(Sponsorship).where(Sponsorship.person_id == new.id)).all()
    assert [(one.valid_from, one.valid_to) for one in links] == [(TODAY - DAY, None)]


def test_a_restricted_finding_passes_only_to_who_may_see_it_and_is_never_told(session, stage, wall: Wall) -> None:
    admin = add_actor(wall, stage.district.ref, "administrator", stage.district.root)
    old = somebody(session, "督导老", stage.street, "discipline_liaison")
    plain, trusted = nobody(session, "普通"), somebody(session, "督导新", stage.street, "discipline_liaison")
    secret = a_finding(session, stage.market, stage.homes[0], old.id, restricted=True)
    known = a_finding(session, stage.market, stage.homes[0], old.id)
    wish = {"posts": (), "on": TODAY, "today": TODAY, "kinds": ("findings",)}
    for successor in (plain, trusted):
        seen = preview_handover(session, admin, old.id, successor.id, **wish)
        assert seen.items.of("findings") == (known,)
    hand_over(session, admin, old.id, plain.id, note="", **wish)
    owner = dict(session.execute(select(Part.finding_id, Part.assignee_id)).all())
    assert (owner[secret], owner[known]) == (old.id, plain.id)
    hand_over(session, None, old.id, trusted.id, note="", **wish)
    owner = dict(session.execute(select(Part.finding_id, Part.assignee_id)).all())
    assert owner[secret] == trusted.id


def test_what_cannot_be_is_refused_and_nothing_moves(session, stage, wall: Wall) -> None:
    old, new = somebody(session, "张四", stage.homes[0]), nobody(session, "李四")
    posts = posts_of(session, old)
    foreign = posts_of(session, somebody(session, "别岗", stage.street))
    finding = a_finding(session, stage.market, stage.homes[0], old.id)
    good = {"posts": posts, "on": TODAY, "note": "", "today": TODAY}

    def refused(kind, to=new.id, **change) -> None:
        with pytest.raises(kind):
            hand_over(session, change.pop("actor", None), old.id, to, **(good | change))

    refused(InvalidInput, to=old.id)
    refused(NotFound, to=new_id())
    refused(InvalidInput, posts=foreign)
    refused(InvalidInput, on=TODAY + DAY)
    refused(InvalidInput, on=TODAY - 32 * DAY)
    refused(InvalidInput, on=TODAY - DAY)  # he did not hold it then
    refused(InvalidInput, posts=(), kinds=("whistles",))
    refused(InvalidInput, note="x" * 3000)
    refused(Forbidden, actor=add_actor(wall, stage.district.ref, "liaison", stage.district.root))
    refused(Forbidden, actor=add_actor(wall, stage.district.ref, "administrator", stage.homes[1]))
    new.state = "inactive"
    refused(Conflict)
    assert session.scalar(select(Part.assignee_id).where(Part.finding_id == finding)) == old.id
    assert posts_of(session, old) == posts


def test_the_last_administrator_may_hand_over_but_not_vanish(wall: Wall) -> None:
    stage = set_stage(wall)
    with stage.district.session(wall) as session:
        chief = somebody(session, "总管", stage.district.root, "administrator")
        heir = nobody(session, "新总管")
        hand_over(session, None, chief.id, heir.id, posts=posts_of(session, chief), on=TODAY, note="", today=TODAY)
        actor = resolve_actor(session, stage.district.ref, heir.id, TODAY)
        assert actor is not None
        assert actor.roles() == {"administrator"}
