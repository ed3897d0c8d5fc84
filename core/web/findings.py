"""Findings on the pages (问题): the lists 问题、整改、责任 as tabs over one ledger, and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.errors import N_
from core.request import actor, db, now, require, today
from core.settings import ZONE
from core.web.exports import stream_csv
from core.web.finding_words import (
    VIEW_TITLES,
    category_options,
    say_category,
    say_list,
    say_outcome,
    say_state,
    say_title,
    say_units,
    time_left,
    tone_of,
)
from core.web.paging import bad_argument, read_id
from core.web.site_words import campaign_titles, unit_options
from core.work.findings import LARGEST_PAGE, SORTS, VIEWS, Filter, FindingRow, list_findings
from core.work.roles import SEE
from core.work.transitions import STATES
from core.work.waiting import counts
from tenants.scope import ScopedSession

blueprint = Blueprint("findings", __name__, url_prefix="/t/<slug>/findings")
blueprint.before_request(asked.enter)

TEXTS = ("state", "category", "campaign", "indicator", "q")
DEFAULT_SORT = {"problem": "-opened_at", "rectification": "due_at", "responsibility": "-opened_at"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for."""

    view: str
    state: str
    unit_id: UUID | None
    category: str
    campaign: str
    indicator: str
    is_late: bool
    text: str
    site_id: UUID | None
    sort: str

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        said = (self.state, self.unit_id, self.category, self.campaign, self.indicator, self.text, self.site_id)
        return any(said) or self.is_late

    def conditions(self) -> dict[str, Any]:
        """The same as the keywords of the ledger's lists."""
        return {
            "view": self.view,
            "states": [self.state] if self.state else [],
            "units": [self.unit_id] if self.unit_id else [],
            "categories": [self.category] if self.category else [],
            "campaigns": [self.campaign] if self.campaign else [],
            "indicators": [self.indicator] if self.indicator else [],
            "site_id": self.site_id,
            "overdue": True if self.is_late else None,
            "text": self.text,
        }


def read_asked() -> Asked:
    """The filter of this request. Raises InvalidInput."""
    said = request.args
    view = said.get("view") or VIEWS[0]
    if view not in VIEWS:
        raise bad_argument("view", view)
    unit, site, sort = said.get("unit", ""), said.get("site", ""), said.get("sort") or DEFAULT_SORT[view]
    if sort.removeprefix("-") not in SORTS:
        raise bad_argument("sort", sort)
    texts = {name: said.get(name, "").replace("\x00", "").strip()[:60] for name in TEXTS}
    return Asked(
        view,
        texts["state"],
        read_id(unit, "unit") if unit else None,
        texts["category"],
        texts["campaign"],
        texts["indicator"],
        said.get("overdue") == "1",
        texts["q"],
        read_id(site, "site") if site else None,
        sort,
    )


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """The findings within reach, by state, unit, category, campaign, deadline and text."""
    wanted, session = read_asked(), db()
    cursor = request.args.get("cursor") or None
    page = list_findings(session, actor(), Filter(**wanted.conditions()), cursor=cursor, sort=wanted.sort, now=now())
    return render_template(
        "findings/list.html",
        page=page,
        wanted=wanted,
        counted=counts(session, actor(), Filter(**wanted.conditions()), now=now()),
        left=time_left(session, page.rows, now()),
        views=VIEW_TITLES,
        states=[(code, say_state(code)) for code in STATES],
        categories=category_options(),
        campaigns=campaign_titles(session),
        units=unit_options(session, actor(), today()),
        say_state=say_state,
        say_title=say_title,
        say_category=say_category,
        say_units=say_units,
        tone_of=tone_of,
    )


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The same list as CSV."""
    wanted, who, moment = read_asked(), actor(), now()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        titles = campaign_titles(session)
        cursor: str | None = None
        while True:
            page = list_findings(
                session,
                who,
                Filter(**wanted.conditions()),
                cursor=cursor,
                page_size=LARGEST_PAGE,
                sort=wanted.sort,
                now=moment,
            )
            yield from (_csv_line(row, titles) for row in page.rows)
            cursor = page.next_cursor
            if cursor is None:
                return

    head = (N_("编号"), N_("问题"), N_("点位"), N_("所在单位"), N_("牵头单位"), N_("属地单位"), N_("协办单位"))
    middle = (N_("类别"), N_("创建项目"), N_("关键项"), N_("状态"), N_("是否超期"), N_("发现时间"), N_("期限"))
    tail = (N_("答复时间"), N_("销号时间"), N_("销号结论"), N_("重新打开次数"))
    name = f"findings-{wanted.view}-{today().isoformat()}.csv"
    return stream_csv(name, [gettext(text) for text in head + middle + tail], rows)


def _csv_line(row: FindingRow, titles: Mapping[str, str]) -> Sequence[object]:
    who = (row.lead.unit_name if row.lead else "", say_units(row, "place"), say_units(row, "assist"))
    campaigns = say_list([titles.get(key, key) for key in row.campaigns])
    marks = (_yes(row.key_item), say_state(row.state), _yes(row.overdue))
    times = (_local(at) for at in (row.opened_at, row.due_at, row.answered_at, row.closed_at))
    return (
        *(row.number, say_title(row), row.site_name, row.unit_name, *who, say_category(row.category), campaigns),
        *(*marks, *times, say_outcome(row.outcome), row.reopened),
    )


def _yes(value: bool) -> str:
    return gettext("是") if value else gettext("否")


def _local(at: datetime | None) -> str:
    return at.astimezone(ZONE).isoformat(timespec="seconds") if at else ""
