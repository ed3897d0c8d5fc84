"""Accounts: passwords, logins, tries, one-time links, and who may hand out what."""

from __future__ import annotations

import subprocess
import sys
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Throttled
from core.work import accounts, invitations
from tenants.accounts import AppUser, LoginSession, PlatformEvent, Throttle
from tenants.db import now
from tenants.scope import Wall
from tests.factory import District, add_actor, bare_district

GOOD = "correct horse battery"


def fresh(word: str = "user") -> str:
    return f"{word}-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def district(wall: Wall) -> District:
    return bare_district(wall, "甲区")


def make_user(wall: Wall, login: str) -> AppUser:
    with wall.platform() as session:
        user = accounts.create_user(session, login=login, name="某", password=GOOD)
        session.commit()
        return user


def try_login(wall: Wall, login: str, password: str, address: str | None = None):
    with wall.platform() as session:
        try:
            return accounts.log_in(
                session, login=login, password=password, address=address or fresh("a"), device="d", now=now()
            )
        finally:
            session.commit()


def test_a_password_costs_a_thief_what_it_should_and_an_unknown_name_as_much() -> None:
    """Argon2id with RFC 9106's parameters for little memory, in a process of its own: this one hashes at the lowest price."""
    asked = "from core.work import passwords as p; print(p.hash_password('correct horse battery'), p._NOBODY)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert [one.rpartition("$")[0].rpartition("$")[0] for one in said] == ["$argon2id$v=19$m=65536,t=3,p=4"] * 2


def test_a_login_is_found_by_its_token_and_ends(wall: Wall) -> None:
    name = fresh()
    make_user(wall, name)
    opened = try_login(wall, name.upper(), GOOD)
    assert opened
    token, user = opened
    with wall.platform() as session:
        found = accounts.find_login(session, token, now())
        assert found
        assert found.user_id == user.id
        assert found.csrf
        stored = session.scalars(select(LoginSession).where(LoginSession.user_id == user.id)).one()
        assert token.encode() not in bytes(stored.token_sha256)
        assert stored.csrf != token
        assert accounts.find_login(session, token, now() + timedelta(days=15)) is None
        accounts.log_out(session, user.id, session_id=found.session_id)
        assert accounts.find_login(session, token, now()) is None
        session.commit()


def test_a_wrong_password_and_an_unknown_name_look_alike_and_are_recorded(wall: Wall) -> None:
    name = fresh()
    make_user(wall, name)
    assert try_login(wall, name, "wrong") is None
    assert try_login(wall, fresh("nobody"), "wrong") is None
    with wall.platform() as session:
        said = session.scalars(select(PlatformEvent.detail).where(PlatformEvent.verb == "login.failed")).all()
        assert {"login": name} in said
        assert not any("wrong" in str(one) for one in said)


def test_tries_are_counted_by_name_and_by_address(wall: Wall) -> None:
    name = fresh()
    make_user(wall, name)
    for _ in range(accounts.TRIES["login"]):
        assert try_login(wall, name, "wrong") is None
    with pytest.raises(Throttled):
        try_login(wall, name, GOOD)
    with wall.platform() as session:
        row = session.get(Throttle, f"login:{name}")
        assert row
        assert row.tries == accounts.TRIES["login"] + 1
        row.window_start -= accounts.WINDOW
        session.commit()
    assert try_login(wall, name, GOOD)
    address = fresh("address")
    for _ in range(accounts.TRIES["address"]):
        try_login(wall, fresh(), "wrong", address)
    with pytest.raises(Throttled):
        try_login(wall, fresh(), "wrong", address)


def test_a_short_password_and_a_taken_name_are_refused(wall: Wall) -> None:
    name = fresh()
    make_user(wall, name)
    with wall.platform() as session, pytest.raises(Conflict, match=name):
        accounts.create_user(session, login=name, name="某", password=GOOD)
    with wall.platform() as session, pytest.raises(InvalidInput, match="10"):
        accounts.create_user(session, login=fresh(), name="某", password="short")
    with wall.platform() as session, pytest.raises(InvalidInput):
        accounts.create_user(session, login="two words", name="某", password=GOOD)


