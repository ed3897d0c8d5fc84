"""Attainment beside a place (点位达标卡): on its card a row a campaign with why and by whom; in lists a word a campaign."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint

from core.figures.site_attainment.board import Tally, read_board, whole
from core.figures.site_attainment.choosing import Choice, Line, choose, read_lines
from core.figures.site_attainment.choosing import Chosen as Places
from core.figures.site_attainment.ground import Ground, read_ground
from core.figures.site_attainment.places import list_standings
from core.figures.site_attainment.scope import Scope
from core.figures.site_attainment.states import STATES
from core.request import actor, db, house, today
from core.web.places.attainment_words import form_name, latest, say_checked, say_missing, say_person
from core.web.places.site_words import campaign_titles
from core.work.duties.coverage_posts import Posts
from core.work.places.subjects import GRID

blueprint = Blueprint("attainment_card", __name__)
MOST = 40  # campaigns of one place; there are three


@dataclass(frozen=True, slots=True)
class AttainmentCard:
    """A place in each campaign (点位达标): the lines, by what they are judged, and the posts of the day."""

    lines: Sequence[Line]
    ground: Ground
    posts: Posts
    titles: Mapping[str, str]


@blueprint.app_context_processor
def offer() -> dict[str, Any]:
    """What templates may ask: ``attainment_of`` one place, ``attainment_words`` of a list's, ``grids_attained`` by campaign."""
    said = {"states": STATES, "latest": latest, "say_checked": say_checked, "say_missing": say_missing}
    named = {"form_name": form_name, "say_person": say_person}
    return {
        "grids_attained": read_grids,
        "attainment_of": read_attainment,
        "attainment_words": read_words,
        "attainment_said": said | named,
    }


def read_attainment(site_id: UUID, as_of: date | None = None) -> AttainmentCard:
    """One place, that the reader was let to, in each campaign that asks something there."""
    session = db()
    ground = read_ground(session, today=today(), as_of=as_of, registry=house().registry)
    lines, posts = read_lines(session, actor(), Places(ground, Scope([site_id])), today(), limit=MOST)
    return AttainmentCard(lines, ground, posts, campaign_titles(session))


def read_words(sites: Collection[UUID], as_of: date | None = None) -> dict[UUID, list[tuple[str, str, str]]]:
    """For the places of a list, a campaign's title, the word and the tone of each state (one statement)."""
    if not sites:
        return {}
    session = db()
    ground = read_ground(session, today=today(), as_of=as_of, registry=house().registry)
    titles = campaign_titles(session)
    found: dict[UUID, list[tuple[str, str, str]]] = {}
    for one in list_standings(session, ground, Scope(list(sites))):
        found.setdefault(one.site_id, []).append((titles.get(one.campaign, one.campaign), *STATES[one.state]))
    return found


def read_grids(as_of: date | None = None) -> list[tuple[str, str, Tally]]:
    """Both tracks over all grids within reach, for a first page: campaign, its title and the numbers; none where no grid is."""
    session = db()
    chosen = choose(session, actor(), Choice(subject=GRID, as_of=as_of), today())
    board = {key: whole(one.values()) for key, one in read_board(session, chosen.ground, chosen.scope).items() if one}
    titles = campaign_titles(session) if board else {}
    return [(key, titles.get(key, key), one) for key, one in board.items()]
