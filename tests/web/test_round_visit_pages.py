"""Visits of a round on the pages (轮次检查记录): listed, read and corrected before the release, in the rounds room alone."""

from __future__ import annotations

import io
import re
from uuid import uuid4

import pytest
from sqlalchemy import select

from core.work.rounds.releasing import release
from core.work.rounds.teams import change_team, teams_of
from core.work.tables import Attachment, Audit, File, Finding, Round, Visit
from tenants.db import now
from tests.web.desk import Clerk, clerk, content
from tests.work.pictures import jpeg
from tests.work.rounding import ALL_GOOD, ANSWERS, Rounds, lives, open_one, rounds_town, visit


@pytest.fixture
def place(wall) -> Rounds:
    return rounds_town(wall)


@pytest.fixture
def office(app, wall, place) -> Clerk:
    return clerk(app, wall, place.office)


def walked(place: Rounds, mode: str = "secret") -> tuple[str, str, str]:
    """A round with two members who made a visit each: the round and both visits."""
    kind = "ten_day_secret" if mode == "secret" else "weekly"
    with place.session() as session:
        of = open_one(place, session, kind=kind, mode=mode, title="十一月暗访", **lives())
        team = teams_of(session, of.id)[0]
        both = [place.people[who].person_id for who in ("first", "second")]
        change_team(session, place.office, of.id, team.id, version=of.version, name="一组", members=both, now=now())
        one = visit(place, session, place.sites[0], of, answers=ANSWERS, now=now())
        two = visit(place, session, place.sites[1], of, who="second", answers=ALL_GOOD, now=now())
        session.commit()
        return str(of.id), str(one.visit.id), str(two.visit.id)


def fields(page: str) -> dict[str, object]:
    """The correction form as a browser would send it back."""
    form = page[page.index('id="visit"') :]
    said: dict[str, object] = dict(re.findall(r'<input type="hidden" name="([\w.]+)" value="([^"]*)"', form))
    said |= dict(re.findall(r'type="number"[^>]*name="([\w.]+)" value="(\d+)"', form))
    said |= dict(re.findall(r'name="([\w.]+)" value="(\d+)"[^>]*aria-label', form))
    for name, value in re.findall(r'type="radio"[^>]*name="([\w.]+)" value="(\w+)"[^>]*checked', form):
        said[name] = value
    for name in re.findall(r'type="checkbox"[^>]*name="([\w.]+)"[^>]*checked', form):
        said[name] = ""
    return said


def test_the_list_says_where_who_when_points_and_findings(place, office, app, wall):
    key, first, second = walked(place)
    page = office.read(f"rounds/{key}")
    assert f"rounds/{key}/visits/{first}" in page
    said = content(office.read(f"rounds/{key}/visits"))
    assert "第1市场" in said
    assert "检查员甲" in said
    assert "检查员乙" in said
    with place.session() as session:
        n = len(session.scalars(select(Finding).where(Finding.visit_id == first)).all())
        assert n > 3
    assert re.search(rf"第1市场.* {n} ", said)
    assert second not in office.read(f"rounds/{key}/visits?found=1")
    assert first not in office.read(f"rounds/{key}/visits?q=第2")
    person = place.people["second"].person_id
    assert first not in office.read(f"rounds/{key}/visits?person={person}")
    text = office.ask(f"rounds/{key}/visits/export.csv").get_data(as_text=True)
    assert first in text
    assert len(text.splitlines()) == 3
    member = clerk(app, wall, place.people["first"])
    page = member.read(f"rounds/{key}/visits")
    assert "这里只有您自己做的检查" in page
    assert first in page
    assert second not in page
    assert second not in member.ask(f"rounds/{key}/visits/export.csv").get_data(as_text=True)
    assert second not in member.read(f"rounds/{key}")