def test_changing_a_password_ends_the_other_logins(wall: Wall) -> None:
    name = fresh()
    make_user(wall, name)
    one, two = try_login(wall, name, GOOD), try_login(wall, name, GOOD)
    assert one
    assert two
    with wall.platform() as session:
        mine = accounts.find_login(session, one[0], now())
        assert mine
        with pytest.raises(InvalidInput):
            accounts.change_password(session, mine, old="wrong", new="another long one", now=now())
        accounts.change_password(session, mine, old=GOOD, new="another long one", now=now())
        assert accounts.find_login(session, one[0], now())
        assert accounts.find_login(session, two[0], now()) is None
        session.commit()
    assert try_login(wall, name, GOOD) is None
    assert try_login(wall, name, "another long one")


def invite(wall: Wall, district: District, role: str = "liaison"):
    admin = add_actor(wall, district.ref, "administrator", district.root)
    person = add_actor(wall, district.ref, role, district.root)
    with district.session(wall) as session:
        token = invitations.invite(session, admin, person.person_id, now())
        session.commit()
    return admin, person, token


def test_an_invitation_seats_a_person_once(wall: Wall, district: District) -> None:
    _admin, person, token = invite(wall, district)
    name = fresh()
    with wall.platform() as session:
        user = invitations.accept_invitation(session, token, login=name, name="某", password=GOOD, now=now())
        session.commit()
        seats = accounts.find_seats(session, user.id)
        assert [(s.tenant.slug, s.person_id) for s in seats] == [(district.ref.slug, person.person_id)]
        with pytest.raises(NotFound):
            invitations.accept_invitation(session, token, login=fresh(), name="某", password=GOOD, now=now())


def test_an_old_invitation_is_dead_and_says_no_more_than_an_unknown_one(wall: Wall, district: District) -> None:
    _admin, _person, token = invite(wall, district)
    with wall.platform() as session:
        with pytest.raises(NotFound) as late:
            invitations.find_link(session, token, now() + timedelta(days=8))
        with pytest.raises(NotFound) as unknown:
            invitations.find_link(session, "no such token", now())
    assert str(late.value) == str(unknown.value)


def test_joining_a_second_district_needs_the_accounts_own_password(wall: Wall, district: District) -> None:
    other = bare_district(wall, "乙区")
    _a, _p, first = invite(wall, district)
    _b, _q, second = invite(wall, other)
    name = fresh()
    with wall.platform() as session:
        invitations.accept_invitation(session, first, login=name, name="某", password=GOOD, now=now())
        session.commit()
    with wall.platform() as session, pytest.raises(InvalidInput):
        invitations.accept_invitation(session, second, login=name, name="某", password="guessed password", now=now())
    with wall.platform() as session:
        user = invitations.accept_invitation(session, second, login=name, name="某", password=GOOD, now=now())
        session.commit()
        assert {s.tenant.slug for s in accounts.find_seats(session, user.id)} == {district.ref.slug, other.ref.slug}


def test_only_the_home_district_hands_out_a_new_password(wall: Wall, district: District) -> None:
    other = bare_district(wall, "丙区")
    admin, person, first = invite(wall, district)
    rival, guest, second = invite(wall, other)
    name = fresh()
    with wall.platform() as session:
        for token in (first, second):
            invitations.accept_invitation(session, token, login=name, name="某", password=GOOD, now=now())
        session.commit()
    with other.session(wall) as session, pytest.raises(Forbidden):
        invitations.offer_reset(session, rival, guest.person_id, now())
    with district.session(wall) as session:
        token = invitations.offer_reset(session, admin, person.person_id, now())
        session.commit()
    opened = try_login(wall, name, GOOD)
    assert opened
    with wall.platform() as session:
        invitations.accept_reset(session, token, password="a brand new password", now=now())
        assert accounts.find_login(session, opened[0], now()) is None
        session.commit()
    assert try_login(wall, name, GOOD) is None
    assert try_login(wall, name, "a brand new password")


