"""The two rooms that may know of a secret round (暗访的门): members and planners go in, and nobody else can tell that there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from core.request import COOKIE, enter_cleared
from core.work.rounds.sealing import READ
from core.work.tables import Audit, File, Finding, Visit
from tenants.access import Actor
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.factory import come_in
from tests.routes.canaries import readable
from tests.routes.recipes import NEVER
from tests.routes.secrecy import ANEW
from tests.work.market import ANSWERS
from tests.work.pictures import jpeg
from tests.work.secret_stage import Stage, close, counted, photo, plan, stage, walk

VOLATILE = {"X-Request-Id", "Date", "Set-Cookie"}


@dataclass
class Door:
    """A town with an open secret round, and its door (门)."""

    there: Stage
    app: Flask
    round_id: UUID

    def come(self, who: Actor) -> tuple[FlaskClient, str]:
        """Somebody's browser, and the word that his forms carry."""
        client = self.app.test_client()
        cookie, csrf = come_in(self.there.wall, who)
        client.set_cookie(COOKIE, cookie)
        return client, csrf

    def at(self, path: str) -> str:
        return f"/t/{self.there.town.ref.slug}/{path}"


@pytest.fixture
def door(app: Flask, wall: Wall, tmp_path: Path) -> Door:
    there = stage(wall, tmp_path)
    return Door(there, app, plan(there))


def said(answer: Any) -> tuple[int, bytes, list[tuple[str, str]]]:
    return answer.status_code, answer.data, sorted((k, v) for k, v in answer.headers if k not in VOLATILE)


def rooms(app: Flask) -> list[str]:
    """The blueprints that may open a cleared session."""
    return sorted(name for name, before in app.before_request_funcs.items() if enter_cleared in before and name)


