"""Reads one finding for its page (问题详情): what it costs in each campaign, its photos by step, its history in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import select

from core.campaigns import Edition, Form
from core.errors import N_
from core.request import house
from core.web.inspection.visit_reading import form_title, forms_of
from core.web.ledger.change_words import say_changes
from core.web.ledger.finding_basis import say_route
from core.web.ledger.finding_words import (
    GOOD,
    TONES,
    Left,
    say_left,
    say_outcome,
    say_reason,
    say_span,
    say_verb,
)
from core.web.moments import deadline_words
from core.web.photo_words import say_gaps
from core.web.words import by_locale, counted
from core.work.calendar import local_day
from core.work.desk.finding_detail import Detail, Photo
from core.work.enabling import HELD, RELEASED, campaign_as_run, frozen_edition
from core.work.inspection.photo_gaps import Gap
from core.work.loop.recomputing import CHANGED
from core.work.loop.system_lines import LINES
from core.work.loop.transitions import (
    ANOTHER,
    ANSWERED,
    CLOSED,
    DISPATCHED,
    LEADING,
    PARTIES,
    RECTIFYING,
    STATES,
    SYSTEM,
    TRANSITIONS,
)
from core.work.papers.chasing import REVIEW_DUE, TAKEN_BY_TIME
from core.work.tables import FindingEvent, FindingItem, Sheet
from tenants.models import EnabledCampaign, Unit, UnitName
from tenants.scope import ScopedSession

Gaps = Mapping[tuple[UUID, int | None], Sequence[Gap]]
SYSTEM_NOTES = frozenset({HELD, RELEASED, CHANGED, TAKEN_BY_TIME, REVIEW_DUE})  # what jobs and switches write
STILL_THERE = frozenset(
    {"return", "send_back", "reopen", "relapse", "seen_again"}
)  # steps whose photos show the problem itself


@dataclass(frozen=True, slots=True)
class Cost:
    """One failed item (不合格检查项) with its points lost, in 1/100."""

    form: str
    item: str
    text: str
    lost: int


@dataclass(slots=True)
class Concern:
    """What a finding means for one campaign (涉及项目): failed items, and indicators as (code, name, direct)."""

    campaign: str
    costs: list[Cost] = field(default_factory=list)
    indicators: list[tuple[str, str, bool]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo with its caption: when, in which step, which contact without an account sent it, and what does not fit of it."""

    file_id: UUID
    at: datetime
    step: str
    contact: str = ""
    gaps: Sequence[str] = ()


def read_concerns(session: ScopedSession, found: Detail) -> list[Concern]:
    """The finding by campaign; names come from the forms and editions that the visit froze."""
    sheets = session.scalars(select(Sheet).where(Sheet.visit_id == found.finding.visit_id)).all()
    forms = forms_of(session, {sheet.form_sha256 for sheet in sheets})
    by_form = {(s.campaign, s.form): forms.get(s.form_sha256) for s in sheets}
    enabled = session.scalars(select(EnabledCampaign)).all()
    known = {row.campaign: campaign_as_run(session, house().registry, row) for row in enabled}
    editions = {key: campaign.edition for key, campaign in known.items()}
    editions |= {s.campaign: frozen_edition(session, s.edition_sha256) for s in sheets}
    titles = {key: by_locale(campaign.title_zh, campaign.title_en) for key, campaign in known.items()}
    concerns: dict[str, Concern] = {}
    for row in found.items:
        one = concerns.setdefault(row.campaign, Concern(titles.get(row.campaign, row.campaign)))
        one.costs.append(_cost(row, by_form.get((row.campaign, row.form))))
    for link in found.links:
        one = concerns.setdefault(link.campaign, Concern(titles.get(link.campaign, link.campaign)))
        one.indicators.append((link.indicator, _indicator(editions.get(link.campaign), link.indicator), link.direct))
    return [concerns[key] for key in sorted(concerns)]


def _cost(row: FindingItem, form: Form | None) -> Cost:
    item = next((one for one in form.items if one.code == row.item), None) if form else None
    text = by_locale(item.text_zh, item.text_en) if item else row.item
    return Cost(form_title(form, row.form), row.item, text, row.lost)


def _indicator(edition: Edition | None, code: str) -> str:
    known = next((one for one in edition.indicators if one.code == code), None) if edition else None
    return by_locale(known.name_zh, known.name_en) if known else ""


