"""One clause of a split (分解项): its lead and assisting units with points, people, amounts and days, and each unit's answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, SanchengError, Stale
from core.request import actor, db, now, require, require_any, today
from core.web import district
from core.web.errors import say
from core.web.paging import bad_argument, read_id
from core.web.splits.split_page import campaign_of
from core.web.splits.split_words import indicators_of, measure_options, said_of, tables, unit_choices, unit_names
from core.web.words import by_locale
from core.work.imports.workbook_cells import certain_day, certain_number
from core.work.names import narrow
from core.work.organisation.unit_people import people_of
from core.work.roles import ANSWER, DIRECT, LEAD, SEE
from core.work.splits.answering import accept, send_back
from core.work.splits.editing import ALL_TO_LEAD, EVEN, RowWish, save_row
from core.work.splits.making import remove_row
from core.work.splits.points import read_hundredths
from core.work.splits.portions import Portion, shared_out
from core.work.splits.reading import Line, Table, read_table
from core.work.splits.states import DRAFT, ISSUED
from core.work.splits.states import LEAD as LEADING
from core.work.tables import SplitEvent, SplitShare

blueprint = Blueprint("split_row", __name__, url_prefix="/t/<slug>/splits/<uuid:split_id>/rows/<uuid:row_id>")
blueprint.before_request(district.enter)


def _find(split_id: UUID, row_id: UUID) -> tuple[Table, Line]:
    table = read_table(db(), actor(), split_id, today())
    line = next((one for one in table.lines if one.row.id == row_id), None)
    if line is None:
        raise NotFound
    return table, line


@blueprint.get("")
@require(SEE)
def show(split_id: UUID, row_id: UUID) -> tuple[str, int]:
    """The clause with its shares, and what the reader may do with it."""
    return _page(split_id, row_id)


@blueprint.post("")
@require_any(DIRECT, ANSWER, LEAD)
def save(split_id: UUID, row_id: UUID) -> AnyResponse | tuple[str, int]:
    """Save the clause; of an issued table its changed and returned shares are issued anew."""
    form = request.form
    _table, line = _find(split_id, row_id)
    try:
        wish, portions = _read(form, line)
        then = form.get("then", "")
        if then in (EVEN, ALL_TO_LEAD):
            portions = shared_out(line.row.points, portions, then)
        mark, note = form.get("mark", "")[:40], form.get("note", "")
        written = save_row(db(), actor(), split_id, row_id, wish, portions, mark=mark, note=note, now=now())
    except NotFound:
        raise
    except (InvalidInput, Conflict, Stale, Forbidden) as error:
        return _page(split_id, row_id, error)
    flash(gettext("已重新下发，等单位接收") if written.reissued else gettext("分解项已保存"))
    return redirect(url_for("split_row.show", split_id=split_id, row_id=row_id), 303)


@blueprint.post("/remove")
@require(DIRECT)
def remove(split_id: UUID, row_id: UUID) -> AnyResponse:
    """Take a clause of the district's own out of the draft."""
    table, _line = _find(split_id, row_id)
    remove_row(db(), actor(), campaign_of(table.split), split_id, row_id, now=now())
    flash(gettext("已删去"))
    return redirect(url_for("split.show", split_id=split_id), 303)


@blueprint.post("/shares/<uuid:share_id>")
@require(ANSWER)
def answer(split_id: UUID, row_id: UUID, share_id: UUID) -> AnyResponse | tuple[str, int]:
    """Accept a share, or send it back with a reason."""
    form = request.form
    _find(split_id, row_id)
    verb, version = form.get("verb", ""), form.get("version", "")
    if verb not in ("accept", "return"):
        raise bad_argument("verb", verb)
    if not version.isdecimal() or len(version) > 9:
        raise bad_argument("version", version)
    try:
        if verb == "accept":
            accept(db(), actor(), share_id, version=int(version), now=now())
        else:
            send_back(db(), actor(), share_id, version=int(version), reason=form.get("reason", ""), now=now())
    except NotFound:
        raise
    except (InvalidInput, Conflict, Stale, Forbidden) as error:
        return _page(split_id, row_id, error, share_id)
    flash(gettext("已接收") if verb == "accept" else gettext("已退回，牵头组和创建办会收到提醒"))
    return redirect(url_for("split_row.show", split_id=split_id, row_id=row_id), 303)


