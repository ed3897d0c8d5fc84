"""The negative list on the pages (负面清单): its entries with their effects, and the items that lose points easily."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import Select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, InvalidInput, NotFound
from core.figures.lost_items import LostItem, lost_items
from core.request import actor, db, now, require, tenant, today
from core.web.as_of import read_as_of
from core.web.errors import fault_map
from core.web.exports import stream_csv
from core.web.marks.negative_words import FIELDS, TONES, effect_options, read_event, say_effect, state_options
from core.web.organisation.area_choice import read_area
from core.web.organisation.unit_choice import UnitChoice, read_unit
from core.web.paging import PAGE, Page, bad_argument, cut, read_cursor, read_id
from core.web.places.site_words import say_points as say_cents
from core.web.places.site_words import unit_options
from core.web.running import running, title_of
from core.web.scores.figure_words import say_points
from core.web.scores.periods import Choice, read_dated_period
from core.web.words import by_locale
from core.work.marks.negative_list import watch
from core.work.marks.negative_moves import CLEARED, STATES, WATCHED
from core.work.marks.negative_reading import Entry, after, entries, keeps
from core.work.organisation.area_sight import sees_area
from core.work.roles import PUBLISH, SEE
from core.work.tables import NegativeEntry
from tenants.access import Actor
from tenants.scope import ScopedSession

blueprint = Blueprint("negative", __name__, url_prefix="/t/<slug>/negative")
MOST_ITEMS = 20


@blueprint.before_request
def enter() -> None:
    """Only districts keep a negative list."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the page's address asks of the list."""

    campaign: str
    state: str
    area_id: UUID | None
    as_of: date | None

    @property
    def query(self) -> dict[str, str]:
        """The same as arguments of an address."""
        area, day = str(self.area_id or ""), self.as_of.isoformat() if self.as_of else ""
        said = {"campaign": self.campaign, "state": self.state, "area": area, "as_of": day}
        return {key: value for key, value in said.items() if value}

    def entries(self, session: ScopedSession, who: Actor, moment: datetime) -> Select[NegativeEntry, str, str]:
        """The entries that it asks for."""
        places = {"area_id": self.area_id, "as_of": self.as_of}
        return entries(session, who, campaign=self.campaign, state=self.state, now=moment, **places)


def read_wanted() -> Wanted:
    """The filter of this request. Raises InvalidInput."""
    campaign, state = (request.args.get(name, "").replace("\x00", "").strip()[:40] for name in ("campaign", "state"))
    if state and state not in STATES:
        raise bad_argument("state", state)
    return Wanted(campaign, state, read_area(), read_as_of())


@blueprint.get("")
@require(SEE)
def show() -> tuple[str, int]:
    """The list with a form for a new entry, and below it where points are lost in a period."""
    return _page()


@blueprint.post("")
@require(PUBLISH)
def add() -> AnyResponse | tuple[str, int]:
    """Enter an event to be watched."""
    try:
        entry = watch(db(), actor(), read_event(), now=now())
    except InvalidInput as error:
        return _page(error.status, request.form, fault_map(error))
    flash(gettext("已列入关注；触发之前不影响任何得分"))
    return redirect(url_for("negative_entry.show", entry_id=entry.id), 303)


def _page(
    status: int = 200, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None
) -> tuple[str, int]:
    wanted, campaigns = read_wanted(), running()
    choice, unit = read_lost(wanted)
    chosen = [one for one in campaigns if wanted.campaign in ("", one.key)]
    mine = [one for one in campaigns if wanted.as_of is None and keeps(db(), actor(), one.key, today())]
    page = render_template(
        "negative/list.html",
        wanted=wanted,
        choice=choice,
        unit=unit,
        page=_entries(wanted),
        lost=lost_items(db(), actor(), chosen, choice.period, unit.unit_id, cut_off=choice.cut_off, count=MOST_ITEMS),
        titles={one.key: title_of(one) for one in campaigns},
        mine=[(one.key, title_of(one)) for one in mine],
        units=unit_options(db(), actor(), today()) if mine else [],
        values=values or {"happened_on": today().isoformat(), "effect": "deduct"},
        errors=errors or {},
        fields=FIELDS,
        effects=effect_options(),
        states=STATES,
        state_options=state_options(),
        tones=TONES,
        by_locale=by_locale,
        say_effect=say_effect,
        say_points=say_points,
        say_cents=say_cents,
    )
    return page, status


