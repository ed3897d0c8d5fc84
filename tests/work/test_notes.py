"""Notes: who is told of what, and who never is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.work.loop.announcing import TEXTS, announce_visit
from core.work.loop.ledger import act, act_by_system
from core.work.loop.transitions import TRANSITIONS
from core.work.papers.notes import MOST, list_notes, mark_read, mark_seen, tell, unread_count
from core.work.tables import FindingCampaign, Note, Outbox
from tenants.models import Holding, Person, Post
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor
from tests.work.ledger_town import THURSDAY, Town, given_for, lay_finding, town
from tests.work.market import ANSWERS, FAILED, send
from tests.work.market import town as market_town


@pytest.fixture(scope="module")
def place(wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Town:
    return town(wall, tmp_path_factory.mktemp("files"), "提醒区")


@pytest.fixture
def session(wall: Wall, place: Town):
    with place.district.session(wall) as found:
        yield found
        found.rollback()


def told(session: ScopedSession, place: Town, since: int = 0) -> dict[str, list[str]]:
    """Person -> the kinds of his notes, by the names of the town."""
    names = {actor.person_id: name for name, actor in place.people.items()}
    found: dict[str, list[str]] = {}
    for note in session.scalars(select(Note).order_by(Note.id)):
        found.setdefault(names[note.person_id], []).append(note.kind)
    return found


def say(session: ScopedSession, **more: object) -> int:
    given = {"kind": "test", "text": "共 {count} 件", "params": {"count": 2}, "now": THURSDAY} | more
    return tell(session, **given)  # type: ignore[arg-type]  # the test's own shorthand


def test_the_holders_at_the_unit_are_told_and_once_each(session: ScopedSession, place: Town) -> None:
    liaison = place.people["liaison"]
    # the conduct liaison officer answers for the unit too
    assert say(session, unit_ids=[place.lead], person_ids=[liaison.person_id]) == 2
    assert told(session, place) == {"liaison": ["test"], "discipline_liaison": ["test"]}
    sent = session.scalars(select(Outbox)).all()
    assert {row.person_id for row in sent} == {liaison.person_id, place.people["discipline_liaison"].person_id}
    assert sent[0].body["text"] == "共 {count} 件"
    assert sent[0].body["params"] == {"count": 2}


def test_where_nobody_is_the_nearest_above_is_told(session: ScopedSession, place: Town) -> None:
    assert say(session, unit_ids=[place.district.communities[1]]) == 0, "nobody answers above the second community"
    assert say(session, unit_ids=[place.district.communities[1]], verb="direct") == 2
    assert set(told(session, place)) == {"office", "discipline"}


def test_nearest_means_the_own_unit_first(session: ScopedSession, place: Town) -> None:
    say(session, unit_ids=[place.place], verb="check")
    assert set(told(session, place)) == {"office", "discipline"}, "nobody checks at the community, so those above"


def test_restricted_matters_reach_only_those_who_may_see_them(session: ScopedSession, place: Town) -> None:
    say(session, unit_ids=[place.lead], restricted=True, person_ids=[place.people["liaison"].person_id])
    assert told(session, place) == {"discipline_liaison": ["test"]}


def test_nobody_is_told_what_he_did_himself_nor_who_left(session: ScopedSession, place: Town) -> None:
    liaison = place.people["liaison"]
    assert say(session, unit_ids=[place.lead], but=liaison.person_id) == 1
    session.get_one(Person, (place.district.ref.id, place.people["helper"].person_id)).state = "left"
    holding = session.scalars(select(Holding).where(Holding.person_id == place.people["stranger"].person_id)).one()
    holding.valid_to = date(2026, 11, 19)
    session.flush()
    assert say(session, unit_ids=[place.helper, place.other]) == 0
    assert say(session, person_ids=[place.people["helper"].person_id]) == 0


def test_a_post_for_one_campaign_hears_of_that_campaign_only(session: ScopedSession, place: Town) -> None:
    holding = session.scalars(select(Holding).where(Holding.person_id == place.people["helper"].person_id)).one()
    session.get_one(Post, (place.district.ref.id, holding.post_id)).campaign = "sanitary_city"
    session.flush()
    assert say(session, unit_ids=[place.helper], campaigns=("civilized_city",)) == 0
    assert say(session, unit_ids=[place.helper], campaigns=()) == 0
    assert say(session, unit_ids=[place.helper], campaigns=("sanitary_city",)) == 1
    assert say(session, unit_ids=[place.helper]) == 1


def test_notes_are_listed_counted_and_read_by_their_owner(session: ScopedSession, place: Town) -> None:
    liaison, other = place.people["liaison"], place.people["helper"]
    for number in range(3):
        moment = THURSDAY + timedelta(minutes=number)
        say(session, person_ids=[liaison.person_id], now=moment, object_kind="finding", object_id=number)
    later = THURSDAY + timedelta(hours=1)
    assert unread_count(session, liaison, later) == 3
    first = list_notes(session, liaison, now=later, limit=2)
    assert [note.object_id for note in first] == ["2", "1"]
    rest = list_notes(session, liaison, now=later, before=(first[-1].created_at, first[-1].id))
    assert [note.object_id for note in rest] == ["0"]
    assert mark_read(session, other, later, note_ids=[first[0].id]) == 0, "somebody else's note"
    assert mark_read(session, liaison, later, note_ids=[first[0].id]) == 1
    assert mark_seen(session, liaison, "finding", 1, later) == 1
    assert [n.object_id for n in list_notes(session, liaison, now=later, unread=True)] == ["0"]
    assert mark_read(session, liaison, later) == 1
    assert unread_count(session, liaison, later) == 0
    assert unread_count(session, liaison, later + timedelta(days=100)) == 0
    say(session, person_ids=[liaison.person_id])
    assert list_notes(session, liaison, now=later + timedelta(days=100)) == [], "old notes are out of date"


def test_the_count_stops_at_a_hundred(session: ScopedSession, place: Town) -> None:
    liaison = place.people["liaison"]
    for _ in range(MOST + 5):
        say(session, person_ids=[liaison.person_id])
    assert unread_count(session, liaison, THURSDAY) == MOST


WHO_HEARS = {
    "dispatch": {"liaison"},
    "return": {"office", "discipline"},
    "arbitrate": {"stranger", "liaison"},
    "assist": {"stranger", "liaison"},
    "transfer": {"stranger", "liaison"},
    "ask_extension": {"office", "discipline"},
    "grant": {"liaison"},
    "refuse": {"liaison"},
    "answer": {"office", "discipline", "place"},
    "instruct": {"liaison", "office", "discipline"},
    "close": {"liaison", "place"},
    "send_back": {"liaison"},
    "relapse": {"liaison", "place"},
    "take": set(),
    "cosign": set(),
    "start": set(),
}
BY = {"leading": "liaison", "desk": "office", "another": "office", "leader": "leader", "place": "place"}


@pytest.mark.parametrize("verb", sorted(WHO_HEARS))
def test_each_step_tells_whom_it_concerns(session: ScopedSession, place: Town, verb: str) -> None:
    step = TRANSITIONS[verb]
    finding = lay_finding(
        session,
        place,
        max(
            step.from_states & {"accepted", "dispatched", "returned", "taken", "extension_asked", "answered", "closed"}
        ),
    )
    actor = place.people[BY[step.by[0]]]
    given = given_for(place, verb) | {"person_id": None}
    if verb == "dispatch":
        given["unit_id"] = place.lead
    act(session, actor, finding.id, verb, version=1, now=THURSDAY + timedelta(hours=1), **given)
    heard = told(session, place)
    heard.pop("discipline_liaison", None)  # answers for the same unit as the liaison
    me = next(name for name, one in place.people.items() if one is actor)
    assert set(heard) == WHO_HEARS[verb] - {me}
    assert all(len(kinds) == 1 for kinds in heard.values()), "one note a person and step"


def test_every_step_that_tells_is_a_step() -> None:
    assert set(TEXTS) <= set(TRANSITIONS)


def test_a_hidden_finding_is_never_announced(wall: Wall, place: Town) -> None:
    with wall.open(place.district.ref.id, cleared=True) as session:
        finding = lay_finding(session, place, "dispatched")
        finding.hidden = True
        session.flush()
        act_by_system(session, finding.id, "take", now=THURSDAY, note="x")
        act(
            session,
            replace(place.people["office"], cleared=True),
            finding.id,
            "transfer",
            version=2,
            now=THURSDAY,
            note="x",
            unit_id=place.other,
        )
        assert session.scalars(select(Note)).all() == []
        session.rollback()


def test_a_restricted_finding_is_announced_to_its_own_people_only(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "rectifying", restricted=True)
    act(
        session,
        place.people["discipline_liaison"],
        finding.id,
        "answer",
        version=1,
        now=THURSDAY,
        photos=[place.photo],
    )
    assert told(session, place) == {"discipline": ["finding.answer"]}


def test_an_undispatched_finding_tells_no_unit(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "reported")
    act(session, place.people["office"], finding.id, "cancel", version=1, now=THURSDAY, note="重复")
    assert told(session, place) == {}


def test_a_post_for_another_campaign_hears_nothing_of_a_finding(session: ScopedSession, place: Town) -> None:
    holding = session.scalars(select(Holding).where(Holding.person_id == place.people["liaison"].person_id)).one()
    session.get_one(Post, (place.district.ref.id, holding.post_id)).campaign = "sanitary_city"
    finding = lay_finding(session, place, "extension_asked")
    session.add(FindingCampaign(finding_id=finding.id, campaign="civilized_city"))
    session.flush()
    act(session, place.people["office"], finding.id, "refuse", version=1, now=THURSDAY, note="不同意")
    assert set(told(session, place)) == {"discipline_liaison"}


def test_a_visit_tells_each_unit_once_with_the_count(wall: Wall) -> None:
    market = market_town(wall, "发现区")
    with market.district.session(wall) as session:
        made = send(session, market, ANSWERS)
        session.commit()
        notes = session.scalars(select(Note).where(Note.person_id == market.liaison.person_id)).all()
        assert len(made.findings) == len(FAILED)
        assert len(notes) == 1
        (note,) = notes
        assert note.text.startswith("检查 {site} 发现 {count} 个问题")
        assert note.params["count"] >= 1
        assert session.scalars(select(Note).where(Note.person_id == market.inspector.person_id)).all() == []
        hidden = made.findings[0]
        session.expunge(hidden)
        hidden.hidden = True
        before = len(session.scalars(select(Note)).all())
        lead = market.district.departments["sanitation"]
        assert announce_visit(session, market.inspector, "某市场", [(hidden, lead)], THURSDAY) == 0
        assert len(session.scalars(select(Note)).all()) == before
        session.rollback()


def test_somebody_elsewhere_is_not_told(wall: Wall, place: Town) -> None:
    other = add_actor(wall, place.district.ref, "liaison", place.district.communities[1])
    with place.district.session(wall) as session:
        say(session, unit_ids=[place.lead])
        assert unread_count(session, other, THURSDAY) == 0
        session.rollback()
