"""A secret round that was called off (取消的暗访): hidden until its planners make it public, which shows its trail and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.errors import Conflict, NotFound
from core.work.rounds.drawing import get_draw
from core.work.rounds.planning import cancel_round, create
from core.work.rounds.releasing import release
from core.work.rounds.round_list import history
from core.work.rounds.sampling import Stratum, commit_draw, keep_sampling
from core.work.rounds.stops import add_sites
from core.work.tables import Audit, Note, Round, RoundStop
from tests.work.rounding import MONDAY, Rounds, rounds_town

LATER = MONDAY + timedelta(hours=2)


@pytest.fixture
def place(wall) -> Rounds:
    return rounds_town(wall)


def called_off(place: Rounds, session) -> Round:
    of = create(session, place.office, place.wish(kind="ten_day_secret", title="没查成的暗访"), now=MONDAY)
    add_sites(session, place.office, of.id, version=of.version, sites=place.sites, now=MONDAY)
    strata = [Stratum("市场", ("produce_market",), 1)]
    keep_sampling(session, place.office, of.id, version=of.version, strata=strata, now=MONDAY)
    commit_draw(session, place.office, of.id, version=of.version, now=MONDAY)
    return cancel_round(session, place.office, of.id, version=of.version, note="改期", now=MONDAY)


def test_it_stays_hidden_until_it_is_made_public(place):
    with place.session() as session:
        of = called_off(place, session)
        session.commit()
        key, version, draw = of.id, of.version, of.draw_id
    with place.session(cleared=False) as session:
        assert session.scalars(select(Round)).all() == []
        assert session.scalars(select(RoundStop)).all() == []
        trail = session.scalar(select(func.count()).select_from(Audit).where(Audit.object_id == str(key)))
        assert trail == 0
        bells = session.scalar(select(func.count()).select_from(Note))
    with place.session() as session:
        for who in ("leader", "liaison", "first"):
            with pytest.raises(NotFound):
                release(session, place.people[who], key, version=version, now=LATER)
    with place.session() as session:
        done = release(session, place.office, key, version=version, now=LATER)
        assert (done.findings, done.told) == (0, 0)
        session.commit()
    with place.session(cleared=False) as session:
        of = session.scalars(select(Round)).one()
        assert (of.state, of.hidden, of.released_at) == ("cancelled", False, LATER)
        assert of.number
        assert len(session.scalars(select(RoundStop)).all()) == 4
        verbs = [one.verb for one in history(session, key)]
        assert verbs == ["release", "cancel", "commit", "sampling", "sites", "create"]
        trail = select(Audit.verb).where(Audit.object_id == str(key))
        assert {"round.create", "round.cancel", "round.release"} <= set(session.scalars(trail))
        assert get_draw(session, draw).revealed_at is not None
        assert session.scalar(select(func.count()).select_from(Note)) == bells
    with place.session() as session, pytest.raises(Conflict):
        release(session, place.office, key, version=of.version, now=LATER)


def test_a_draft_is_not_made_public(place):
    with place.session() as session:
        of = create(session, place.office, place.wish(kind="ten_day_secret"), now=MONDAY)
        with pytest.raises(Conflict):
            release(session, place.office, of.id, version=of.version, now=LATER)