def read_lost(wanted: Wanted) -> tuple[Choice, UnitChoice]:
    """The period, the past day and the unit whose lost points are shown: the list's area, if no unit is chosen and it is the reader's."""
    choice, area = read_dated_period(), wanted.area_id
    if area and not sees_area(db(), actor(), area, choice.on, choice.period.previous.start):
        area = None
    return choice, read_unit(choice.period, choice.cut_off, area)


def _entries(wanted: Wanted) -> Page[Entry]:
    query = wanted.entries(db(), actor(), now())
    cursor = read_cursor(1)
    if cursor:
        last = db().get(NegativeEntry, (db().tenant_id, read_id(cursor[0], "cursor")))
        query = after(query, last.happened_on, last.id) if last is not None else query
    rows = [Entry(row, name or "", state) for row, name, state in db().execute(query.limit(PAGE + 1))]
    return cut(rows, lambda one: (one.row.id,), PAGE)


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The same entries as CSV."""
    wanted, who, moment = read_wanted(), actor(), now()
    titles = {one.key: title_of(one) for one in running()}

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for row, unit_name, state in session.execute(wanted.entries(session, who, moment)):
            yield _cells(Entry(row, unit_name or "", state), titles)

    head = (N_("发生日期"), N_("创建项目"), N_("事项"), N_("来源"), N_("责任单位"), N_("影响"), N_("分值"))
    tail = (N_("状态"), N_("触发日期"), N_("解除日期"), N_("依据文件"), N_("编号"))
    name = f"negative-list-{tenant().slug}-{(wanted.as_of or today()).isoformat()}.csv"
    return stream_csv(name, [gettext(text) for text in head + tail], rows)


def _cells(one: Entry, titles: Mapping[str, str]) -> Sequence[object]:
    row, unit_name = one.row, one.unit_name
    begun, over = row.triggered_on if one.state != WATCHED else None, row.cleared_on if one.state == CLEARED else None
    days = [day.isoformat() if day else "" for day in (begun, over)]
    points = f"{row.points // 100}.{row.points % 100:02d}" if row.points else ""
    said = (row.happened_on.isoformat(), titles.get(row.campaign, row.campaign), row.title, row.source, unit_name)
    state = by_locale(*STATES[one.state])
    return (*said, say_effect(row.effect), points, state, *days, row.document, str(row.id))


@blueprint.get("/lost.csv")
@require(SEE)
def export_lost() -> Response:
    """Every item that lost points in the period, as CSV."""
    wanted, who = read_wanted(), actor()
    choice, unit = read_lost(wanted)
    moment = choice.cut_off
    chosen = [one for one in running() if wanted.campaign in ("", one.key)]
    titles = {one.key: title_of(one) for one in chosen}
    lost_items(db(), who, [], choice.period, unit.unit_id, cut_off=moment)  # refuses what is out of reach at once

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in lost_items(session, who, chosen, choice.period, unit.unit_id, cut_off=moment, count=None):
            yield _lost_cells(one, choice.period.key, titles[one.campaign], unit.name)

    head = (N_("周期"), N_("单位"), N_("创建项目"), N_("检查表"), N_("代码"), N_("检查项"), N_("失分"), N_("满分"))
    tail = (N_("检查次数"), N_("不合格次数"), N_("不合格率%"), N_("上期失分"))
    name = f"lost-items-{tenant().slug}-{choice.period.key}.csv"
    return stream_csv(name, [gettext(text) for text in head + tail], rows)


def _lost_cells(one: LostItem, period: str, title: str, unit_name: str) -> Sequence[object]:
    text = by_locale(one.item.text_zh, one.item.text_en) if one.item else ""
    named = (period, unit_name or gettext("全区"), title, one.form, one.code, text)
    return (*named, one.lost, one.possible, one.visits, one.failed, one.fail_rate, one.lost_before)
