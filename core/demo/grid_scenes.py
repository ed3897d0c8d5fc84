"""The demo's grids (演示网格): self-checked and verified side by side, one found wanting, one revoked by a later finding."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from core.campaigns.registry import installed
from core.demo.playing import LABEL, Play
from core.work.enabling import enabled
from core.work.inspection.visits import submit
from core.work.intake.reporting import report
from core.work.organisation.units import add_unit
from core.work.places.sites import change_site
from core.work.places.subjects import GRID, settle_subjects
from core.work.tables import Site
from tenants.access import Actor
from tenants.db import new_id

NUMERALS = "一二三四五六七八九十"
HOMES, EACH = 3, 4  # communities with grids, and grids of each
FINE = {"yes_no": {"yes": True}, "rating10": {"rating": 9}, "count": {"count": 0}}
WELL = {"public_adverts": {"count": 3}}
POOR = {"grounds_clean": {"rating": 5}, "waste_heaps": {"count": 4}, "litter_count": {"count": 9}}
BREEDING = {"breeding_places": {"count": 2}}
CHECKED, POORLY = range(9), 9  # grids that checked themselves, and the one that found itself below the mark
VERIFIED, WANTING, REVOKED = range(6), 6, 5


def play_grids(play: Play) -> None:
    """Twelve grids of three communities, each a place with its own form: nine met by self-check, fewer by others' visits."""
    grids = _draw_grids(play)
    settle_subjects(play.session, None, GRID, today=play.first)
    chosen = select(Site.unit_id, Site.id).where(Site.unit_id.in_(grids), Site.state == "active")
    sites = dict(play.session.execute(chosen).all())
    places = [sites[grid] for grid in grids]
    for place in places:
        change_site(play.session, None, place, today=play.first, address=f"社区内{LABEL}")
    for number in (*CHECKED, POORLY):
        worker = play.seat(f"演示网格员·{NUMERALS[number]}号", grids[number], "grid_worker")
        _check(play, worker, places[number], play.at(4, 9, 3 * number), POOR if number == POORLY else {})
    inspector = play.stage.actors["演示检查员乙"]
    for number in VERIFIED:
        _check(play, inspector, places[number], play.at(2, 10, 5 * number), {})
    _check(play, inspector, places[WANTING], play.at(2, 11), POOR | BREEDING)
    _report(play, places[REVOKED], play.at(1, 9))


def _draw_grids(play: Play) -> list[UUID]:
    """The grids as units under the first communities."""
    homes = play.units("community")[:HOMES]
    found = []
    for home in homes:
        for number in range(EACH):
            name = f"演示{home.name}第{NUMERALS[number]}网格"
            unit = add_unit(play.session, None, name=name, kind="grid", parent_id=home.id, today=play.first)
            found.append(unit.id)
    return found


def _check(play: Play, actor: Actor, site: UUID, at: datetime, bad: dict[str, dict[str, int]]) -> None:
    """One visit that answers everything that is due at a grid well, but for what is bad."""
    campaigns = enabled(play.session, play.registry)
    words = installed().vocabulary.questions
    asked = [i.question for c in campaigns for f in c.edition.forms_for([GRID]) for i in f.items]
    answers = {code: bad.get(code) or WELL.get(code) or FINE[words[code].answer_type] for code in asked}
    photos = _photos(play, set(bad) & set(asked))
    said = {"answers": answers, "photos": photos, "note": LABEL.strip("（）")}
    submit(play.session, actor, campaigns=campaigns, visit_id=new_id(), site_id=site, now=at, **said)


def _photos(play: Play, questions: Collection[str]) -> dict[str, list[str]]:
    return {code: [play.photo(f"网格{code}")] for code in sorted(questions)}


def _report(play: Play, site: UUID, at: datetime) -> None:
    """Somebody finds a heap of waste where all was well the day before: until it is closed the grid is not up to standard."""
    report(
        play.session,
        play.stage.actors["演示检查员甲"],
        source="snapshot",
        category="ENV-LITTER",
        site_id=site,
        title="网格边角积存垃圾",
        detail=f"核验次日发现{LABEL}",
        photos=[play.photo("网格积存垃圾")],
        campaigns=["sanitary_city"],
        now=at,
    )
