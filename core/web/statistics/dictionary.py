"""The dictionary of statistics (统计目录): every line with who counts what and when; the HQ office adds, changes and ends lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound, SanchengError, Stale
from core.request import actor, db, require, today
from core.web import district
from core.web.errors import fault_map, say
from core.web.paging import PAGE, bad_argument, cut, read_cursor, read_id
from core.web.statistics.statistic_words import campaign_options, options, say_measure, tables
from core.web.words import begin_large
from core.work.dated import valid_on
from core.work.roles import DIRECT, SEE
from core.work.statistics.dictionary import DUE_DAYS, Declared, amend, declare, list_dictionary, may_keep, retire
from core.work.statistics.measures import MEASURES
from core.work.statistics.words import BASES, COMBINES, FREQUENCIES
from core.work.statistics.writing import read_number
from core.work.tables import Statistic
from tenants.models import Unit

blueprint = Blueprint("statistic_dictionary", __name__, url_prefix="/t/<slug>/statistics/dictionary")
blueprint.before_request(district.enter)

OWNERS = ("department", "hq", "subdistrict", "district")
KINDS: Mapping[str, str] = {"subdistrict": N_("每个街道、镇"), "community": N_("每个社区"), "village": N_("每个村")}
PLAIN = ("code", "name_zh", "name_en", "measure", "denominator_zh", "denominator_en", "denominator_measure")
CHOSEN = ("unit_kind", "frequency", "combine", "campaign", "apart")


@blueprint.get("")
@require(SEE)
def show() -> tuple[str, int]:
    """The lines within reach, by code; a form for a new one."""
    return _list()


@blueprint.post("")
@require(DIRECT)
def add() -> AnyResponse | tuple[str, int]:
    """Add a statistic of the district's own."""
    try:
        row = declare(db(), actor(), _read(), today=today())
    except (InvalidInput, Conflict) as error:
        return _list(error)
    flash(gettext("目录已新增：%(name)s", name=row.name_zh))
    return redirect(url_for("statistic_dictionary.one", statistic_id=row.id), 303)


@blueprint.get("/<uuid:statistic_id>")
@require(SEE)
def one(statistic_id: UUID) -> tuple[str, int]:
    """One line with everything about it."""
    return _one(_find(statistic_id))


@blueprint.post("/<uuid:statistic_id>")
@require(DIRECT)
def change(statistic_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change a line."""
    row = _find(statistic_id)
    said = request.form.get("version", "")
    if not said.isdecimal() or len(said) > 9:
        raise bad_argument("version", said)
    try:
        amend(db(), actor(), statistic_id, _read(row.code), int(said), today=today())
    except (InvalidInput, Conflict, Stale) as error:
        return _one(_find(statistic_id), error)
    flash(gettext("目录已更新"))
    return redirect(url_for("statistic_dictionary.one", statistic_id=statistic_id), 303)


@blueprint.post("/<uuid:statistic_id>/end")
@require(DIRECT)
def end(statistic_id: UUID) -> AnyResponse:
    """Ask for it no more from today on."""
    retire(db(), actor(), _find(statistic_id).id, today(), today=today())
    flash(gettext("从今天起不再填报；已填的数都在"))
    return redirect(url_for("statistic_dictionary.one", statistic_id=statistic_id), 303)


def _find(statistic_id: UUID) -> Statistic:
    found = list_dictionary(db(), actor(), today=today(), statistic_id=statistic_id)
    if not found:
        raise NotFound
    return found[0][0]


def _read(code: str = "") -> Declared:
    """What the form says. Raises InvalidInput for what is no number and no id of ours."""
    form, faults = request.form, []
    limits: dict[str, Decimal | None] = {}
    for name in ("minimum", "maximum"):
        limits[name], _qualifier, fault = read_number(form.get(name, ""), name)
        faults += [fault] if fault else []
    days = form.get("due_days", "10").strip()
    if not (days.isdecimal() and len(days) < 4):
        remedy = N_("请填 0 到 120 的整数：期末之后的天数")
        faults.append(Fault(N_("报送期限不对"), "due_days", value=days[:20], remedy=remedy))
    owner = form.get("owner_unit_id", "")
    if not owner:
        faults.append(Fault(N_("请选择填报单位"), "owner_unit_id"))
    if faults:
        raise InvalidInput(faults=faults)
    said = {name: form.get(name, "").strip() for name in (*PLAIN, *CHOSEN)}
    parts = tuple(dict.fromkeys(re.findall(r"\w+", form.get("parts", ""))))
    return Declared(
        **(said | ({"code": code} if code else {})),
        owner_unit_id=read_id(owner, "owner_unit_id"),
        due_days=int(days),
        parts=parts,
        bases=tuple(form.getlist("bases")),
        needs_population=form.get("needs_population") == "1",
        **limits,
    )


def _choices() -> dict[str, Any]:
    """What the form offers."""
    owners = select(Unit.id, Unit.name).where(Unit.kind.in_(OWNERS), valid_on(Unit, today())).order_by(Unit.pinyin)
    return {
        "owners": [(str(key), name) for key, name in db().execute(owners)],
        "measures": [(code, say_measure(code)) for code in MEASURES],
        "kinds": options(KINDS),
        "frequencies": options(FREQUENCIES),
        "combines": options(COMBINES),
        "base_options": [(code, begin_large(name)) for code, name in options(BASES)],
        "campaigns": campaign_options(),
        "due_most": DUE_DAYS[-1],
    }


def _list(error: SanchengError | None = None) -> tuple[str, int]:
    text, after = request.args.get("q", "").strip()[:60], read_cursor(1)
    rows = list_dictionary(db(), actor(), today=today(), text=text, after=after[0] if after else "", limit=PAGE + 1)
    may = may_keep(db(), actor(), today())
    page = render_template(
        "statistics/dictionary.html",
        page=cut(rows, lambda row: (row[0].code,)),
        text=text,
        may=may,
        typed=_typed() if error else {"due_days": "10", "frequency": "month", "bases": list(BASES), "combine": "sum"},
        errors=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        **(_choices() if may else {}),
        **tables(),
    )
    return page, error.status if error else 200


def _one(row: Statistic, error: SanchengError | None = None) -> tuple[str, int]:
    may = may_keep(db(), actor(), today(), row.campaign)
    owner = db().get(Unit, (row.tenant_id, row.owner_unit_id))
    page = render_template(
        "statistics/one.html",
        row=row,
        owner=owner.name if owner else "",
        asked_by=row.source.get("asked_by", []),
        may=may,
        typed=_typed() if error else _said(row),
        errors=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        **(_choices() if may else {}),
        **tables(),
    )
    return page, error.status if error else 200


def _typed() -> dict[str, Any]:
    return {**request.form.to_dict(), "bases": request.form.getlist("bases")}


def _said(row: Statistic) -> dict[str, Any]:
    """What a line says, as the form shows it."""
    said = {name: getattr(row, name) for name in (*PLAIN, *CHOSEN, "due_days", "bases")}
    limits = {name: "" if getattr(row, name) is None else f"{getattr(row, name):f}" for name in ("minimum", "maximum")}
    return (
        said
        | limits
        | {
            "owner_unit_id": str(row.owner_unit_id),
            "parts": " ".join(row.parts),
            "needs_population": "1" if row.needs_population else "",
        }
    )