def test_a_hidden_visit_is_read_and_corrected_by_its_own(place, office, app, wall):
    key, first, second = walked(place)
    member, other = (clerk(app, wall, place.people[who]) for who in ("first", "second"))
    page = member.read(f"rounds/{key}/visits/{first}")
    assert "还没有解密" in page
    assert "/findings/" not in page[page.index("<main") :]
    assert f"rounds/{key}/visits/{first}/correct" in page
    form = fields(member.read(f"rounds/{key}/visits/{first}/correct"))
    assert form["a.toilet_clean.rating"] == "5"
    sent = form | {"a.toilet_clean.rating": "10", "reason": ""}
    _, refused = member.send(f"rounds/{key}/visits/{first}/correct", sent, 422)
    assert "请写明为什么更正" in refused
    answer, _ = member.send(f"rounds/{key}/visits/{first}/correct", sent | {"reason": "看错了"}, 303)
    newer = answer.headers["Location"]
    assert f"/rounds/{key}/visits/" in newer
    again, _ = member.send(f"rounds/{key}/visits/{first}/correct", sent | {"reason": "看错了"}, 303)
    assert again.headers["Location"] == newer
    page = content(member.read(f"rounds/{key}/visits/{newer.rsplit('/', 1)[-1]}"))
    assert "看错了" in page
    assert "更正记录" in page
    assert "已于" in content(member.read(f"rounds/{key}/visits/{first}"))
    for stranger in (other, clerk(app, wall, place.people["liaison"]), clerk(app, wall, place.people["leader"])):
        for path in (f"{first}", f"{first}/correct", str(uuid4())):
            assert stranger.ask(f"rounds/{key}/visits/{path}").status_code in (403, 404)
    assert other.ask(f"rounds/{key}/visits/{first}/correct").status_code == 404
    with place.session() as session:
        made = session.scalars(select(Visit).where(Visit.replaces_id == first)).one()
        assert made.hidden
        lines = session.scalars(select(Audit).where(Audit.verb == "visit.correct")).all()
        assert [one.sealed_for for one in lines] == [made.round_id]
        routes = {one.detail["route"] for one in session.scalars(select(Audit).where(Audit.verb == "secret.read"))}
        assert {"round.visit", "round.correct"} <= routes
    with place.session(cleared=False) as session:
        assert session.scalars(select(Visit)).all() == []
    sent = fields(office.read(f"rounds/{key}/visits/{second}/correct")) | {
        "a.toilet_clean.rating": "2",
        "reason": "核对",
    }
    office.send(f"rounds/{key}/visits/{second}/correct", sent, 303)


def test_photos_of_a_correction_are_sealed_and_the_members_own(place, office, app, wall):
    key, first, _ = walked(place)
    member, other = (clerk(app, wall, place.people[who]) for who in ("first", "second"))
    said = {"X-CSRF-Token": member.csrf, "Content-Type": "image/jpeg"}
    answer = member.client.post(f"/t/{member.slug}/rounds/{key}/photos", data=jpeg((64, 48), seed=5), headers=said)
    assert answer.status_code == 201
    ref = answer.get_json()["sha256"]
    form = fields(member.read(f"rounds/{key}/visits/{first}/correct"))
    carried = {"photo.toilet_clean_file": (io.BytesIO(jpeg((64, 48), seed=6)), "b.jpg")}
    sent = form | {"photo.toilet_clean": ref, "reason": "补照片"} | carried
    member.send(f"rounds/{key}/visits/{first}/correct", sent, 303)
    with place.session() as session:
        files = session.scalars(select(File)).all()
        assert len(files) == 2
        assert {str(one.sealed_for) for one in files} == {key}
        assert len(session.scalars(select(Attachment).where(Attachment.question == "toilet_clean")).all()) == 2
    for one in (member, office):
        for file in files:
            assert one.ask(f"rounds/{key}/photos/{file.id}/small").status_code == 200
            assert one.ask(f"photos/{file.id}").status_code == 404
    assert other.ask(f"rounds/{key}/photos/{files[0].id}").status_code == 404
    with place.session() as session:
        apart = open_one(place, session, kind="ten_day_secret", title="另一轮", **lives()).id
        session.commit()
    assert office.ask(f"rounds/{apart}/photos/{files[0].id}").status_code == 404


def test_after_the_release_the_visit_stands_in_the_open(place, office, app, wall):
    key, first, _ = walked(place)
    page = office.read(f"rounds/{key}")
    office.send(f"rounds/{key}/close", {"version": re.findall(r'name="version" value="(\d+)"', page)[-1]}, 303)
    member = clerk(app, wall, place.people["first"])
    assert "还没有解密" in member.read(f"rounds/{key}/visits/{first}")
    with place.session() as session:
        of = session.get(Round, (place.district.ref.id, key))
        release(session, place.office, of.id, version=of.version, now=now())
        session.commit()
    for path in ("", "/correct"):
        answer = office.ask(f"rounds/{key}/visits/{first}{path}")
        assert answer.status_code == 303
        assert answer.headers["Location"].endswith(f"/visits/{first}{path}")
        assert "rounds" not in answer.headers["Location"]
    assert f"/visits/{first}" in member.read(f"rounds/{key}/visits")


def test_visits_of_an_announced_round_lead_to_their_pages(place, office):
    key, first, second = walked(place, "announced")
    page = office.read(f"rounds/{key}/visits")
    assert f"/t/{office.slug}/visits/{first}" in page
    assert second in page
    assert office.ask(f"rounds/{key}/visits/{uuid4()}").status_code == 404
    assert office.ask(f"rounds/{uuid4()}/visits").status_code == 404
