"""Meetings over the API (会议): the list and one in full; what a reader may not know of has no words there."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from core.work.calendar import local_day
from core.work.meetings.agenda import put
from core.work.meetings.deciding import DecisionWish, decide
from core.work.meetings.planning import MeetingWish, hold_meeting, plan_meeting
from core.work.tables import Finding, MeetingItem
from tenants.db import new_id, now
from tests.factory import add_actors, bare_district

DAY = local_day(now())


@pytest.fixture
def place(wall):
    made = bare_district(wall)
    department = made.departments["market_regulator"]
    wishes = [("hq_office", made.root, "甲"), ("liaison", department, "乙"), ("inspector", made.street, "丙")]
    office, liaison, stranger = add_actors(wall, made.ref, wishes)
    with made.session(wall) as session:
        wish = MeetingWish("dispatch", made.root, DAY, chair="某人", invited=(department,))
        of = plan_meeting(session, office, wish, now=now())
        finding = Finding(
            id=new_id(), title="机密问题", unit_id=made.street, state="dispatched", category="litter", working_days=3,
            opened_at=now(), due_at=now(), restricted=True,
        )  # fmt: skip
        session.add(finding)
        session.flush()
        put(session, of, [MeetingItem(subject="finding", subject_id=finding.id, title="机密问题", unit_id=made.street)])
        hold_meeting(session, office, of.id, version=1, now=now())
        due = DAY + timedelta(days=3)
        decide(session, office, of.id, DecisionWish("办", department, due_on=due), now=now(), give_task=True)
        session.commit()
        return {
            "made": made,
            "office": office,
            "liaison": liaison,
            "stranger": stranger,
            "id": of.id,
            "finding": finding.id,
        }


def test_one_in_full_with_the_task_and_without_the_words_of_what_is_restricted(place, client_for, wall):
    for who in ("office", "liaison"):
        answer = client_for(place[who]).get(f"meetings/{place['id']}")
        assert answer.status_code == 200
        assert answer.headers["ETag"]
        said = answer.get_json()
        assert (said["asked"], said["decisions"], said["tasks"]) == (1, 1, 1)
        (point,) = said["agenda"]
        assert (point["hidden"], point["title"], point["standing"], point["unit_id"]) == (True, "", None, None)
        assert "机密" not in answer.get_data(as_text=True)
        assert said["decided"][0]["task"]["number"]
    with place["made"].session(wall) as session:
        session.execute(update(Finding).where(Finding.id == place["finding"]).values(restricted=False))
        session.commit()
    said = client_for(place["office"]).get(f"meetings/{place['id']}").get_json()
    assert said["agenda"][0]["title"] == "机密问题"


def test_strangers_see_nothing(place, client_for):
    stranger = client_for(place["stranger"])
    assert stranger.get("meetings").get_json()["items"] == []
    assert stranger.get(f"meetings/{place['id']}").status_code == 404
    assert stranger.get(f"meetings/{uuid4()}").status_code == 404


def test_filters(place, client_for):
    office = client_for(place["office"])
    for query, count in (("kind=dispatch&tier=1", 1), ("kind=training", 0), (f"from={DAY + timedelta(days=1)}", 0)):
        assert len(office.get(f"meetings?{query}").get_json()["items"]) == count, query
    assert office.get("meetings?kind=tea").status_code == 422