def test_no_other_room_opens_a_cleared_session(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.rpartition(".")[0] in rooms(app):
            assert any(part in rule.rule for part in ("/rounds", "/field", "/draws")), rule.rule


def test_whoever_may_not_know_is_answered_as_if_there_were_none(door: Door) -> None:
    """Every address of the rounds room, as somebody inspected and as an inspector of no round: like an unknown id's, to the byte."""
    strangers = (door.there.town.liaison, door.there.town.leader, door.there.another())
    asked = 0
    for who in strangers:
        client, _ = door.come(who)
        for rule in door.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or set(rule.arguments) != {"slug", "round_id"}:
                continue
            pair = []
            for one in (str(door.round_id), NEVER):
                address = rule.rule.replace("<slug>", door.there.town.ref.slug).replace("<uuid:round_id>", one)
                status, body, headers = said(client.get(address))
                pair.append((status, body.replace(one.encode(), b"<id>"), headers))
            assert pair[0] == pair[1], rule.rule
            assert pair[0][0] in (403, 404), rule.rule
            asked += 1
    assert asked


def test_an_answer_takes_the_same_statements_with_a_secret_and_without(door: Door) -> None:
    """A round that a stranger may not know of costs him no statement more: neither in its list nor at its address."""
    client, _ = door.come(door.there.town.liaison)
    paths = [door.at("rounds"), door.at(f"rounds/{door.round_id}"), door.at("field/session")]
    for path in paths:
        client.get(path, follow_redirects=True)
    found = []
    for gone in (False, True):
        if gone:
            with door.there.cleared() as session:
                session.execute(text("UPDATE round SET state = 'cancelled' WHERE id = :r"), {"r": door.round_id})
                session.execute(
                    text("UPDATE round_member SET ended_at = now() WHERE round_id = :r"), {"r": door.round_id}
                )
                session.commit()
        for path in paths:
            with counted(door.there.wall) as asked:
                client.get(path, follow_redirects=True)
            found.append(len(asked))
    assert found[:3] == found[3:]


def test_members_and_planners_go_in_and_their_look_is_written_down(door: Door) -> None:
    for who in (door.there.town.office, door.there.town.inspector):
        client, _ = door.come(who)
        answer = client.get(door.at(f"rounds/{door.round_id}"))
        assert answer.status_code == 200
        assert "十一月中旬暗访" in answer.text
    with door.there.cleared() as session:
        lines = session.scalars(select(Audit).where(Audit.verb == READ)).all()
        assert {one.person_id for one in lines} == {
            door.there.town.office.person_id,
            door.there.town.inspector.person_id,
        }
        assert all(one.hidden and one.sealed_for == door.round_id for one in lines)
    with door.there.plain() as session:
        assert session.scalars(select(Audit).where(Audit.verb == READ)).all() == []


def test_a_phone_sends_photo_and_visit_of_a_secret_round(door: Door) -> None:
    client, csrf = door.come(door.there.town.inspector)
    headers = {"X-CSRF-Token": csrf, "X-Round": str(door.round_id), "Content-Type": "image/jpeg"}
    kept = client.post(door.at("field/photos"), data=jpeg(seed=4), headers=headers)
    assert kept.status_code == 201, kept.text
    body = {"kind": "visit", "id": str(new_id()), "site_id": str(door.there.town.market), "answers": dict(ANSWERS)}
    body |= {"person_id": str(door.there.town.inspector.person_id), "round_id": str(door.round_id)}
    body |= {"photos": {"toilet_clean": [kept.json["sha256"]]}}
    said_headers = {"X-CSRF-Token": csrf, "X-Device-Now": now().isoformat()}
    for status in (201, 200):
        answer = client.post(door.at("field/send"), json=body, headers=said_headers)
        assert answer.status_code == status, answer.text
    with door.there.cleared() as session:
        assert [one.hidden for one in session.scalars(select(Visit))] == [True]
        assert [(one.hidden, one.sealed_for) for one in session.scalars(select(File))] == [(True, door.round_id)]
    with door.there.plain() as session:
        for table in (Visit, File, Finding):
            assert session.scalars(select(table)).all() == []
        assert session.scalars(select(Audit).where(Audit.verb.in_(("photo.store", "visit.submit")))).all() == []


def test_a_stranger_sends_nothing_for_it_and_learns_nothing(door: Door) -> None:
    stranger = door.there.another()
    client, csrf = door.come(stranger)
    pairs = []
    for one in (str(door.round_id), NEVER):
        headers = {"X-CSRF-Token": csrf, "X-Round": one, "Content-Type": "image/jpeg"}
        photo = client.post(door.at("field/photos"), data=jpeg(seed=4), headers=headers)
        body = {"kind": "visit", "id": str(new_id()), "site_id": str(door.there.town.market), "answers": dict(ANSWERS)}
        body |= {"person_id": str(stranger.person_id), "round_id": one}
        visit = client.post(door.at("field/send"), json=body, headers={"X-CSRF-Token": csrf})
        pairs.append((said(photo), said(visit)))
    assert pairs[0] == pairs[1]
    assert [one[0] for one in pairs[0]] == [404, 404]


def test_who_left_the_team_is_a_stranger_from_that_moment(door: Door) -> None:
    client, _ = door.come(door.there.town.inspector)
    assert client.get(door.at(f"rounds/{door.round_id}")).status_code == 200
    with door.there.cleared() as session:
        session.execute(text("UPDATE round_member SET ended_at = now() WHERE round_id = :r"), {"r": door.round_id})
        session.commit()
    assert client.get(door.at(f"rounds/{door.round_id}")).status_code == 404


def inside(door: Door, client: FlaskClient) -> dict[str, Any]:
    """What the two rooms answer somebody about his own round and at large."""
    found = {}
    for rule in door.app.url_map.iter_rules():
        names = set(rule.arguments)
        if rule.endpoint.rpartition(".")[0] not in rooms(door.app) or "GET" not in (rule.methods or ()):
            continue
        if "slug" not in names or not names <= {"slug", "round_id", "site_id"}:
            continue
        address = rule.rule.replace("<slug>", door.there.town.ref.slug)
        address = address.replace("<uuid:round_id>", str(door.round_id))
        answer = client.get(address.replace("<uuid:site_id>", str(door.there.town.market)))
        found[rule.rule] = answer.status_code, ANEW.sub("<anew>", readable(answer.data))
    return found


def test_a_member_of_one_secret_round_is_told_nothing_by_another(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the two rooms answer him stays as it is while another team walks the same market."""
    moment = now()
    monkeypatch.setattr("core.request.clock", lambda: moment)
    member, other = door.there.town.inspector, door.there.another()
    with door.there.cleared() as session:
        walk(session, door.there, door.round_id)
        session.commit()
    client, _ = door.come(member)
    inside(door, client)  # his look is written down
    before = inside(door, client)
    assert sum(status == 200 for status, _ in before.values()) > 5
    second = plan(door.there, other, title="金丝雀专家暗访")
    with door.there.cleared() as session:
        shot = photo(session, door.there, second, jpeg(seed=8))
        made = walk(session, door.there, second, actor=other, photos={"toilet_clean": [shot]}, now=moment)
        session.commit()
    after = inside(door, client)
    secret = {str(second), str(made.visit.id), "金丝雀", *(str(one.id) for one in made.findings)}
    assert [rule for rule, (_, said) in after.items() if any(one in said for one in secret)] == []
    assert {rule: pair for rule, pair in after.items() if pair != before[rule]} == {}


def test_photos_of_a_secret_round_are_shown_in_its_room_alone(app: Flask, wall: Wall) -> None:
    there = stage(wall, Path(app.extensions["sancheng"].settings.files))
    door = Door(there, app, plan(there))
    with there.cleared() as session:
        shot = photo(session, there, door.round_id)
        walk(session, there, door.round_id, photos={"toilet_clean": [shot]})
        session.commit()
    address = door.at(f"rounds/{door.round_id}/photos/{shot}")
    for who, status in ((there.town.office, 200), (there.town.inspector, 200), (there.town.leader, 404)):
        client, _ = door.come(who)
        for path in (address, f"{address}/small"):
            assert client.get(path).status_code == status
        assert client.get(door.at(f"photos/{shot}")).status_code == 404
        assert client.get(door.at(f"rounds/{door.round_id}/results")).status_code == status
    with there.cleared() as session:
        looks = select(Audit).where(Audit.verb == READ, Audit.detail["route"].astext == "round.photos")
        assert len(session.scalars(looks).all()) == 2


def test_the_office_releases_it_by_its_button(door: Door) -> None:
    close(door.there, door.round_id, now=now() - timedelta(minutes=5))
    client, csrf = door.come(door.there.town.office)
    with door.there.cleared() as session:
        version = session.execute(text("SELECT version FROM round WHERE id = :r"), {"r": door.round_id}).scalar_one()
    answer = client.post(
        door.at(f"rounds/{door.round_id}/release"),
        data={"csrf_token": csrf, "version": version},
        follow_redirects=False,
    )
    assert answer.status_code == 303, answer.text
    with door.there.plain() as session:
        assert session.execute(text("SELECT state, hidden FROM round")).all() == [("released", False)]
    liaison, _ = door.come(door.there.town.leader)
    assert liaison.get(door.at(f"rounds/{door.round_id}")).status_code == 200
