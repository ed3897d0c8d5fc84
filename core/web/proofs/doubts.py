"""Doubts about closings on the pages (疑点): the facts, the photos side by side, and what a person found; nothing automatic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, Forbidden, InvalidInput, SanchengError
from core.figures.periods import Period, containing, last_periods, parse_period
from core.request import actor, db, now, require_any, today
from core.settings import ZONE
from core.web.errors import fault_map, say
from core.web.exports import stream_csv
from core.web.ledger.finding_words import say_refusal
from core.web.paging import bad_argument, cut, read_cursor, read_id
from core.web.places.site_words import unit_options
from core.web.proofs.proof_words import DOUBT_TONES, say_doubt, say_doubt_state, say_facts
from core.web.scores.periods import read_period, say_period
from core.web.words import by_locale
from core.work.proofs.doubt_figures import came_back, found_by
from core.work.proofs.doubt_list import LARGEST_PAGE, DoubtRow, Filter, list_doubts, uses_of
from core.work.proofs.doubt_settling import STATES, VERDICTS, settle_doubt, why_not_settle
from core.work.proofs.doubts import KINDS
from core.work.roles import CHECK, DIRECT, LEAD
from core.work.tenant_settings import Integrity, read_setting
from core.work.wording import LONGEST_NOTE
from tenants.scope import ScopedSession

blueprint = Blueprint("doubts", __name__, url_prefix="/t/<slug>/doubts")
blueprint.before_request(asked.enter)

PAGE = 20  # each shows photos
MONTHS = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for."""

    kind: str
    state: str
    unit_id: UUID | None
    period: Period | None

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        return any((self.kind, self.unit_id, self.period)) or self.state != "open"

    def filter(self) -> Filter:
        """The same as the list takes it."""
        since, until = self.period.bounds if self.period else (None, None)
        state = "" if self.state == "all" else self.state
        return Filter(kind=self.kind, state=state, unit_id=self.unit_id, since=since, until=until)


def _read_asked() -> Asked:
    said = request.args
    kind, state, unit, period = (said.get(name, "").strip() for name in ("kind", "state", "unit", "period"))
    if kind and kind not in KINDS:
        raise bad_argument("kind", kind)
    if state and state not in (*STATES, "all"):
        raise bad_argument("state", state)
    return Asked(
        kind, state or "open", read_id(unit, "unit") if unit else None, parse_period(period) if period else None
    )


def _key(row: DoubtRow) -> tuple[datetime, UUID]:
    return row.signal.raised_at, row.signal.id


@blueprint.get("")
@require_any(CHECK, DIRECT, LEAD)
def show_list() -> str:
    """Doubts within reach, newest first, open ones unless others are asked for; one of them where the address names it."""
    named = request.args.get("doubt", "").strip()
    return _page(Asked("", "all", None, None), read_id(named, "doubt")) if named else _page(_read_asked())


@blueprint.post("/<uuid:signal_id>/settle")
@require_any(CHECK, DIRECT)
def settle(signal_id: UUID) -> AnyResponse | tuple[str, int]:
    """Say what a doubt turned out to be, with a note; what is refused comes back with what was typed."""
    said = request.form
    try:
        settle_doubt(db(), actor(), signal_id, said.get("verdict", ""), note=said.get("note", ""), now=now())
    except (InvalidInput, Conflict, Forbidden) as error:
        return _page(Asked("", "all", None, None), signal_id, error), error.status
    flash(gettext("已记下核实结果；不会自动产生任何处理"), "success")
    return redirect(url_for("doubts.show_list"), 303)


def _page(wanted: Asked, signal_id: UUID | None = None, error: SanchengError | None = None) -> str:
    session, keys = db(), read_cursor(2)
    try:
        after = (datetime.fromisoformat(keys[0]), UUID(keys[1])) if keys else None
    except ValueError:
        raise bad_argument("cursor", request.args.get("cursor", "")) from None
    chosen = Filter(signal_id=signal_id) if signal_id else wanted.filter()
    found = list_doubts(session, actor(), chosen, now=now(), after=after, size=PAGE)
    page = cut(found, lambda row: (row.signal.raised_at.isoformat(), row.signal.id), PAGE)
    return render_template(
        "doubts/list.html",
        page=page,
        wanted=wanted,
        one_only=signal_id is not None,
        uses=uses_of(session, actor(), [row.signal for row in page.rows], now()),
        own=_reasons(page.rows),
        kinds=[(code, say_doubt(code)) for code in KINDS],
        states=[*((code, say_doubt_state(code)) for code in STATES), ("all", gettext("全部"))],
        verdicts=[(code, say_doubt_state(code)) for code in VERDICTS],
        units=unit_options(session, actor(), today()),
        periods=_periods(wanted.period),
        said=request.form,
        faults=fault_map(error) if error else {},
        refusal=(say_refusal(error) if isinstance(error, Conflict) else say(error))
        if error and not error.faults
        else "",
        say_doubt=say_doubt,
        say_state=say_doubt_state,
        say_facts=say_facts,
        tones=DOUBT_TONES,
        longest=LONGEST_NOTE,
    )


