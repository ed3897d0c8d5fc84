"""The same key and body replay the first answer; another body is a conflict; nobody acts twice."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.errors import Conflict, InvalidInput
from core.work.idempotency import Reply, forget_replies, replay_or_run
from core.work.journal import record
from core.work.tables import Audit, Idempotency
from tenants.db import now
from tests.work.market import Town, town


@pytest.fixture(scope="module")
def place(wall) -> Town:
    return town(wall)


class Act:
    """Something that leaves a trace each time it is done."""

    def __init__(self, session, actor, name: str) -> None:
        self.session, self.actor, self.name = session, actor, name

    def __call__(self) -> tuple[int, str]:
        record(self.session, self.actor, "test.act", "test", self.name)
        self.session.flush()
        return 201, f'{{"done": "{self.name}"}}'

    def times(self) -> int:
        return self.session.scalar(
            select(func.count()).select_from(Audit).filter_by(verb="test.act", object_id=self.name)
        )


def test_a_repetition_gets_the_first_answer(wall, place):
    with place.district.session(wall) as session:
        act = Act(session, place.liaison, "one")
        assert replay_or_run(session, place.liaison, "k1", b"body", act) == Reply(201, '{"done": "one"}')
        session.commit()
    with place.district.session(wall) as session:
        act = Act(session, place.liaison, "one")
        again = replay_or_run(session, place.liaison, "k1", "body", act)
        assert again == Reply(201, '{"done": "one"}', replayed=True)
        assert act.times() == 1
        with pytest.raises(Conflict):
            replay_or_run(session, place.liaison, "k1", b"another", act)
        assert act.times() == 1


def test_keys_belong_to_a_person_and_a_district(wall, place):
    other = town(wall, "邻区")
    for home, actor in ((place, place.inspector), (place, place.office), (other, other.office)):
        with home.district.session(wall) as session:
            act = Act(session, actor, "two")
            assert not replay_or_run(session, actor, "k2", actor.name.encode(), act).replayed
            session.commit()


def test_what_failed_may_be_tried_again(wall, place):
    def fail() -> tuple[int, str]:
        raise InvalidInput

    with place.district.session(wall) as session:
        with pytest.raises(InvalidInput):
            replay_or_run(session, place.liaison, "k3", b"x", fail)
        session.rollback()
        act = Act(session, place.liaison, "three")
        assert not replay_or_run(session, place.liaison, "k3", b"x", act).replayed
        session.commit()


@pytest.mark.parametrize("key", ["", "with blank", "钥匙", "x" * 201, "a\nb"])
def test_an_illegal_key_is_refused(wall, place, key):
    with place.district.session(wall) as session, pytest.raises(InvalidInput) as caught:
        replay_or_run(session, place.liaison, key, b"x", lambda: (200, ""))
    assert caught.value.faults[0].field == "Idempotency-Key"


def test_the_same_request_at_the_same_moment_acts_once(wall, place):
    gate, replies, errors = threading.Barrier(6), [], []

    def run() -> None:
        try:
            with place.district.session(wall) as session:
                gate.wait()
                replies.append(replay_or_run(session, place.liaison, "k4", b"x", Act(session, place.liaison, "four")))
                session.commit()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(r.replayed for r in replies) == [False] + [True] * 5
    assert {(r.status, r.body) for r in replies} == {(201, '{"done": "four"}')}
    with place.district.session(wall) as session:
        assert Act(session, place.liaison, "four").times() == 1


def test_old_answers_are_forgotten(wall, place):
    with place.district.session(wall) as session:
        replay_or_run(session, place.leader, "k5", b"x", lambda: (200, ""))
        session.commit()
        assert forget_replies(session, now() - timedelta(days=1)) == 0
        assert forget_replies(session, now() + timedelta(seconds=1)) >= 1
        assert session.scalars(select(Idempotency)).all() == []
