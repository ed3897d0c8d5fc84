"""Attacks of the review: links twice handed out, the installation's own account, a checker from the fixer's unit, the trail."""

from __future__ import annotations

import base64
import uuid
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from core.campaigns import installed
from core.errors import Forbidden, InvalidInput, NotFound
from core.settings import ZONE
from core.work import accounts, invitations
from core.work.actors import resolve_actor
from core.work.duties.posts import add_person_with_post
from core.work.inspection.visits import due_at_site, submit
from core.work.journal import record
from core.work.loop import ledger
from core.work.loop.sight import sees_line
from core.work.loop.standing import SAME_UNIT
from core.work.places import site_lists
from core.work.tables import Audit, Finding, Part
from tenants.access import Actor, Duty, may
from tenants.accounts import AppUser, Membership
from tenants.db import new_id, now
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actor, add_site, bare_district

GOOD = "correct horse battery"


def fresh(word: str = "user") -> str:
    return f"{word}-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def district(wall: Wall) -> District:
    campaigns = {c.key: (c.edition.key, c.edition.sha256) for c in installed().campaigns.values()}
    return bare_district(wall, "甲区", campaigns)


def accept(wall: Wall, token: str) -> AppUser:
    with wall.platform() as session:
        user = invitations.accept_invitation(session, token, login=fresh(), name="某", password=GOOD, now=now())
        session.commit()
        return user


def test_a_new_link_replaces_the_old_one_and_a_person_is_seated_once(wall: Wall, district: District) -> None:
    person = add_actor(wall, district.ref, "inspector", district.root).person_id
    with district.session(wall) as session:
        lost = invitations.invite(session, None, person, now())
        session.commit()
        sent = invitations.invite(session, None, person, now())
        session.commit()
    with pytest.raises(NotFound):
        accept(wall, lost)
    accept(wall, sent)
    with district.session(wall) as session:
        assert len(session.scalars(select(Membership).where(Membership.person_id == person)).all()) == 1


def test_two_links_made_at_once_seat_one_account(wall: Wall, district: District) -> None:
    person = add_actor(wall, district.ref, "inspector", district.root).person_id
    with district.session(wall) as one, district.session(wall) as two:
        tokens = [invitations.invite(session, None, person, now()) for session in (one, two)]
        one.commit()
        two.commit()
    accept(wall, tokens[0])
    with pytest.raises(NotFound):
        accept(wall, tokens[1])


def test_a_district_does_not_reset_the_operators_password(wall: Wall, district: District) -> None:
    boss = add_actor(wall, district.ref, "administrator", district.root)
    person = add_actor(wall, district.ref, "administrator", district.root).person_id
    with wall.platform() as session:
        user = accounts.create_user(session, login=fresh(), name="运维", password=GOOD, is_operator=True)
        invitations.join(session, district.ref.id, user, person)
        session.commit()
    with district.session(wall) as session:
        token = invitations.offer_reset(session, boss, person, now())
        session.commit()
    with wall.platform() as session, pytest.raises(NotFound):
        invitations.accept_reset(session, token, password="a stolen password", now=now())


@pytest.mark.parametrize("login", ["", "a b", "x" * 61, "x" * 200_000])
def test_a_login_name_has_a_length(wall: Wall, login: str) -> None:
    with wall.platform() as session, pytest.raises(InvalidInput):
        accounts.create_user(session, login=login, name="某", password=GOOD)


def test_whoever_has_a_post_in_the_fixers_unit_is_no_other_party(wall: Wall, district: District) -> None:
    inspector = add_actor(wall, district.ref, "inspector", district.root)
    office = add_actor(wall, district.ref, "hq_office", district.root)
    with district.session(wall) as session:
        site = add_site(session, district.communities[0], "produce_market")
        finding = _open_one(session, inspector, site)
        lead = session.scalars(select(Part.unit_id).where(Part.finding_id == finding.id, Part.leading)).one()
        finding.state, finding.version = "answered", 2
        session.commit()
    both = replace(office, duties=(*office.duties, Duty("liaison", lead, None, frozenset({"see", "answer"}))))
    with district.session(wall) as session, pytest.raises(Forbidden) as refused:
        ledger.act(session, both, finding.id, "close", version=2, outcome="fixed")
    assert refused.value.message == SAME_UNIT
    with district.session(wall) as session:
        assert ledger.act(session, office, finding.id, "close", version=2, outcome="fixed").state == "closed"


def _open_one(session: ScopedSession, inspector: Actor, site: uuid.UUID) -> Finding:
    campaigns = list(installed().campaigns.values())
    _, plan = due_at_site(session, inspector, site, campaigns, now().astimezone(ZONE).date())
    fail = {"yes_no": {"yes": False}, "count": {"count": 9}, "rating10": {"rating": 1}, "n_of_m": {"n": 0, "m": 5}}
    answers = {code: fail[q.question.answer_type] for code, q in plan.questions.items()}
    done = submit(session, inspector, campaigns=campaigns, visit_id=new_id(), site_id=site, answers=answers)
    assert done.findings
    return done.findings[0]


def test_the_auditor_of_a_part_sees_what_its_own_people_did(wall: Wall, district: District) -> None:
    whole = add_actor(wall, district.ref, "administrator", district.root)
    part = add_actor(wall, district.ref, "administrator", district.street)
    with district.session(wall) as session:
        for who in (whole, part):
            record(session, who, "test.act", "thing", who.person_id)
        session.commit()
        today = now().astimezone(ZONE).date()

        def seen(who) -> set[str]:
            lines = select(Audit.object_id).where(Audit.verb == "test.act", sees_line(session, who, today))
            return set(session.scalars(lines))

        assert seen(whole) >= {str(whole.person_id), str(part.person_id)}
        assert seen(part) == {str(part.person_id)}


def test_a_cursor_of_endless_brackets_is_refused(wall: Wall, district: District) -> None:
    cursor = base64.urlsafe_b64encode(b"[" * 2000).decode().rstrip("=")
    with district.session(wall) as session, pytest.raises(InvalidInput):
        site_lists.list_sites(session, None, today=now().date(), cursor=cursor)


def test_an_error_of_the_database_names_no_values(wall: Wall) -> None:
    login = "".join(uuid.uuid4().hex for _ in range(1000))
    with wall.platform() as session:
        session.add(AppUser(login=login, name="某", password_hash="a secret hash"))
        with pytest.raises(OperationalError, match="hidden due to hide_parameters") as broken:
            session.flush()
    assert "a secret hash" not in str(broken.value)


def test_a_post_limited_to_one_campaign_is_limited(wall: Wall, district: District) -> None:
    known = resolve_campaign_actor(wall, district, "administrator", "sanitary_city")
    assert not known.verbs & {"administer", "audit", "keep_sites"}
    office = resolve_campaign_actor(wall, district, "hq_office", "sanitary_city")
    today = now().astimezone(ZONE).date()
    with district.session(wall) as session:
        for key, expected in (("sanitary_city", True), ("food_safety_city", False)):
            assert may(session, office, "publish", district.root, today, campaign=key) is expected
            assert may(session, office, "publish", district.communities[0], today, campaign=key) is expected


def resolve_campaign_actor(wall: Wall, district: District, role: str, campaign: str) -> Actor:
    with district.session(wall) as session:
        today = now().astimezone(ZONE).date()
        person = add_person_with_post(
            session, None, name=fresh("某"), unit_id=district.root, role=role, title="", today=today, campaign=campaign
        )
        session.commit()
        actor = resolve_actor(session, district.ref, person.id, today)
        assert actor
        return actor