def test_deactivation_takes_the_seat_and_the_keys_but_not_the_account(wall: Wall, district: District) -> None:
    admin, person, token = invite(wall, district)
    name = fresh()
    with wall.platform() as session:
        user = invitations.accept_invitation(session, token, login=name, name="某", password=GOOD, now=now())
        session.commit()
    with district.session(wall) as session:
        key = invitations.make_api_token(session, admin, district.ref.slug, person.person_id, name="测试")
        session.commit()
    with wall.platform() as session:
        assert invitations.find_api_token(session, key, now())
    with district.session(wall) as session:
        invitations.set_membership(session, admin, person.person_id, active=False)
        session.commit()
    with wall.platform() as session:
        assert accounts.find_seats(session, user.id) == []
        assert invitations.find_api_token(session, key, now()) is None
    assert try_login(wall, name, GOOD)
    with district.session(wall) as session:
        invitations.set_membership(session, admin, person.person_id, active=True)
        session.commit()
    with wall.platform() as session:
        assert accounts.find_seats(session, user.id)
        assert invitations.find_api_token(session, key, now())


def test_keys_expire_are_revoked_and_belong_to_one_district(wall: Wall, district: District) -> None:
    other = bare_district(wall, "丁区")
    admin = add_actor(wall, district.ref, "administrator", district.root)
    rival = add_actor(wall, other.ref, "administrator", other.root)
    with district.session(wall) as session:
        key = invitations.make_api_token(
            session, admin, district.ref.slug, admin.person_id, name="k", expires_at=now() + timedelta(days=1)
        )
        session.commit()
    with wall.platform() as session:
        found = invitations.find_api_token(session, key, now())
        assert found
        assert found[1].slug == district.ref.slug
        assert invitations.find_api_token(session, key, now() + timedelta(days=2)) is None
        token_id = found[0].id
    with other.session(wall) as session, pytest.raises(NotFound):
        invitations.revoke_api_token(session, rival, token_id, now())
    with district.session(wall) as session:
        invitations.revoke_api_token(session, admin, token_id, now())
        session.commit()
    with wall.platform() as session:
        assert invitations.find_api_token(session, key, now()) is None


def test_a_new_password_from_home_rests_the_seats_elsewhere(wall: Wall, district: District) -> None:
    other = bare_district(wall, "戊区")
    admin, person, first = invite(wall, district)
    rival, guest, second = invite(wall, other)
    name = fresh()
    with wall.platform() as session:
        for token in (first, second):
            user = invitations.accept_invitation(session, token, login=name, name="某", password=GOOD, now=now())
        session.commit()
        assert len(accounts.find_seats(session, user.id)) == 2
    with district.session(wall) as session:
        token = invitations.offer_reset(session, admin, person.person_id, now())
        session.commit()
    with wall.platform() as session:
        invitations.accept_reset(session, token, password="a brand new password", now=now())
        session.commit()
        assert [s.tenant.slug for s in accounts.find_seats(session, user.id)] == [district.ref.slug]
    with other.session(wall) as session:
        invitations.set_membership(session, rival, guest.person_id, active=True)
        session.commit()
    with wall.platform() as session:
        assert len(accounts.find_seats(session, user.id)) == 2


def test_good_logins_do_not_count_against_an_address(wall: Wall) -> None:
    name, address = fresh(), fresh("office")
    make_user(wall, name)
    for _ in range(3):
        assert try_login(wall, name, GOOD, address)
    with wall.platform() as session:
        row = session.get(Throttle, f"address:{address}")
        assert row is not None
        assert row.tries == 0
