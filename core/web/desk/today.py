"""The first page inside a tenant (今日): what each of a person's posts is asked for now, the most urgent first.

Which sections there are follows from the verbs of the posts; somebody with several posts sees them one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, render_template
from flask_babel import gettext

from core import request as asked
from core.request import actor, db, now, tenant, today
from core.web.desk.look import Look, read_look
from core.web.desk.today_city import read_city
from core.web.desk.today_desk import read_answers, read_desk, read_numbers
from core.web.desk.today_leader import read_leader
from core.web.desk.today_route import read_route
from core.web.desk.today_sponsor import read_sponsor
from core.web.ledger.finding_words import say_category, say_state, say_title, tone_of
from core.web.marks.card_beside import cards_beside
from core.web.places.site_words import say_types
from core.web.scores.reminded import reminded_of
from core.web.start import Step, read_steps
from core.web.words import by_locale
from core.work.roles import ADMINISTER, ANSWER, CHECK, COMPARE, LEAD, SEE, VISIT
from tenants.access import Actor
from tenants.scope import ScopedSession

blueprint = Blueprint("today", __name__, url_prefix="/t/<slug>")
blueprint.before_request(asked.enter)

Read = Callable[[ScopedSession, Actor, Look], object]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page (版块): the name of its template, and what it shows."""

    name: str
    data: object


def sections_of(who: Actor, look: Look) -> list[tuple[str, Read]]:
    """The sections of a person, in the order in which they are read. The HQ office visits too, but is not sent out.

    What a day sends somebody to do is of today alone: the route is not among the numbers of a past day or an area.
    """
    if who.tenant.is_bureau:
        return (
            [("city", lambda session, actor, at: read_city(session, actor, at.now, at.on))] if who.has(COMPARE) else []
        )
    walks = look.is_plain and any(VISIT in duty.verbs and CHECK not in duty.verbs for duty in who.duties)
    offered: list[tuple[bool, str, Read]] = [
        (walks, "route", lambda session, actor, at: read_route(session, actor, at.now, at.on)),
        (who.has(ANSWER), "answers", read_answers),
        (who.has(CHECK), "desk", read_desk),
        (who.has(LEAD), "leader", read_leader),
    ]
    found = [(name, read) for wanted, name, read in offered if wanted]
    return found or ([("numbers", read_numbers)] if who.has(SEE) else [])


def read_start(session: ScopedSession, who: Actor) -> list[Step]:
    """The onboarding checklist while something is missing; empty for everyone who has nothing to do with it."""
    if who.tenant.kind != "district" or not who.has(ADMINISTER):
        return []
    steps = read_steps(session, tenant())
    return [] if all(step.done for step in steps) else steps


@blueprint.get("/")
def show() -> str:
    """The page for whoever asks; somebody without a post is told how to get one."""
    session, who, is_district = db(), actor(), tenant().kind == "district"
    look = read_look() if is_district else Look(now(), today())
    steps = read_start(session, who) if look.is_plain else []
    sections = [Section(name, read(session, who, look)) for name, read in sections_of(who, look)]
    mine = read_sponsor(session, who, now(), today()) if is_district and look.is_plain else None
    sections += [Section("sponsor", mine)] if mine else []
    return render_template(
        "today/show.html",
        steps=steps,
        following=next((step for step in steps if not step.done), None),
        sections=sections,
        on=look.on,
        look=look,
        looks=is_district and who.has(SEE),
        verbs=who.verbs,
        by_locale=by_locale,
        say_title=say_title,
        say_state=say_state,
        say_category=say_category,
        say_types=say_types,
        tone_of=tone_of,
        cards_here=cards_beside(session, who, {d.unit_id for d in who.duties if {ANSWER, LEAD} & d.verbs}, look.on),
        name_them=True,
        greeting=greet(who, sponsors=mine is not None),
        say_number=say_number,
        **reminded_of(session, who),
    )


def say_number(number: Decimal) -> str:
    """Points without idle zeros: 58.50 -> 58.5."""
    return f"{number.normalize():f}"


def greet(who: Actor, *, sponsors: bool = False) -> str:
    """The person's name, or that he holds no post and sponsors nothing either."""
    return who.name if who.duties or sponsors else gettext("%(name)s，还没有岗位", name=who.name)
