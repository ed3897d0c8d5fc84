"""Papers on the pages: an answer with photos that the checker sees, and papers whose findings have left their unit."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from core.work.loop.ledger import act
from core.work.papers.notice_issuing import Draft, issue
from tenants.db import now
from tenants.scope import Wall
from tests.web.desk import clerk, content
from tests.work.ledger_town import Town, lay_finding, town
from tests.work.pictures import jpeg


@pytest.fixture
def place(wall: Wall, tmp_path) -> Town:
    return town(wall, tmp_path, "答复区")


def paper(wall: Wall, place: Town, count: int = 0) -> tuple[UUID, list[UUID]]:
    """A rectification notice to sanitation about some findings of its own."""
    with place.district.session(wall) as session:
        ids = [lay_finding(session, place, "rectifying").id for _ in range(count)]
        draft = Draft("rectification_notice", place.lead, "请整改", "请答复", "", now() + timedelta(days=5), ids)
        made = issue(session, place.people["office"], draft, now=now())
        session.commit()
        return made.id, ids


def test_the_photos_of_an_answer_are_shown_to_the_checker(app: Flask, wall: Wall, place: Town) -> None:
    notice, _ = paper(wall, place)
    liaison = clerk(app, wall, place.people["liaison"])
    page = liaison.read(f"notices/{notice}")
    assert 'name="photos_file"' in page
    sha = liaison.photo(jpeg(color=(10, 200, 30)))
    body = {"version": "2", "verb": "reply", "note": "已清理", "photos": "0" * 64}
    _, refused = liaison.send(f"notices/{notice}/act", body, 422)
    assert "没有这张照片" in refused
    liaison.send(f"notices/{notice}/act", body | {"photos": sha}, 303)
    office = clerk(app, wall, place.people["office"])
    shown = office.read(f"notices/{notice}")
    ref = shown.split("/photos/")[1].split('"')[0].split("/")[0]
    assert office.ask(f"photos/{ref}").status_code == 200
    assert clerk(app, wall, place.people["stranger"]).ask(f"photos/{ref}").status_code == 404


def test_a_paper_whose_findings_have_left_says_so_and_may_be_cancelled(app: Flask, wall: Wall, place: Town) -> None:
    notice, (first, second) = paper(wall, place, 2)
    office = clerk(app, wall, place.people["office"])
    step = {"now": now(), "version": 1}
    with place.district.session(wall) as session:
        who = place.people["office"]
        act(session, who, first, "transfer", unit_id=place.other, note="转办", **step)  # type: ignore[arg-type]  # as asked
        session.commit()
    said = content(office.read(f"notices/{notice}"))
    assert "已转出" in said
    assert "不再催办" not in said, "one is still there"
    with place.district.session(wall) as session:
        act(session, place.people["office"], second, "cancel", note="重复", **step)  # type: ignore[arg-type]  # as asked
        session.commit()
    said = content(office.read(f"notices/{notice}"))
    assert "所涉问题都已转出或办结，这份文书不再催办；可以撤销" in said
    assert "问题已转出或办结" in content(office.read("notices?box=out"))
    office.send(f"notices/{notice}/act", {"version": "1", "verb": "cancel", "note": "已转办"}, 303)
    assert "不再催办" not in content(office.read(f"notices/{notice}"))
