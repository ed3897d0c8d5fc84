"""Notices on the pages (文书): what is to be signed for, what the desk sent, all within reach; and writing a new one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Forbidden, InvalidInput
from core.request import actor, db, now, require, today
from core.settings import ZONE
from core.web.as_of import read_as_of
from core.web.exports import stream_csv
from core.web.organisation.area_choice import read_area
from core.web.paging import Page, bad_argument, cut, read_cursor, read_day, read_id
from core.web.papers.notice_new import propose, read_typed, show_form, show_preview
from core.web.papers.notice_units import ALL, NONE
from core.web.papers.notice_words import say_kind, say_state, say_subject, say_units, tone_of
from core.web.places.site_words import unit_options
from core.work.desk.inbox import count_kinds
from core.work.papers.notice_issuing import MOST_FINDINGS, issue
from core.work.papers.notice_kinds import KINDS
from core.work.papers.notice_list import BOXES, Box, NoticeFilter, NoticeRow, addressees_of, list_notices
from core.work.papers.notice_moves import STATES
from core.work.roles import ANSWER, DIRECT, SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("notices", __name__, url_prefix="/t/<slug>/notices")
blueprint.before_request(asked.enter)

TABS: Mapping[str, str] = {"in": N_("待我签收答复"), "out": N_("我们发出的"), "all": N_("全部")}
PAGE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for."""

    box: Box
    kind: str
    state: str
    unit_id: UUID | None
    since: date | None
    until: date | None
    is_late: bool
    finding_id: UUID | None
    area_id: UUID | None
    as_of: date | None = None

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        asked_for = (self.kind, self.state, self.unit_id, self.since, self.until, self.finding_id, self.area_id)
        return self.is_late or any((*asked_for, self.as_of))

    def filter(self) -> NoticeFilter:
        """The same as the list takes it."""
        return NoticeFilter(
            self.box,
            [self.kind] if self.kind else [],
            [self.state] if self.state else [],
            [self.unit_id] if self.unit_id else [],
            self.since,
            self.until,
            self.is_late,
            self.finding_id,
            self.area_id,
            self.as_of,
        )


def boxes_of_actor() -> list[Box]:
    """The tabs that make sense for this person: what he answers for, what he directs, everything."""
    may = {"in": actor().has(ANSWER), "out": actor().has(DIRECT), "all": True}
    return [box for box in BOXES if may[box]]


def read_asked() -> Asked:
    """The filter of this request. Raises InvalidInput."""
    said = request.args
    offered = boxes_of_actor()
    box = next((one for one in BOXES if one == (said.get("box") or offered[0])), None)
    kind, state, unit, finding = (said.get(name, "") for name in ("kind", "state", "unit", "finding"))
    if box is None:
        raise bad_argument("box", said.get("box", ""))
    if kind and kind not in KINDS:
        raise bad_argument("kind", kind)
    if state and state not in STATES:
        raise bad_argument("state", state)
    return Asked(
        box,
        kind,
        state,
        read_id(unit, "unit") if unit else None,
        read_day("since"),
        read_day("until"),
        said.get("late") == "1",
        read_id(finding, "finding") if finding else None,
        read_area(),
        read_as_of(),
    )


def read_after() -> tuple[datetime, UUID] | None:
    """Where the page before ended. Raises InvalidInput."""
    keys = read_cursor(2)
    if keys is None:
        return None
    try:
        at = datetime.fromisoformat(keys[0])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise bad_argument("cursor", keys[0])
    return at, read_id(keys[1], "cursor")


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """The notices within reach, the newest first."""
    wanted, session = read_asked(), db()
    rows = list_notices(session, actor(), wanted.filter(), now=now(), after=read_after(), limit=PAGE + 1)
    page: Page[NoticeRow] = cut(rows, lambda row: (row.issued_at.isoformat(), row.id), PAGE)
    waiting = {} if wanted.as_of else count_kinds(session, actor(), now())
    return render_template(
        "notices/list.html",
        page=page,
        wanted=wanted,
        tabs=[(box, gettext(TABS[box])) for box in boxes_of_actor()],
        waiting={"in": waiting.get("notice"), "out": waiting.get("notice_check")},
        kinds=[(code, say_kind(code)) for code in KINDS],
        states=[(code, say_state(code)) for code in STATES],
        units=unit_options(session, actor(), today()),
        may_issue=wanted.as_of is None and actor().has(DIRECT),
        say_kind=say_kind,
        say_subject=say_subject,
        say_state=say_state,
        say_units=say_units,
        tone_of=tone_of,
    )


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The same list as CSV."""
    wanted, who, moment = read_asked(), actor(), now()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        after: tuple[datetime, UUID] | None = None
        while True:
            found = list_notices(session, who, wanted.filter(), now=moment, after=after, limit=200)
            yield from (_csv_line(row) for row in found)
            if len(found) < 200:
                return
            after = found[-1].issued_at, found[-1].id

    head = (N_("文号"), N_("文书"), N_("收文单位"), N_("标题"), N_("状态"), N_("是否超期"))
    tail = (N_("发文单位"), N_("签发人"), N_("发文时间"), N_("期限"), N_("涉及问题"))
    return stream_csv(
        f"notices-{(wanted.as_of or today()).isoformat()}.csv", [gettext(text) for text in head + tail], rows
    )


def _csv_line(row: NoticeRow) -> Sequence[object]:
    late = gettext("是") if row.overdue else gettext("否")
    return (
        *(
            row.number,
            say_kind(row.kind),
            gettext("、").join(one.unit_name for one in row.addressees),
            say_subject(row.title, by_system=not row.issued_by),
            say_state(row.state),
            late,
        ),
        *(row.issuer, row.issued_by, _local(row.issued_at), _local(row.due_at), row.findings),
    )


def _local(at: datetime | None) -> str:
    return at.astimezone(ZONE).isoformat(timespec="seconds") if at else ""


@blueprint.get("/new")
@require(DIRECT)
def ask() -> str:
    """The form of a new notice; findings come by their ids in the address, from a list or a finding's page."""
    return show_form(propose([read_id(one, "id") for one in request.args.getlist("id")[:MOST_FINDINGS]]))


@blueprint.post("/choose")
@require(DIRECT)
def choose() -> AnyResponse:
    """Findings were ticked in a list: go on to the form with them."""
    ids = [str(read_id(one, "id")) for one in request.form.getlist("id")[:MOST_FINDINGS]]
    return redirect(url_for("notices.ask", id=ids), 303)


@blueprint.post("/new")
@require(DIRECT)
def make() -> AnyResponse | str | tuple[str, int]:
    """Issue it, or show it first; what is refused comes back with everything that was typed."""
    typed, do = read_typed(), request.form.get("do", "")
    if do == "edit" or do.startswith((ALL, NONE)):
        return show_form(typed.after(do))
    try:
        if do == "preview":
            return show_preview(typed)
        notice = issue(db(), actor(), typed.draft(), now=now())
    except (InvalidInput, Forbidden) as error:
        db().rollback()
        return show_form(typed, error), error.status
    to = say_units([one.unit_name for one in addressees_of(db(), [notice.id])[notice.id]])
    flash(gettext("已发出 %(number)s，%(unit)s会收到提醒", number=notice.number, unit=to), "success")
    return redirect(url_for("notice.show", notice_id=notice.id), 303)