def read_shots(found: Detail, gaps: Gaps | None = None) -> tuple[list[Shot], list[Shot]]:
    """The photos of the problem and those after it was put right, the latest step first; ``gaps`` by file and step."""
    unfit = gaps or {}
    verbs = {event.version: event.verb for event in found.events}
    before = [_shot(photo, "", unfit) for photo in found.before]
    shown = [
        photo for photo in found.after if verbs.get(photo.version or 0) != "instruct"
    ]  # a paper is no state of things
    ordered = sorted(shown, key=lambda photo: -(photo.version or 0))
    shots = [(verbs.get(photo.version or 0, ""), photo) for photo in ordered]
    again = [_shot(photo, say_verb(verb), unfit) for verb, photo in shots if verb in STILL_THERE]
    return again + before, [_shot(photo, say_verb(verb), unfit) for verb, photo in shots if verb not in STILL_THERE]


def _shot(photo: Photo, step: str, gaps: Gaps) -> Shot:
    said = say_gaps(gaps.get((photo.file_id, photo.version), ()))
    return Shot(photo.file_id, photo.taken_at or photo.sent_at, step, photo.contact_name, said)


def read_instructions(events: Sequence[FindingEvent]) -> list[dict[str, Any]]:
    """What leaders wrote to it (批示), the latest first; ``filed_by`` when the office filed the paper of the leader named."""
    told = [(e, e.detail.get("leader", "")) for e in reversed(events) if e.verb == "instruct"]
    return [
        {"at": e.at, "who": leader or _who(e), "filed_by": _who(e) if leader else "", "text": e.note}
        | {"said_on": e.detail.get("said_on", ""), "photos": e.detail.get("photos", ())}
        for e, leader in told
    ]


def read_waits(found: Detail) -> str:
    """Who is waited for now, when it is not the reader, and why he may not act himself."""
    party, standing = STATES[found.row.state].waits_for, found.standing
    if not party or (party in standing.parties and not (party == ANOTHER and standing.own)):
        return ""
    lead = found.row.lead
    said = gettext("等%(who)s办理", who=gettext(PARTIES[party][0]))
    if party == LEADING:
        said = gettext("等 %(unit)s 整改后答复", unit=lead.unit_name if lead else "—")
    elif party == ANOTHER:
        said = gettext("等另一方核查")
    return gettext("；").join(filter(None, (said, gettext(standing.own) if standing.own else "")))


def read_history(session: ScopedSession, events: Sequence[FindingEvent]) -> list[dict[str, Any]]:
    """The history as the timeline shows it, newest first; units under the names that they had then."""
    named = _name_units(session, events)
    tones: Mapping[str, str] = TONES | {ANSWERED: "active"}
    before = [None, *(event.detail.get("due_at") for event in events)][: len(events)]
    lines = [
        {
            "at": event.at,
            "what": say_verb(event.verb),
            "who": _who(event),
            "text": say_event(event, named, moved=_is_new(event) or event.detail.get("due_at") != due),
            "tone": _tone(event, tones),
            "visit": (event.detail.get("line") or {}).get("visit", ""),
        }
        for event, due in zip(events, before, strict=True)
    ]
    return lines[::-1]


def _hands(event: FindingEvent) -> list[tuple[str, str]]:
    """Whom a step gave the lead to, or from whom to whom it moved, as ids; a mere proposal hands nothing over."""
    detail = event.detail
    moved = [] if "names" in detail else [(one["from"], one["to"]) for one in detail.get("moved", ())]
    lead = detail.get("lead") if event.to_state == DISPATCHED else None
    return moved or ([("", lead)] if lead else [])


def _name_units(session: ScopedSession, events: Sequence[FindingEvent]) -> Mapping[tuple[str, date], str]:
    """The names of the units that steps handed it to, on the days of the steps (two queries)."""
    asked = {(one, local_day(event.at)) for event in events for pair in _hands(event) for one in pair if one}
    ids = {UUID(one) for one, _ in asked}
    if not ids:
        return {}
    known = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(ids))).all())
    former = session.scalars(select(UnitName).where(UnitName.unit_id.in_(ids))).all()
    then = {
        (one, day): row.name
        for one, day in asked
        for row in former
        if str(row.unit_id) == one and row.valid_from <= day < row.valid_to
    }
    return {(one, day): known.get(UUID(one), "") for one, day in asked} | then