def _reasons(rows: Sequence[DoubtRow]) -> dict[UUID, str]:
    """Why the reader may not settle each of the open ones."""
    return {
        row.signal.id: why_not_settle(db(), actor(), row.finding, row.signal.unit_id, today())
        for row in rows
        if row.signal.state == "open"
    }


def _periods(chosen: Period | None) -> list[tuple[str, str]]:
    offered = [containing("week", today()), *reversed(last_periods("month", today(), MONTHS))]
    if chosen and chosen not in offered:
        offered.append(chosen)
    return [(one.key, say_period(one)) for one in offered]


@blueprint.get("/export.csv")
@require_any(CHECK, DIRECT, LEAD)
def export() -> Response:
    """The same list as CSV."""
    wanted, who, moment = _read_asked(), actor(), now()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        after: tuple[datetime, UUID] | None = None
        while True:
            found = list_doubts(session, who, wanted.filter(), now=moment, after=after, size=LARGEST_PAGE)
            yield from (_line(row) for row in found[:LARGEST_PAGE])
            if len(found) <= LARGEST_PAGE:
                return
            after = _key(found[LARGEST_PAGE - 1])

    head = (N_("编号"), N_("问题"), N_("点位"), N_("牵头单位"), N_("疑点"), N_("事实"), N_("提示时间"), N_("状态"))
    tail = (N_("核实人"), N_("核实时间"), N_("说明"))
    return stream_csv(f"doubts-{today().isoformat()}.csv", [gettext(text) for text in head + tail], rows)


def _line(row: DoubtRow) -> Sequence[object]:
    one, title = row.signal, by_locale(row.finding.title, row.finding.title_en)
    return (
        *(row.finding.number, title, row.place, row.unit_name, say_doubt(one.kind)),
        *(say_facts(one, row.finding.opened_at), _local(one.raised_at), say_doubt_state(one.state)),
        *(one.person_name, _local(one.settled_at), one.note),
    )


def _local(at: datetime | None) -> str:
    return at.astimezone(ZONE).isoformat(timespec="seconds") if at else ""


@blueprint.get("/figures")
@require_any(CHECK, DIRECT, LEAD)
def show_figures() -> str:
    """Found by oneself against found by others, and what came back soon, by unit in one period."""
    choice, session = read_period(), db()
    since, until = choice.period.bounds
    return render_template(
        "doubts/figures.html",
        choice=choice,
        found=found_by(session, actor(), since, until, now=now()),
        back=came_back(session, actor(), since, until, now=now()),
        days=read_setting(session, Integrity).reopened_days,
    )


@blueprint.get("/figures/found.csv")
@require_any(CHECK, DIRECT, LEAD)
def export_found() -> Response:
    """Found by oneself against found by others, as CSV."""
    who, moment, period = actor(), now(), read_period().period

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in found_by(session, who, *period.bounds, now=moment):
            yield one.unit_name, one.own, one.others, one.total

    head = (N_("单位"), N_("自查发现"), N_("他人发现"), N_("合计"))
    return stream_csv(f"found-by-{period.key}.csv", [gettext(text) for text in head], rows)


@blueprint.get("/figures/back.csv")
@require_any(CHECK, DIRECT, LEAD)
def export_back() -> Response:
    """What came back soon after closing, as CSV."""
    who, moment, period = actor(), now(), read_period().period

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in came_back(session, who, *period.bounds, now=moment):
            yield one.unit_name, one.closed, one.came_back

    head = (N_("牵头单位"), N_("销号次数"), N_("又出现"))
    return stream_csv(f"came-back-{period.key}.csv", [gettext(text) for text in head], rows)
