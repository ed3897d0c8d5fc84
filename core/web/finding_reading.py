"""Reads one finding for its page (问题详情): what it costs in each campaign, its photos by step, its history in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import format_datetime, gettext
from sqlalchemy import select

from core.campaigns import Edition, Form
from core.request import house
from core.web.finding_words import TONES, Left, say_left, say_outcome, say_verb
from core.web.visit_reading import form_title, forms_of
from core.web.words import by_locale
from core.work.enabling import campaign_as_run, frozen_edition
from core.work.finding_detail import Detail, Photo
from core.work.tables import FindingEvent, FindingItem, Sheet
from core.work.transitions import ANSWERED, CLOSED, RECTIFYING
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession


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
    """A photo with its caption: when, and in which step."""

    file_id: UUID
    at: datetime
    step: str


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


def read_shots(found: Detail) -> tuple[list[Shot], list[Shot]]:
    """The photos before, and those after with the latest step first."""
    verbs = {event.version: event.verb for event in found.events}
    before = [_shot(photo, "") for photo in found.before]
    ordered = sorted(found.after, key=lambda photo: -(photo.version or 0))
    return before, [_shot(photo, say_verb(verbs.get(photo.version or 0, ""))) for photo in ordered]


def _shot(photo: Photo, step: str) -> Shot:
    return Shot(photo.file_id, photo.taken_at or photo.sent_at, step)


def read_history(events: Sequence[FindingEvent]) -> list[dict[str, Any]]:
    """The history as the timeline shows it, newest first."""
    tones: Mapping[str, str] = TONES | {ANSWERED: "active"}
    return [
        {
            "at": event.at,
            "what": say_verb(event.verb),
            "who": " ".join(filter(None, (event.unit_name, event.person_name))) or gettext("系统"),
            "text": say_event(event),
            "tone": _tone(event, tones),
        }
        for event in reversed(events)
    ]


def _tone(event: FindingEvent, tones: Mapping[str, str]) -> str:
    if event.to_state == RECTIFYING:
        return "soon"  # sent back or opened again
    if event.to_state == CLOSED and event.detail.get("outcome") != "fixed":
        return "neutral"
    return tones.get(event.to_state, "neutral")


def say_event(event: FindingEvent) -> str:
    """What came with a step: the outcome, the note, the photos, the new deadline."""
    parts = [say_outcome(event.detail.get("outcome")), event.note]
    if count := len(event.detail.get("photos", ())):
        parts.append(gettext("附 %(n)s 张照片", n=count))
    if due := event.detail.get("due_at"):
        at = format_datetime(datetime.fromisoformat(due), gettext("M月d日 EEE HH:mm"))
        parts.append(gettext("新的期限 %(at)s", at=at))
    return " · ".join(filter(None, parts))


def left_of(found: Detail) -> Left | None:
    """The working time left; None when nobody waits for the unit."""
    if found.time_left is None or found.finding.closed_at is not None:
        return None
    return say_left(found.time_left, late=found.row.overdue)