def _say_hands(event: FindingEvent, named: Mapping[tuple[str, date], str]) -> Iterator[str]:
    for old, new in _hands(event):
        before, after = (named.get((one, local_day(event.at)), "") for one in (old, new))
        yield f"{before} → {after}" if before else f"{gettext('牵头单位')}{gettext('：')}{after}"


def _is_new(event: FindingEvent) -> bool:
    """Whether the step starts the time limit again, be the deadline the same or not."""
    return event.verb in TRANSITIONS and TRANSITIONS[event.verb].new_deadline


def _who(event: FindingEvent) -> str:
    return " ".join(filter(None, (event.unit_name, event.person_name))) or gettext("系统")


def _tone(event: FindingEvent, tones: Mapping[str, str]) -> str:
    if event.to_state == event.from_state:
        return "neutral"
    if event.to_state == RECTIFYING and event.verb in ("send_back", "reopen", "relapse"):
        return "soon"
    if event.to_state == CLOSED and event.detail.get("outcome") not in GOOD:
        return "neutral"
    return tones.get(event.to_state, "neutral")


def say_event(event: FindingEvent, named: Mapping[tuple[str, date], str], *, moved: bool = True) -> str:
    """What came with a step: reason, outcome, unit, person, note, photos, and the new deadline when it ``moved``."""
    detail = event.detail
    parts = [say_reason(event.verb, detail.get("reason") or ""), say_outcome(detail.get("outcome"))]
    parts += [*_say_hands(event, named), *_named(detail), *_amounts(detail), *say_changes(detail), say_note(event)]
    if count := len(detail.get("photos", ())):
        parts.append(counted("附 %(n)s 张照片", n=count))
    if moved and (due := detail.get("due_at")):
        at = deadline_words(datetime.fromisoformat(due))
        parts.append(gettext("期限 %(at)s", at=at) if event.version == 1 else gettext("新的期限 %(at)s", at=at))
    return " · ".join(dict.fromkeys(filter(None, parts)))


def say_note(event: FindingEvent) -> str:
    """What was written with a step: people's words as they are, the product's own in the reader's language."""
    line = dict(event.detail.get("line") or {})
    if (said := LINES.get(line.pop("key", ""))) is not None:
        return gettext(said).format(**line)
    step = TRANSITIONS.get(event.verb)
    by_system = event.person_id is None or (step is not None and step.by == (SYSTEM,))
    return gettext(event.note) if by_system and event.note in SYSTEM_NOTES else event.note


def _named(detail: Mapping[str, Any]) -> Iterator[str]:
    """Units, people and findings that a step names."""
    for key, text in (("unit", N_("单位：%(name)s")), ("person", N_("责任人：%(name)s"))):
        known = detail.get(key)
        name = known.get("name") if isinstance(known, dict) else ""  # a unit's own step names it in the line already
        yield gettext(text, name=name) if name else ""
    proposed = (detail.get("proposed") or {}).get("name")
    yield gettext("建议由 %(unit)s 办理", unit=proposed) if proposed else ""
    number = (detail.get("target") or {}).get("number")
    yield gettext("并入 %(number)s", number=number) if number else ""
    yield gettext("作为判例") if detail.get("precedent") else ""
    yield say_route(detail["route"]) if detail.get("route") else ""


def _amounts(detail: Mapping[str, Any]) -> Iterator[str]:
    """Days, limits and dates that a step names, and how often it was returned."""
    if days := detail.get("days"):
        yield counted("%(n)s 个工作日", n=days)
    if limit := detail.get("limit"):
        before, after = (say_span(timedelta(seconds=limit[name])) for name in ("before", "after"))
        yield gettext("时限 %(before)s → %(after)s", before=before, after=after)
    if day := detail.get("review_on"):
        yield gettext("复核日期 %(day)s", day=day)
    if day := detail.get("due_on"):
        yield gettext("协办期限 %(day)s", day=day)
    if (count := detail.get("returns")) and count > 1:
        yield gettext("第 %(n)s 次退回", n=count)


def left_of(found: Detail) -> Left | None:
    """The working time left; None when nobody waits for the unit."""
    if found.time_left is None or found.finding.closed_at is not None:
        return None
    return say_left(found.time_left, late=found.row.overdue, soon=found.amber)
