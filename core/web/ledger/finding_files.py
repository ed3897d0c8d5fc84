"""The lists of findings as files (清单导出): the columns that each of the three lists has, as CSV and as a workbook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask_babel import gettext

from core.errors import N_
from core.request import actor, db, now
from core.settings import ZONE
from core.web.duties.sponsor_words import say_sponsors
from core.web.exports import cell
from core.web.ledger.finding_query import Asked
from core.web.ledger.finding_words import (
    PART_STATES,
    say_category,
    say_list,
    say_outcome,
    say_severity,
    say_source,
    say_state,
    say_title,
)
from core.web.places.site_words import campaign_titles
from core.work.desk.findings import LARGEST_PAGE, FindingRow, list_findings
from core.work.dispatch.category_sets import groups_of
from core.work.duties.sponsor_beside import NearSponsor, sponsors_beside_findings
from tenants.scope import ScopedSession

Cell = object
Column = tuple[str, Callable[[FindingRow], Cell]]
Rows = Iterator[Sequence[Cell]]


def header(view: str) -> list[str]:
    """The titles of a list's columns; at the end one for each of the tenant's own sets of categories (九乱)."""
    return [gettext(title) for title, _ in COLUMNS[view]] + [str(cell(one.name)) for one in groups_of(db())]


def reader(wanted: Asked) -> Callable[[ScopedSession], Rows]:
    """A function that reads the whole list, page by page, in a session of its own."""
    who, moment, chosen, sets = actor(), now(), wanted.filter, groups_of(db())

    def rows(session: ScopedSession) -> Rows:
        titles = campaign_titles(session)
        cursor: str | None = None
        while True:
            page = list_findings(
                session, who, chosen, cursor=cursor, page_size=LARGEST_PAGE, sort=wanted.sort, now=moment
            )
            near = sponsors_beside_findings(session, page.rows)
            for row in page.rows:
                groups = [one.group_of(row.category) for one in sets]
                yield [_cell(*column, row, titles, near) for column in COLUMNS[wanted.view]] + groups
            cursor = page.next_cursor
            if cursor is None:
                return

    return rows


def _cell(
    title: str,
    read: Callable[[FindingRow], Cell],
    row: FindingRow,
    titles: Mapping[str, str],
    near: Mapping[UUID, Sequence[NearSponsor]],
) -> Cell:
    """One value; the campaigns are named as they are called here, the sponsors as of the day when it was found."""
    if title == _SPONSORS:
        return say_sponsors(near[row.id])
    return say_list([titles.get(key, key) for key in row.campaigns]) if title == _CAMPAIGN else read(row)


def _blank(_row: FindingRow) -> str:
    """A value that is not read from the row alone."""
    return ""


def _lead(row: FindingRow) -> str:
    return row.lead.unit_name if row.lead else ""


def _person(row: FindingRow) -> str:
    return row.lead.assignee if row.lead else ""


def _units(kind: str) -> Callable[[FindingRow], str]:
    """The units of one kind of part beside the leading one, with how far they are."""

    def said(row: FindingRow) -> str:
        parts = (part for part in row.parts if part.kind == kind and not part.leading)
        return say_list([part.unit_name + gettext("（%(value)s）", value=_progress(part.state)) for part in parts])

    return said


def _progress(state: str) -> str:
    return gettext(PART_STATES[state][0])


def _local(at: datetime | None) -> str:
    return at.astimezone(ZONE).isoformat(timespec="seconds") if at else ""


def _yes(value: bool) -> str:
    return gettext("是") if value else gettext("否")


_CAMPAIGN, _SPONSORS = N_("创建项目"), N_("包保人")
_WHAT: tuple[Column, ...] = (
    (N_("编号"), lambda row: row.number),
    (N_("问题"), say_title),
    (N_("点位"), lambda row: row.site_name),
    (N_("所在单位"), lambda row: row.unit_name),
)
_WHO: tuple[Column, ...] = ((N_("牵头单位"), _lead), (N_("责任人"), _person))
_STATE: tuple[Column, ...] = (
    (N_("状态"), lambda row: say_state(row.state)),
    (N_("是否超期"), lambda row: _yes(row.overdue)),
    (N_("期限"), lambda row: _local(row.due_at)),
)
_COUNTS: tuple[Column, ...] = (
    (N_("退回次数"), lambda row: row.returns),
    (N_("延期工作日"), lambda row: row.extended_days),
    (N_("重新打开次数"), lambda row: row.reopened),
)
_END: tuple[Column, ...] = (
    (N_("答复时间"), lambda row: _local(row.answered_at)),
    (N_("销号时间"), lambda row: _local(row.closed_at)),
    (N_("销号结论"), lambda row: say_outcome(row.outcome)),
)
_FOUND: tuple[Column, ...] = (
    (N_("类别"), lambda row: say_category(row.category)),
    (N_("严重程度"), lambda row: say_severity(row.severity)),
    (N_("来源"), lambda row: say_source(row.source)),
    (_CAMPAIGN, lambda row: say_list(row.campaigns)),
    (N_("关键项"), lambda row: _yes(row.key_item)),
    (N_("发现时间"), lambda row: _local(row.opened_at)),
)
_BESIDE: tuple[Column, ...] = ((N_("属地单位"), _units("place")), (N_("协办单位"), _units("assist")))
_BY: tuple[Column, ...] = ((_SPONSORS, _blank),)
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "problem": (*_WHAT, *_FOUND, *_WHO, *_BESIDE, *_BY, *_STATE, *_END, *_COUNTS),
    "rectification": (*_WHAT, *_WHO, *_BY, *_STATE, *_COUNTS, *_END, *_FOUND),
    "responsibility": (*_WHO, *_BESIDE, *_BY, *_WHAT, *_STATE, *_COUNTS, *_FOUND),
}
