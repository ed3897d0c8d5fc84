"""Sponsors on the pages (包保名册): the list as of a day, one sponsorship with its log, its end, and the list as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Conflict, Forbidden, InvalidInput
from core.request import actor, db, require, today
from core.web import district
from core.web.as_of import read_on
from core.web.duties.person_choice import person_options
from core.web.duties.sponsor_reading import month_of
from core.web.duties.sponsor_words import HEAD, cells_of, kind_options
from core.web.errors import fault_map, say
from core.web.exports import Rows, stream_csv
from core.web.form_fields import day_of, id_of
from core.web.organisation.area_choice import read_area
from core.web.paging import bad_argument, make_cursor, read_cursor, read_id
from core.web.places.site_words import campaign_titles, unit_options
from core.web.workbook_answers import send_xlsx
from core.work.duties.sponsor_deeds import ENTRY_KINDS, deeds
from core.work.duties.sponsor_keeping import KEEPERS, get_sponsorship, may_keep, set_end, unit_of
from core.work.duties.sponsor_kinds import SPONSOR_KINDS
from core.work.duties.sponsor_lists import (
    SponsorFilter,
    count_sponsorships,
    fields_in_use,
    find_sponsorship,
    list_sponsorships,
    unsponsored,
)
from core.work.duties.sponsor_log import log_entry, may_log, read_log
from core.work.duties.sponsoring import SponsorLine
from core.work.roles import SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("sponsors", __name__, url_prefix="/t/<slug>/sponsors")
blueprint.before_request(district.enter)

PAGE = 50
GAPS = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for: the filter and the day."""

    wanted: SponsorFilter
    on: date | None

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        return self.wanted.active or self.on is not None


def read_asked() -> Asked:
    """The filter of this request. Raises InvalidInput."""
    said = request.args
    texts = {name: said.get(name, "").replace("\x00", "").strip()[:60] for name in ("role", "q", "field", "campaign")}
    if texts["role"] and texts["role"] not in SPONSOR_KINDS:
        raise bad_argument("role", texts["role"])
    ids = {name: read_id(said[name], name) if said.get(name) else None for name in ("unit", "person")}
    wanted = SponsorFilter(
        texts["role"], ids["unit"], ids["person"], texts["q"][:40], texts["field"], texts["campaign"], read_area()
    )
    return Asked(wanted, read_on())


def read_place() -> tuple[str, UUID] | None:
    """The place and the row after which the page begins. Raises InvalidInput."""
    cursor = read_cursor(2)
    return (cursor[0], read_id(cursor[1], "cursor")) if cursor else None


@blueprint.get("")
@require(SEE)
def show() -> str:
    """Who sponsors what on a day, and which places nobody sponsors."""
    found, session = read_asked(), db()
    on = found.on or today()
    page = list_sponsorships(session, actor(), found.wanted, on=on, after=read_place(), size=PAGE)
    gaps = unsponsored(session, actor(), on) if not found.wanted.active else []
    return render_template(
        "sponsors/list.html",
        page=page,
        next=make_cursor(*page.next) if page.next else None,
        total=count_sponsorships(session, actor(), found.wanted, on),
        asked=found,
        on=on,
        today=today(),
        gaps=gaps[:GAPS],
        gap_count=len(gaps),
        kinds=kind_options(),
        units=unit_options(session, actor(), on),
        fields=[(field, field) for field in fields_in_use(session, on)],
        campaigns=campaign_titles(session),
        keeper=is_keeper(),
    )


def is_keeper() -> bool:
    """Whether the reader may keep sponsorships anywhere; objects are judged again where they are written."""
    return any(actor().has(verb) for verb in KEEPERS)


