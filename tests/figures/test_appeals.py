"""Appeals against figures: who may, what an upheld one computes anew, and that what was published stays as it was."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from core.campaigns import installed
from core.errors import Forbidden, NotFound
from core.figures.appeals import is_published, key_of, latest_run, raise_appeal, recompute
from core.figures.periods import parse_period
from core.figures.publishing import publish
from core.figures.run_tables import ScoreRun
from core.figures.runs import make_run
from core.figures.tables import Publication, PublishedFigure
from core.work.appeals.appeal_list import Wanted, list_appeals
from core.work.appeals.deciding import Carry, decide
from core.work.appeals.raising import units_of_figure
from core.work.inspection.visit_corrections import correct
from core.work.tables import Appeal, Visit
from tenants.access import Actor
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor
from tests.work.market import ANSWERS, THURSDAY, Town, campaigns, send, town

MONTH = parse_period("2026-11")
FOOD = installed().campaigns["food_safety_city"]
CODE = "FS-C1"  # stalls with a licence: 7 of 9 at the market
FRIDAY = THURSDAY + timedelta(days=1)


def complain(session: ScopedSession, who: Actor, unit: UUID | None = None, own: UUID | None = None) -> Appeal:
    given = {"unit_id": own, "reason": "有一户已经办证", "now": FRIDAY}
    return raise_appeal(session, who, FOOD, FOOD.edition, CODE, MONTH, unit, **given)


def again(session: ScopedSession, who: Actor) -> Carry:
    return lambda found, _said: recompute(session, who, found, FOOD, FOOD.edition, label="申诉重算", now=FRIDAY)


def stand(wall: Wall) -> tuple[Town, Actor, Actor]:
    """A market that was visited, with the liaisons of its community and of the one beside."""
    place = town(wall)
    homes = place.district.communities
    with place.district.session(wall) as session:
        send(session, place)
        session.commit()
    return place, *(add_actor(wall, place.ref, "liaison", unit) for unit in homes)


def test_upheld_the_figure_is_computed_anew_and_the_difference_kept(wall: Wall) -> None:
    place, near, _ = stand(wall)
    home = place.district.communities[0]
    with place.district.session(wall) as session:
        first = make_run(session, place.office, FOOD, FOOD.edition, MONTH, label="初算", now=THURSDAY, unit_id=home)
        appeal = complain(session, near, home)
        assert (appeal.unit_id, appeal.figure_unit_id) == (home, home)
        assert (appeal.facts["numerator"], appeal.facts["denominator"]) == ("7/1", "9/1")
        put_right(session, place)
        done = decide(
            session,
            place.office,
            appeal.id,
            "uphold",
            version=1,
            text="属实",
            carry=again(session, place.office),
            now=FRIDAY,
        )
        run = session.get_one(ScoreRun, (place.ref.id, done.effect_id))
        assert run.previous_id == first.id
        assert latest_run(session, appeal) is run
        after = done.outcome["after"]
        assert (after["numerator"], after["denominator"]) == ("9/1", "9/1")
        in_run = next(one for one in run.body["figures"] if one["code"] == CODE)
        assert {name: after[name] for name in in_run} == in_run
        gained = Decimal(after["earned"]) - Decimal(done.facts["earned"])
        assert gained > 0
        assert Decimal(done.outcome["points"]) == gained
        session.commit()


def put_right(session: ScopedSession, place: Town) -> None:
    """Correct the visit: every stall had its licence."""
    correct(
        session,
        place.office,
        session.scalars(select(Visit.id)).one(),
        campaigns=campaigns(),
        new_visit_id=new_id(),
        answers={**ANSWERS, "stall_licences": {"n": 9, "m": 9}},
        reason="申诉属实",
        now=FRIDAY,
    )


def test_a_published_period_stays_as_it_was(wall: Wall) -> None:
    place, near, _ = stand(wall)
    home = place.district.communities[0]
    with place.district.session(wall) as session:
        publish(session, place.office, FOOD, FOOD.edition, MONTH, now=THURSDAY)
        rows = select(PublishedFigure.code, PublishedFigure.numerator, PublishedFigure.earned)
        sealed = (session.execute(rows).all(), session.scalars(select(Publication.sha256)).all())
        appeal = complain(session, near, None, home)
        assert is_published(session, appeal)
        put_right(session, place)
        decide(
            session,
            place.office,
            appeal.id,
            "uphold",
            version=1,
            text="属实",
            carry=again(session, place.office),
            now=FRIDAY,
        )
        session.commit()
        session.expire_all()
        assert (session.execute(rows).all(), session.scalars(select(Publication.sha256)).all()) == sealed


def test_who_may_appeal_against_which_figure(wall: Wall) -> None:
    place, near, beside = stand(wall)
    home, next_home = place.district.communities
    with place.district.session(wall) as session:

        def units(who: Actor, unit: UUID | None) -> list[UUID]:
            return [one.id for one in units_of_figure(session, who, key_of(FOOD, CODE, MONTH, unit), FRIDAY)]

        assert units(near, home) == [home]
        assert units(near, None) == [home]
        assert units(near, place.district.street) == [home]
        assert units(beside, home) == []
        assert units(beside, None) == [next_home]
        assert units(place.office, home) == []
        with pytest.raises(Forbidden):
            complain(session, beside, home)
        with pytest.raises(Forbidden):
            complain(session, place.inspector, home)
        raised = complain(session, near, home)
        assert [one.id for one in list_appeals(session, near, Wanted(), now=FRIDAY, limit=9)] == [raised.id]
        assert list_appeals(session, beside, Wanted(), now=FRIDAY, limit=9) == []
        own = Wanted(campaign=FOOD.key, kind="figure", unit_id=home)
        assert len(list_appeals(session, place.office, own, now=FRIDAY, limit=9)) == 1
        other = Wanted(campaign="sanitary_city")
        assert list_appeals(session, place.office, other, now=FRIDAY, limit=9) == []
        with pytest.raises(NotFound):
            raise_appeal(
                session, near, FOOD, FOOD.edition, "NO-SUCH", MONTH, home, unit_id=home, reason="不对", now=FRIDAY
            )
        session.commit()


def test_only_who_publishes_computes_anew(wall: Wall) -> None:
    """The conduct supervisor directs above the unit, but the district's score is not his: nothing is decided."""
    place, near, _ = stand(wall)
    supervisor = add_actor(wall, place.ref, "discipline", place.district.root)
    with place.district.session(wall) as session:
        appeal = complain(session, near, None, place.district.communities[0])
        with pytest.raises(Forbidden):
            decide(
                session,
                supervisor,
                appeal.id,
                "uphold",
                version=1,
                text="属实",
                carry=again(session, supervisor),
                now=FRIDAY,
            )
        assert (appeal.state, appeal.version, appeal.decision) == ("raised", 1, "")
        assert session.scalars(select(ScoreRun)).all() == []
        session.commit()