def _read(form: Mapping[str, str], line: Line) -> tuple[RowWish, list[Portion]]:
    """What the form says. Raises InvalidInput with every fault beside its field."""
    faults: list[Fault] = []
    owner = form.get("owner", "")
    wish = RowWish(
        requirement=form.get("requirement", ""),
        owner_unit_id=read_id(owner, "owner") if owner else None,
        amount=_amount(form, "amount", faults),
        measure=form.get("measure", "").strip()[:40],
        due_on=_day(form, "due", faults),
    )
    wanted = [share.unit_id for share in line.shares if f"keep.{share.unit_id}" in form]
    sent = [read_id(name.partition(".")[2], "unit") for name in form if name.startswith("keep.")]
    wanted += [unit for unit in sent if unit not in wanted]
    added = form.get("add_unit", "")
    portions = [_portion(form, unit, str(unit), faults) for unit in wanted if f"out.{unit}" not in form]
    if added:
        portions.append(_portion(form, read_id(added, "add_unit"), "new", faults))
    if faults:
        raise InvalidInput(faults=faults)
    lead = form.get("lead", "")
    chosen = added if lead == "new" else lead
    return wish, [
        Portion(**_fields(one) | {"role": LEADING if str(one.unit_id) == chosen else "assist"}) for one in portions
    ]


def _fields(one: Portion) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("unit_id", "points", "person_id", "amount", "due_on")}


def _portion(form: Mapping[str, str], unit_id: UUID, key: str, faults: list[Fault]) -> Portion:
    person = form.get(f"person.{key}", "")
    return Portion(
        unit_id,
        points=read_hundredths(form.get(f"points.{key}", "") or "0", f"points.{key}", faults),
        person_id=read_id(person, "person") if person else None,
        amount=_amount(form, f"amount.{key}", faults),
        due_on=_day(form, f"due.{key}", faults),
    )


def _amount(form: Mapping[str, str], name: str, faults: list[Fault]) -> Decimal | None:
    said = narrow(form.get(name, ""))
    value = certain_number(said) if said else None
    if said and value is None:
        faults.append(Fault(N_("不是数字"), name, value=said[:40], remedy=N_("请填准确的数字，例如 1200 或 12.5")))
    return value


def _day(form: Mapping[str, str], name: str, faults: list[Fault]) -> date | None:
    said = narrow(form.get(name, ""))
    day = certain_day(said) if said else None
    if said and day is None:
        faults.append(Fault(N_("日期写法无效"), name, value=said[:40], remedy=N_("请写成 2026-03-02")))
    return day


def _page(
    split_id: UUID, row_id: UUID, error: SanchengError | None = None, share_id: UUID | None = None
) -> tuple[str, int]:
    table, line = _find(split_id, row_id)
    split, row = table.split, line.row
    indicator = indicators_of(campaign_of(split), split).get(row.code)
    answers = {
        share.id
        for share in line.shares
        if split.state == ISSUED == share.state and share.unit_id in table.sight.answers
    }
    editing = table.edits(line)
    said = said_of(error, line, unit_names(_named(line))) if error else {}
    page = render_template(
        "splits/row.html",
        table=table,
        split=split,
        line=line,
        row=row,
        title=by_locale(indicator.name_zh, indicator.name_en) if indicator else row.title,
        indicator=indicator,
        draft=split.state == DRAFT,
        editing=editing,
        answers=answers,
        typed=request.form if error and share_id is None else None,
        reason=request.form.get("reason", "") if share_id else "",
        share_id=share_id,
        faults=said,
        said=list(said.values()),
        refusal=say(error) if error and not error.faults else "",
        units=unit_choices() if editing else [],
        measures=measure_options(),
        people={share.unit_id: _people(share) for share in line.shares} if editing else {},
        events=_events(row.code, split_id),
        **tables(),
    )
    return page, error.status if error else 200


def _named(line: Line) -> set[UUID]:
    """The units that the form or the clause names."""
    sent = [name.partition(".")[2] for name in request.form if name.startswith("keep.")]
    return {share.unit_id for share in line.shares} | {read_id(one, "unit") for one in sent}


def _people(share: SplitShare) -> list[tuple[str, str]]:
    """Those who may be named for a share: people with a post at its unit or under it."""
    return [(str(one.id), f"{one.name} · {one.title}") for one in people_of(db(), share.unit_id, today())]


def _events(code: str, split_id: UUID) -> list[SplitEvent]:
    chosen = select(SplitEvent).where(SplitEvent.split_id == split_id, SplitEvent.row_code == code)
    return list(db().scalars(chosen.order_by(SplitEvent.at.desc(), SplitEvent.id.desc()).limit(50)))