def _rows() -> Callable[[ScopedSession], Rows]:
    """The reader of a file's rows, for the filter of this request."""
    found, who, on = read_asked(), actor(), today()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        campaigns = campaign_titles(session)
        page = list_sponsorships(session, who, found.wanted, on=found.on or on, size=None)
        for line in page.rows:
            yield cells_of(line, campaigns)

    return rows


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The list as CSV."""
    return stream_csv(f"sponsors-{today().isoformat()}.csv", [gettext(text) for text in HEAD], _rows())


@blueprint.get("/export.xlsx")
@require(SEE)
def export_workbook() -> Response:
    """The list as an Excel workbook."""
    name = f"sponsors-{today().isoformat()}.xlsx"
    return send_xlsx(name, gettext("包保"), [gettext(text) for text in HEAD], _rows())


def _page(sponsorship_id: UUID, status: int = 200, **more: Any) -> tuple[str, int]:
    session, who = db(), actor()
    line = find_line(sponsorship_id)
    row = get_sponsorship(session, sponsorship_id)
    days = month_of(today())
    context: dict[str, Any] = {
        "line": line,
        "did": deeds(session, [line.id], days)[line.id],
        "days": days,
        "log": read_log(session, who, line.id, today()),
        "entry_kinds": ENTRY_KINDS,
        "may_log": may_log(session, who, row, today()) and standing(line),
        "may_keep": may_keep(session, who, unit_of(session, row), today()),
        "open": line.valid_to is None or line.valid_to > today(),
        "campaigns": campaign_titles(session),
        "today": today(),
        "values": {},
        "errors": {},
    }
    return render_template("sponsors/one.html", **(context | more)), status


def find_line(sponsorship_id: UUID) -> SponsorLine:
    """The sponsorship when the reader may see it. Raises NotFound."""
    return find_sponsorship(db(), actor(), sponsorship_id, today())


def standing(line: SponsorLine) -> bool:
    """Whether a sponsorship has begun and not been withdrawn, so that something may be written about it."""
    return line.valid_from <= today() and (line.valid_to is None or line.valid_to > line.valid_from)


@blueprint.get("/<uuid:sponsorship_id>")
@require(SEE)
def show_one(sponsorship_id: UUID) -> tuple[str, int]:
    """One sponsorship: who, what, since when, and the log."""
    return _page(sponsorship_id)


@blueprint.post("/<uuid:sponsorship_id>/end")
@require(SEE)
def end(sponsorship_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change the last day; an empty field means no end."""
    find_line(sponsorship_id)
    try:
        until = day_of(request.form, "until")
        row = set_end(db(), actor(), sponsorship_id, until, today=today())
    except (InvalidInput, Conflict) as error:
        return _page(sponsorship_id, error.status, refusal=next(iter(fault_map(error).values()), say(error)))
    if row.valid_to == row.valid_from:
        flash(gettext("这项包保已撤回"))
    elif until is None:
        flash(gettext("包保期已改为长期"))
    else:
        flash(gettext("包保到 %(day)s 为止", day=until.isoformat()))
    return redirect(url_for("sponsors.show_one", sponsorship_id=sponsorship_id), 303)


@blueprint.post("/<uuid:sponsorship_id>/log")
def log(sponsorship_id: UUID) -> AnyResponse | tuple[str, int]:
    """Write into the log; from the sponsor's own page the answer leads back there."""
    form: Mapping[str, str] = request.form
    own = form.get("from") == "mine"
    try:
        finding = id_of(form, "finding")
        day = day_of(form, "day") or today()
        wish = {"kind": form.get("kind", ""), "day": day, "note": form.get("note", ""), "finding_id": finding}
        log_entry(db(), actor(), sponsorship_id, today=today(), **wish)
    except Forbidden:
        find_line(sponsorship_id)  # out of reach it does not exist
        raise
    except (InvalidInput, Conflict) as error:
        if own:
            flash(next(iter(fault_map(error).values()), say(error)), "error")
            return redirect(url_for("sponsor_mine.show"), 303)
        faults = fault_map(error) or {"note": say(error)}
        return _page(sponsorship_id, error.status, values=form, errors=faults)
    flash(gettext("已记入包保日志"))
    back = url_for("sponsor_mine.show") if own else url_for("sponsors.show_one", sponsorship_id=sponsorship_id)
    return redirect(back, 303)


def people_to_choose() -> list[tuple[str, str]]:
    """Everybody who may be named as a sponsor."""
    return person_options(db(), actor(), today(), everybody=True)
