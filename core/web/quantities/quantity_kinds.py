"""The dictionary of kinds (工作量科目): listed by code; the HQ office takes the usual ones over, adds, changes and retires."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, SanchengError
from core.request import actor, db, now, require, today
from core.web import district
from core.web.errors import fault_map, say
from core.web.paging import PAGE, bad_argument, cut, read_cursor
from core.web.quantities.quantity_words import campaign_options, options, say_measure, tables
from core.web.table_files import send_table
from core.web.words import begin_large, counted
from core.work.quantities.kinds import (
    ACTIVE,
    RETIRED,
    KindWish,
    add_kind,
    change_kind,
    get_kind,
    lay_starter,
    list_kinds,
    set_kind_state,
)
from core.work.quantities.sight import may_keep_kinds
from core.work.quantities.words import FLOWS
from core.work.roles import DIRECT, SEE
from core.work.statistics.measures import MEASURES

blueprint = Blueprint("quantity_kinds", __name__, url_prefix="/t/<slug>/quantities/kinds")
blueprint.before_request(district.enter)

FIELDS = ("code", "name_zh", "name_en", "measure", "flow", "campaign")
HEAD = (N_("代码"), N_("名称"), N_("英文名称"), N_("类别"), N_("计量单位"), N_("创建项目"), N_("状态"))
STATES: Mapping[str, str] = MappingProxyType({ACTIVE: N_("在用"), RETIRED: N_("已停用")})


@blueprint.get("")
@require(SEE)
def show() -> tuple[str, int]:
    """The dictionary, and a form for a new kind."""
    return _list()


@blueprint.post("")
@require(DIRECT)
def add() -> AnyResponse | tuple[str, int]:
    """Add a kind."""
    try:
        row = add_kind(db(), actor(), _wish(), now=now(), campaigns=_campaigns())
    except SanchengError as error:
        return _list(error)
    flash(gettext("科目已新增：%(name)s", name=row.name_zh))
    return redirect(url_for("quantity_kinds.show"), 303)


@blueprint.post("/starter")
@require(DIRECT)
def starter() -> AnyResponse:
    """Take the usual kinds over; those that are there stay as they are."""
    made = lay_starter(db(), actor(), now=now())
    flash(counted("已采用 %(n)s 个常用科目", n=made) if made else gettext("常用科目都已经在目录里"))
    return redirect(url_for("quantity_kinds.show"), 303)


@blueprint.get("/<uuid:quantity_kind_id>")
@require(SEE)
def one(quantity_kind_id: UUID) -> tuple[str, int]:
    """One kind."""
    return _one(quantity_kind_id)


@blueprint.post("/<uuid:quantity_kind_id>")
@require(DIRECT)
def change(quantity_kind_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change a kind, retire it or bring it back."""
    said, verb = request.form.get("version", ""), request.form.get("verb", "change")
    if not said.isdecimal() or len(said) > 9 or verb not in ("change", ACTIVE, RETIRED):
        raise bad_argument("version", said)
    try:
        if verb == "change":
            change_kind(db(), actor(), quantity_kind_id, _wish(), int(said), now=now(), campaigns=_campaigns())
        else:
            set_kind_state(db(), actor(), quantity_kind_id, verb, int(said), now=now())
    except SanchengError as error:
        if error.status in (403, 404):
            raise
        return _one(quantity_kind_id, error)
    flash(gettext("科目已更新"))
    return redirect(url_for("quantity_kinds.one", quantity_kind_id=quantity_kind_id), 303)


@blueprint.get("/kinds.csv")
@blueprint.get("/kinds.xlsx", endpoint="export_xlsx")
@require(SEE)
def export_csv() -> Response:
    """The dictionary as a file."""
    rows = [
        (
            row.code,
            row.name_zh,
            row.name_en,
            gettext(FLOWS[row.flow]),
            say_measure(row.measure),
            row.campaign,
            gettext(STATES[row.state]),
        )
        for row in list_kinds(db(), text=_text(), flow=_flow())
    ]
    return send_table(
        f"quantity-kinds-{today()}", gettext("工作量科目"), [gettext(one) for one in HEAD], lambda _session: rows
    )


def _wish() -> KindWish:
    return KindWish(**{name: request.form.get(name, "").strip() for name in FIELDS})


def _campaigns() -> list[str]:
    return [key for key, _title in campaign_options()]


def _text() -> str:
    return request.args.get("q", "").strip()[:60]


def _flow() -> str:
    said = request.args.get("flow", "")
    if said and said not in FLOWS:
        raise bad_argument("flow", said)
    return said


def _list(error: SanchengError | None = None) -> tuple[str, int]:
    rows = list_kinds(db(), text=_text(), flow=_flow())
    after = read_cursor(1)
    rest = [row for row in rows if row.code > after[0]] if after else rows
    page = render_template(
        "quantities/kinds.html",
        page=cut(rest[: PAGE + 1], lambda row: (row.code,)),
        text=_text(),
        flow=_flow(),
        **_shared(error, {"flow": "output"}),
    )
    return page, error.status if error else 200


def _one(quantity_kind_id: UUID, error: SanchengError | None = None) -> tuple[str, int]:
    row = get_kind(db(), quantity_kind_id)
    said = {name: getattr(row, name) for name in FIELDS}
    page = render_template("quantities/kind.html", row=row, **_shared(error, said))
    return page, error.status if error else 200


def _shared(error: SanchengError | None, values: dict[str, str]) -> dict[str, Any]:
    return {
        "may": may_keep_kinds(db(), actor(), today()),
        "values": request.form.to_dict() if error and "code" in request.form else values,
        "errors": fault_map(error) if error else {},
        "refusal": say(error) if error and not error.faults else "",
        "measures": [(code, f"{say_measure(code)}{_english(code)}") for code in MEASURES],
        "flow_options": [(code, begin_large(text)) for code, text in options(FLOWS)],
        "campaigns": campaign_options(),
        **tables(),
    }


def _english(code: str) -> str:
    """The English name beside a word that several units share: 份 (gifts)."""
    one = MEASURES[code]
    shared = sum(1 for other in MEASURES.values() if say_measure(other.code) == say_measure(code)) > 1
    return f" ({one.name_en if say_measure(code) == one.name_zh else one.name_zh})" if shared else ""
