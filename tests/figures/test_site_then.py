"""Old visits are scored again by what their site was then: its length, its types; where nobody kept it, the score says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from core.campaigns import Edition, installed
from core.campaigns.body import seal
from core.figures.model import CampaignScore
from core.figures.periods import parse_period
from core.figures.runs import make_run
from core.figures.scores import score_campaign
from core.work.enabling import enabled, freeze
from core.work.inspection.visit_corrections import correct
from core.work.inspection.visits import submit
from core.work.tables import ItemResult, Sheet, Site, SiteKind, Visit
from tenants.access import Actor
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE, District, add_actor, add_site, bare_district
from tests.work.test_opened_with import answers_of

CIVILIZED = installed().campaigns["civilized_city"]
KEY, PLAIN = CIVILIZED.key, CIVILIZED.edition
ROAD = PLAIN.form("CIV-ROAD")
ADVERTS = next(item for item in ROAD.items if item.question == "road_adverts")
OCTOBER = parse_period("2026-10")
SENT = datetime(2026, 10, 8, 2, tzinfo=UTC)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def edition(*forms: Any) -> Edition:
    """Another edition with other road forms."""
    kept = tuple(form for form in PLAIN.forms if form.code != ROAD.code)
    return seal(replace(PLAIN, key="own_2026", title_zh="本区版", forms=(*forms, *kept)))


OWN = edition(seal(replace(ROAD, title_zh="主次干道（本区）")))


@dataclass
class Place:
    district: District
    road: UUID
    inspector: Actor
    office: Actor

    def send(self, session: ScopedSession, adverts: int) -> UUID:
        """A visit to the road at which all is well, with so many adverts."""
        visit_id = new_id()
        answers: Mapping[str, Any] = answers_of(ROAD) | {"road_adverts": {"count": adverts}}
        campaigns = enabled(session, installed(), day=SENT.date())
        said = {"visit_id": visit_id, "site_id": self.road, "answers": answers, "now": SENT}
        submit(session, self.inspector, campaigns=campaigns, **said)
        return visit_id


def place(wall: Wall, *types: str, **attrs: Any) -> Place:
    district = bare_district(wall, campaigns={KEY: (PLAIN.key, PLAIN.sha256)})
    with district.session(wall) as session:
        for one in (PLAIN, OWN):
            freeze(session, CIVILIZED, one)
        road = add_site(session, district.communities[0], *(types or ROAD.site_types[:1]), **attrs)
        session.commit()
    office = add_actor(wall, district.ref, "hq_office", district.root)
    return Place(district, road, add_actor(wall, district.ref, "inspector", district.root), office)


def scored(session: ScopedSession, by: Edition) -> CampaignScore:
    return score_campaign(session, None, CIVILIZED, by, OCTOBER, cut_off=NOW)


def figures(score: CampaignScore) -> list[Any]:
    return [(f.code, f.status, f.numerator, f.denominator, f.earned) for f in score.indicators]


def lengthen(session: ScopedSession, here: Place, metres: int) -> None:
    session.get_one(Site, (session.tenant_id, here.road)).attrs = {"length_m": metres}
    session.flush()


def test_a_road_measured_anew_changes_no_visit_of_before(wall: Wall) -> None:
    """Nine adverts are enough for 500 m; 1 000 m would ask for eighteen."""
    here = place(wall, length_m=500)
    with here.district.session(wall) as session:
        here.send(session, 9)
        stored = scored(session, PLAIN)
        lengthen(session, here, 1000)
        again = scored(session, OWN)
        assert figures(again) == figures(stored), "as it was stored that day"
        assert (again.visits, again.undated) == (1, 0)


def test_a_visit_that_kept_nothing_is_scored_by_today_and_that_is_said(wall: Wall) -> None:
    here = place(wall, length_m=500)
    with here.district.session(wall) as session:
        here.send(session, 9)
        session.execute(update(Visit).values(site_then=None))
        same, plain = scored(session, OWN), scored(session, PLAIN)
        assert figures(same) == figures(plain)
        assert (same.undated, plain.undated) == (1, 0), "what counts as it was stored asks for no attribute"
        lengthen(session, here, 1000)
        moved = scored(session, OWN)
        assert figures(moved) != figures(plain)
        run = make_run(session, here.office, CIVILIZED, OWN, OCTOBER, label="按本区版", now=NOW)
        assert run.body["undated"] == 1
        twice = make_run(session, here.office, CIVILIZED, OWN, OCTOBER, label="再算", now=NOW)
        assert twice.sha256 == run.sha256
        kept = make_run(session, here.office, CIVILIZED, PLAIN, OCTOBER, label="原版", now=NOW)
        assert "undated" not in kept.body


def test_only_what_depends_on_the_site_is_spoken_of(wall: Wall) -> None:
    """The form without the one item that reads a length: nothing of today enters."""
    here = place(wall, length_m=500)
    shorter = edition(seal(replace(ROAD, items=tuple(i for i in ROAD.items if i is not ADVERTS))))
    with here.district.session(wall) as session:
        here.send(session, 9)
        session.execute(update(Visit).values(site_then=None))
        assert scored(session, shorter).undated == 0


def test_a_form_that_was_split_by_type_is_chosen_by_what_the_site_was(wall: Wall) -> None:
    """One form for three kinds of road becomes two; a main road that is a back street by now was a main road then."""
    first, second = ROAD.site_types[:2]
    one = seal(replace(ROAD, site_types=(first,)))
    rest = tuple(replace(item, code=f"{item.code}B") for item in ROAD.items)
    two = seal(replace(ROAD, code="CIV-ROAD-B", site_types=ROAD.site_types[1:], items=rest))
    split = edition(one, two)
    here = place(wall, first, length_m=500)
    for kept in (True, False):
        with here.district.session(wall) as session:
            here.send(session, 9)
            kind = session.get_one(SiteKind, (session.tenant_id, here.road, first, SINCE))
            kind.valid_to = date(2026, 10, 20)
            session.add(SiteKind(site_id=here.road, site_type=second, valid_from=date(2026, 10, 20)))
            if not kept:  # the register's history says the same
                session.execute(update(Visit).values(site_then=None))
            session.flush()
            found = scored(session, split)
            assert found.visits == 1
            answered = {f.code: f.n for f in found.indicators if f.assessed}
            plain = {f.code: f.n for f in scored(session, PLAIN).indicators if f.assessed}
            assert answered == plain, "counted by one form, not by both"
            session.rollback()


def test_a_correction_is_scored_by_the_site_of_the_day(wall: Wall) -> None:
    here = place(wall, length_m=500)
    with here.district.session(wall) as session:
        visit_id = here.send(session, 9)
        before = session.get_one(Visit, (session.tenant_id, visit_id))
        assert before.site_then == {"types": [ROAD.site_types[0]], "attrs": {"length_m": 500}}
        lengthen(session, here, 1000)
        campaigns = enabled(session, installed(), day=SENT.date())
        said = {"new_visit_id": new_id(), "reason": "少数一处", "now": SENT, "campaigns": campaigns}
        answers = answers_of(ROAD) | {"road_adverts": {"count": 10}}
        done = correct(session, here.inspector, visit_id, answers=answers, **said)
        assert done.visit.site_then == before.site_then
        first = session.get_one(Sheet, (session.tenant_id, visit_id, KEY, ROAD.code))
        assert (done.sheets[0].earned, done.sheets[0].possible) == (first.earned, first.possible)
        asked = select(ItemResult.outcome).where(ItemResult.visit_id == done.visit.id, ItemResult.item == ADVERTS.code)
        assert session.scalars(asked).one() == "pass"
