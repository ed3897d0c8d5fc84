"""The audit trail (操作日志): who did what to which object, when; filtered, page by page, and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from sqlalchemy import ColumnElement, Select, select, tuple_

from core import request as asked
from core.errors import N_
from core.request import actor, db, now, require, today
from core.settings import ZONE
from core.web.audit_verbs import say_verb, verb_options
from core.web.audit_words import KINDS, say_detail, say_kind
from core.web.exports import stream_csv
from core.web.paging import Page, bad_argument, cut, read_cursor, read_day, read_id
from core.work.journal import record
from core.work.loop.sight import sees_line
from core.work.roles import AUDIT
from core.work.tables import Audit
from tenants.scope import ScopedSession

blueprint = Blueprint("audit", __name__, url_prefix="/t/<slug>/audit")
blueprint.before_request(asked.enter)


@dataclass(frozen=True, slots=True)
class Filter:
    """What the page's address asks for."""

    who: str = ""
    verb: str = ""
    kind: str = ""
    object_id: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        return any((self.who, self.verb, self.kind, self.object_id, self.since, self.until))


def read_filter() -> Filter:
    """The filter of this request. Raises InvalidInput for a day that is none."""
    said = request.args
    texts = (said.get(name, "").strip()[:80].replace("\x00", "") for name in ("who", "verb", "kind", "object"))
    who, verb, kind, object_id = texts
    return Filter(who, verb, kind, object_id, read_day("from"), read_day("to"))


def midnight(day: date) -> datetime:
    """The moment at which a day begins where the districts are."""
    return datetime.combine(day, time(0), ZONE)


def chosen(wanted: Filter, seen: ColumnElement[bool]) -> Select[Audit]:
    """The lines of the trail that a filter asks for and the reader may see, newest first."""
    lines = select(Audit).where(seen).order_by(Audit.at.desc(), Audit.id.desc())
    if wanted.who:
        lines = lines.where(Audit.person_name.contains(wanted.who, autoescape=True))
    if wanted.verb:
        lines = lines.where(Audit.verb == wanted.verb)
    if wanted.kind:
        lines = lines.where(Audit.object_kind == wanted.kind)
    if wanted.object_id:
        lines = lines.where(Audit.object_id == wanted.object_id)
    if wanted.since:
        lines = lines.where(Audit.at >= midnight(wanted.since))
    if wanted.until:
        lines = lines.where(Audit.at < midnight(wanted.until + timedelta(days=1)))
    return lines


def read_page(session: ScopedSession, wanted: Filter, cursor: list[str] | None, size: int) -> Page[Audit]:
    """One page of the trail. Raises InvalidInput for a cursor that nobody made."""
    lines = chosen(wanted, sees_line(session, actor(), today()))
    if cursor:
        try:
            after: tuple[datetime, UUID] = (datetime.fromisoformat(cursor[0]), read_id(cursor[1], "cursor"))
        except ValueError:
            raise bad_argument("cursor", cursor[0]) from None
        lines = lines.where(tuple_(Audit.at, Audit.id) < tuple_(*after))
    return cut(session.scalars(lines.limit(size + 1)).all(), lambda line: (line.at.isoformat(), line.id), size)


@blueprint.get("")
@require(AUDIT)
def show() -> str:
    """The trail, filtered by person, verb, object and days."""
    wanted = read_filter()
    page = read_page(db(), wanted, read_cursor(2), 50)
    return render_template(
        "audit/list.html",
        page=page,
        wanted=wanted,
        verbs=verb_options(),
        kinds=[(key, gettext(text)) for key, text in KINDS.items()],
        say_verb=say_verb,
        say_kind=say_kind,
        say_detail=say_detail,
    )


@blueprint.get("/export.csv")
@require(AUDIT)
def export() -> Response:
    """The same list as CSV; that it was taken out is itself a line of the trail."""
    wanted = read_filter()
    filters = {name: value for name, value in request.args.items() if value}
    record(db(), actor(), "audit.export", "audit", "", filters=", ".join(f"{k}={v}" for k, v in filters.items())[:200])
    taken, who_asks, on = now(), actor(), today()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        lines = (
            chosen(wanted, sees_line(session, who_asks, on)).where(Audit.at <= taken).execution_options(yield_per=500)
        )
        for line in session.scalars(lines):
            at = line.at.astimezone(ZONE).isoformat(timespec="seconds")
            who = line.person_name or gettext("系统")
            said = say_verb(line.verb), line.verb, say_kind(line.object_kind), line.object_id, say_detail(line.detail)
            yield at, who, *said

    head = [
        gettext(t)
        for t in (N_("时间"), N_("操作人"), N_("操作"), N_("操作代码"), N_("对象"), N_("对象编号"), N_("内容"))
    ]
    return stream_csv(f"audit-{today().isoformat()}.csv", head, rows)
