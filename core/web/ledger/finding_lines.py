"""The rows of the findings' lists as they are shown (清单行): words looked up once a page, moments said once for all pages.

A page has fifty rows and people turn many pages, so that what a row says is made here and the template only sets it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from flask import url_for
from flask_babel import format_date, get_locale, gettext
from markupsafe import Markup

from core.errors import N_
from core.web.duties.sponsor_words import say_sponsors
from core.web.ledger.finding_words import (
    PART_STATES,
    Left,
    say_category,
    say_severity,
    say_source,
    say_state,
    say_title,
    tone_of,
)
from core.web.moments import set_deadline, set_moment
from core.web.words import counted
from core.work.desk.findings import FindingRow, PartRow
from core.work.duties.sponsor_beside import NearSponsor
from tenants.db import new_id

SPONSORS = 3  # as many sponsors are named beside a row; the finding's page names all
KEPT = 20_000  # moments whose words are kept in memory, some hundred bytes each


@dataclass(frozen=True, slots=True)
class Line:
    """One row in the reader's words. ``sub`` follows the number; ``due`` and ``due_tone`` say how the deadline stands.

    ``sponsors`` names who sponsored the place when the finding was made.
    """

    id: UUID
    href: str
    title: str
    number: str
    sub: str
    place: str
    unit: str
    lead: str
    person: str
    beside: Sequence[tuple[str, str]]
    counts: str
    opened: Markup
    due: str
    due_tone: str
    due_at: Markup
    state: str
    tone: str
    sponsors: str = ""


class Words(dict[str, str]):
    """Words of codes, each looked up when it first appears on the page."""

    def __init__(self, say: object) -> None:
        super().__init__()
        self.say = say

    def __missing__(self, code: str) -> str:
        found = self[code] = self.say(code)  # type: ignore[operator]  # a function of one code
        return found


def read_lines(
    rows: Sequence[FindingRow],
    left: Mapping[UUID, Left],
    view: str,
    beside: Mapping[UUID, Sequence[NearSponsor]] | None = None,
    as_of: date | None = None,
) -> list[Line]:
    """The rows of a page; with ``as_of`` they lead to the finding as it was that day. ``left`` is the working time left of those that wait for their unit, ``beside`` their sponsors."""
    known = {"category": Words(say_category), "source": Words(say_source), "state": Words(say_state)}
    known |= {"severity": Words(say_severity), "part": Words(lambda code: gettext(PART_STATES[code][0]))}
    known |= {"said": Words(gettext)}
    some = new_id()
    pattern = url_for("finding.show", finding_id=some, as_of=as_of and as_of.isoformat())
    locale = str(get_locale() or "zh")
    lines = [_line(row, left.get(row.id), view, known, pattern.replace(str(some), str(row.id)), locale) for row in rows]
    if beside is None:
        return lines
    return [replace(line, sponsors=say_sponsors(beside.get(line.id, ()), most=SPONSORS)) for line in lines]


def _line(row: FindingRow, left: Left | None, view: str, known: Mapping[str, Words], href: str, locale: str) -> Line:
    lead, said = row.lead, known["said"]
    due, due_tone, at = _deadline(row, left, said, locale)
    return Line(
        id=row.id,
        href=href,
        title=say_title(row),
        number=row.number or "—",
        sub=" · ".join(_sub(row, view, known)),
        place=row.site_name or "—",
        unit=row.unit_name,
        lead=lead.unit_name if lead else "—",
        person=lead.assignee if lead else "",
        beside=_beside(row.parts, known) if view == "responsibility" else (),
        counts=_counts(row) if view == "rectification" else "",
        opened=say_moment(row.opened_at, locale) if view == "problem" else Markup(""),
        due=due,
        due_tone=due_tone,
        due_at=at,
        state=known["state"][row.state],
        tone="active" if row.overdue else tone_of(row),
    )


def _sub(row: FindingRow, view: str, known: Mapping[str, Words]) -> list[str]:
    kind = (
        [known["category"][row.category], known["source"][row.source]] if view == "problem" else [row.site_name or "—"]
    )
    kind += [known["severity"][row.severity]] if row.severity != "ordinary" else []
    return kind + ([known["said"][N_("关键项")]] if row.key_item else [])


def _deadline(row: FindingRow, left: Left | None, said: Words, locale: str) -> tuple[str, str, Markup]:
    """How the deadline stands in words, its tone, and the moment below."""
    if left is not None:
        return left.text, left.tone, say_deadline(row.due_at, locale)
    if row.closed_at:
        return said[N_("已办结")], "muted", say_moment(row.closed_at, locale)
    if row.answered_at:
        return said[N_("已答复")], "muted", say_moment(row.answered_at, locale)
    if row.review_on:
        return said[N_("复核")], "muted", say_day(row.review_on, locale)
    return "", "", say_deadline(row.due_at, locale)


def _beside(parts: Sequence[PartRow], known: Mapping[str, Words]) -> list[tuple[str, str]]:
    """The other units, each with how far it is when something was asked of it."""
    return [
        (part.unit_name, known["part"][part.state] if part.state != "informed" else "")
        for part in parts
        if not part.leading
    ]


def _counts(row: FindingRow) -> str:
    found = [counted("再次检查仍未整改 %(n)s 次", n=row.seen_again)] if row.seen_again else []
    found += [counted("退回 %(n)s 次", n=row.returns)] if row.returns else []
    found += [counted("延期 %(n)s 个工作日", n=row.extended_days)] if row.extended_days else []
    found += [counted("重新打开 %(n)s 次", n=row.reopened)] if row.reopened else []
    return gettext("，").join(found)


@lru_cache(KEPT)
def say_moment(at: datetime, _locale: str) -> Markup:
    """A moment as pages say it to readers of a language: the words are kept by both."""
    return set_moment(at)


@lru_cache(KEPT)
def say_deadline(at: datetime, _locale: str) -> Markup:
    """A deadline, in the same way."""
    return set_deadline(at)


@lru_cache(KEPT)
def say_day(day: date, _locale: str) -> Markup:
    """A day, in the same way."""
    short = format_date(day, gettext("M月d日 EEE"))
    return Markup('<time datetime="{}" title="{}" class="num">{}</time>').format(
        day.isoformat(), day.isoformat(), short
    )
