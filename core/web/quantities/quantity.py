"""One quantity (一条工作量): what it says, its history and parts, and what its reader may do: correct, verify, withdraw, settle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, Forbidden, SanchengError
from core.request import actor, db, now, require, require_any, today
from core.web import district
from core.web.errors import fault_map, say
from core.web.paging import bad_argument, read_id
from core.web.quantities.quantity_form import choices, read_wish, said_of, typed
from core.web.quantities.quantity_words import say_amount, say_kind, tables
from core.work.quantities.entering import correct
from core.work.quantities.reading import Asked, Found, Line, lines_by_id, list_entries, read_entry
from core.work.quantities.settling import declare_disjoint, merge, take_back
from core.work.quantities.sight import may_report, standing_at
from core.work.quantities.steps import set_total, verify, withdraw
from core.work.quantities.words import LIVE, REPORTED
from core.work.quantities.writing import say_number, say_quantity
from core.work.roles import ANSWER, CHECK, DIRECT, SEE
from core.work.tables import Plan, Project, Task

blueprint = Blueprint("quantity", __name__, url_prefix="/t/<slug>/quantities")
blueprint.before_request(district.enter)

TOTALS = 200  # declared totals to choose from (ours)
DONE: Mapping[str, str] = MappingProxyType(
    {
        "correct": N_("已更正；原来的数留在记录里"),
        "verify": N_("已核验"),
        "withdraw": N_("已撤回"),
        "total": N_("分项关系已更新"),
        "disjoint": N_("已认定互不重复"),
        "merge": N_("已合并：一条代表两条，另一条不再计入合计"),
        "undo": N_("已撤销认定"),
    }
)


@blueprint.get("/<uuid:quantity_id>")
@require(SEE)
def show(quantity_id: UUID) -> tuple[str, int]:
    """One quantity with everything about it."""
    return _show(read_entry(db(), actor(), quantity_id, today=today()))


@blueprint.post("/<uuid:quantity_id>")
@require_any(ANSWER, DIRECT, CHECK)
def act(quantity_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take a step that the form names: correct, verify, withdraw, total, disjoint, merge or undo."""
    verb = request.form.get("verb", "")
    if verb not in DONE:
        raise bad_argument("verb", verb)
    found = read_entry(db(), actor(), quantity_id, today=today())
    try:
        with db().begin_nested():
            _STEPS[verb](found)
    except Forbidden:
        raise
    except SanchengError as error:
        return _show(read_entry(db(), actor(), quantity_id, today=today()), verb, error)
    flash(gettext(DONE[verb]))
    back = url_for("quantity_doubles.show") if request.form.get("back") == "doubles" else None
    return redirect(back or url_for("quantity.show", quantity_id=quantity_id), 303)


def _version() -> int:
    said = request.form.get("version", "")
    if not said.isdecimal() or len(said) > 9:
        raise bad_argument("version", said)
    return int(said)


def _reason() -> str:
    return request.form.get("reason", "")


def _other() -> UUID:
    return read_id(request.form.get("other", ""), "other")


def _correct(found: Found) -> None:
    wish = read_wish(found.line)
    correct(db(), actor(), found.line.entry.id, wish, _version(), reason=_reason(), now=now())


def _verify(found: Found) -> None:
    verify(db(), actor(), found.line.entry.id, _version(), note=request.form.get("note", ""), now=now())


def _withdraw(found: Found) -> None:
    withdraw(db(), actor(), found.line.entry.id, _version(), reason=_reason(), now=now())


def _total(found: Found) -> None:
    said = request.form.get("total", "")
    set_total(db(), actor(), found.line.entry.id, read_id(said, "total") if said else None, _version(), now=now())


def _disjoint(found: Found) -> None:
    declare_disjoint(db(), actor(), found.line.entry.id, _other(), reason=_reason(), now=now())


def _merge(found: Found) -> None:
    """This entry stands for both, or with ``keep`` the other one does."""
    mine, other = found.line.entry.id, _other()
    keep, leave = (other, mine) if request.form.get("keep") == "other" else (mine, other)
    merge(db(), actor(), keep, leave, reason=_reason(), now=now())


def _undo(found: Found) -> None:
    take_back(db(), actor(), found.line.entry.id, _other(), now=now())


_STEPS: Mapping[str, Callable[[Found], None]] = MappingProxyType(
    {
        "correct": _correct,
        "verify": _verify,
        "withdraw": _withdraw,
        "total": _total,
        "disjoint": _disjoint,
        "merge": _merge,
        "undo": _undo,
    }
)


def _show(found: Found, verb: str = "", error: SanchengError | None = None) -> tuple[str, int]:
    line = found.line
    keeps = may_report(db(), actor(), line.kind, line.entry.unit_id, today()) and line.entry.state in LIVE
    standing = standing_at(db(), actor(), line.entry, line.kind, today())
    others = [one for pair in found.candidates for one in pair.pair if one != line.entry.id]
    page = render_template(
        "quantities/one.html",
        found=found,
        line=line,
        keeps=keeps,
        verifies=standing.verifies and line.entry.state == REPORTED,
        near=lines_by_id(db(), actor(), others, today=today()),
        links=_links(line),
        written_otherwise=line.entry.said not in (say_number(line.entry, "zh"), say_quantity(line.entry, "zh")),
        totals=_totals(line) if keeps and not found.parts else [],
        verb=verb,
        values=typed() if verb == "correct" else said_of(line),
        reason=request.form.get("reason", "") if verb else "",
        errors=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        **(choices(fixed=True) if keeps else {}),
        **tables(),
    )
    return page, error.status if error else 200


def _links(line: Line) -> list[tuple[str, str]]:
    """What an entry belongs to, by name; it was the reporter's to know, and a title is no secret within the district."""
    found = []
    for label, table, link in (
        (gettext("计划"), Plan, line.entry.plan_id),
        (gettext("工程项目"), Project, line.entry.project_id),
        (gettext("所属任务"), Task, line.entry.task_id),
    ):
        title = db().scalar(select(table.title).where(table.id == link)) if link else None
        found += [(label, title)] if title else []
    return found


def _totals(line: Line) -> list[tuple[str, str]]:
    """The entries that may be this one's declared total: of its unit of measure, and no part themselves."""
    rows = list_entries(db(), actor(), Asked(unit_id=line.entry.unit_id), today=today(), limit=TOTALS)
    return [
        (str(one.entry.id), " · ".join(filter(None, (say_kind(one.kind), one.entry.scope, say_amount(one.entry)))))
        for one in rows
        if one.entry.measure == line.entry.measure and one.entry.id != line.entry.id and one.entry.total_id is None
    ]
