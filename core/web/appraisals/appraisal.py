"""One frozen appraisal (考核结果): its table, its hash, its signatures, the arithmetic of each unit, and the files for 绩效考核."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, NotFound, SanchengError
from core.periods import containing
from core.request import actor, db, now, require, tenant
from core.web import district
from core.web.appraisals import words
from core.web.errors import say
from core.web.table_files import send_table
from core.work.appraisals.freezing import NEEDED, Frozen, canonical, find_frozen, may_sign, sign
from core.work.roles import SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("appraisal", __name__, url_prefix="/t/<slug>/appraisals")
blueprint.before_request(district.enter)


@blueprint.get("/<uuid:appraisal_id>")
@require(SEE)
def show(appraisal_id: UUID) -> str:
    """The whole result as it was frozen; for print too."""
    found = find_frozen(db(), appraisal_id)
    mine = any(one.person_id == actor().person_id for one in found.signatures)
    waits = found.replaced_by is None and not found.is_signed
    return render_template(
        "appraisals/one.html",
        found=found,
        body=found.row.body,
        period=containing(found.row.period_kind, found.row.period_start),
        may_sign=waits and not mine and may_sign(db(), actor(), now()),
        has_signed=mine,
        needed=NEEDED,
        words=words,
    )


@blueprint.get("/<uuid:appraisal_id>/units/<uuid:appraised_id>")
@require(SEE)
def show_unit(appraisal_id: UUID, appraised_id: UUID) -> str:
    """One unit's arithmetic, line by line, as it was frozen."""
    found = find_frozen(db(), appraisal_id)
    unit = next((one for one in found.row.body["units"] if one["unit_id"] == str(appraised_id)), None)
    if unit is None:
        raise NotFound
    period = containing(found.row.period_kind, found.row.period_start)
    return render_template("appraisals/unit.html", found=found, unit=unit, period=period, words=words)


@blueprint.post("/<uuid:appraisal_id>/sign")
@require(SEE)
def put_signature(appraisal_id: UUID) -> AnyResponse:
    """Sign what was shown (签字)."""
    try:
        sign(db(), actor(), appraisal_id, sha256=request.form.get("sha256", ""), now=now())
    except NotFound:
        raise
    except SanchengError as error:
        flash(say(error), "error")
    else:
        flash(gettext("已签字"), "success")
    return redirect(url_for("appraisal.show", appraisal_id=appraisal_id), 303)


@blueprint.get("/<uuid:appraisal_id>/body.json")
@require(SEE)
def download(appraisal_id: UUID) -> Response:
    """The canonical text to the byte: its SHA-256 is the hash."""
    row = find_frozen(db(), appraisal_id).row
    answer = Response(canonical(row.body), content_type="application/json; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename=appraisal-{row.sha256[:12]}.json"
    return answer


@blueprint.get("/<uuid:appraisal_id>/export.csv")
@blueprint.get("/<uuid:appraisal_id>/export.xlsx", endpoint="export_workbook")
@require(SEE)
def export(appraisal_id: UUID) -> Response:
    """For 绩效考核: every unit with every line of its arithmetic, exact, and the hash with its signatures at the end."""
    found = find_frozen(db(), appraisal_id)

    def rows(_session: ScopedSession) -> Iterator[Sequence[object]]:
        for unit in found.row.body["units"]:
            yield from lines_of(unit)
        yield from _tail(found)

    head = (N_("名次"), N_("单位"), N_("层级"), N_("内容"), N_("起"), N_("止"), N_("权重"), N_("分子"), N_("分母"))
    tail = (N_("结果（精确）"), N_("结果（六位小数）"), N_("得分"), N_("说明"))
    name = f"appraisal-{tenant().slug}-{containing(found.row.period_kind, found.row.period_start).key}-{found.row.sequence}"
    return send_table(name, gettext("考核结果"), [gettext(text) for text in head + tail], rows)


def lines_of(unit: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    """One unit's arithmetic as rows: its total, then each part, month, week and day under it."""
    who = (unit["rank"], unit["name"])
    score = (unit["total"], words.say_number(unit["total"]), unit["score"], "")
    yield (*who, gettext("合计"), "", "", "", words.say_weight(unit["weight"]), "", "", *score)
    for part in unit["parts"]:
        title = words.say_part(part["code"])
        why = "" if part["value"] else gettext("有数据的天数不够：%(n)s 天", n=part["days"])
        value = (part["value"], words.say_number(part["value"]), "", why)
        yield (*who, gettext("部分"), title, "", "", words.say_weight(part["weight"]), "", "", *value)
        for month in part["months"]:
            yield _span(who, gettext("月"), title, month)
            for week in month["weeks"]:
                yield _span(who, gettext("周"), title, week)
                for day, over, under, how in week["days"]:
                    said = words.say_how(how)
                    value = (f"{over}/{under}", words.say_number(f"{over}/{under}"), "", said)
                    yield (*who, gettext("日"), title, day, day, 1, over, under, *value)


def _span(who: Sequence[object], level: str, title: str, one: Mapping[str, Any]) -> Sequence[object]:
    value = (one["value"], words.say_number(one["value"]), "", "")
    return (*who, level, title, one["start"], one["end"], one["weight"], "", "", *value)


def _tail(found: Frozen) -> Iterator[Sequence[object]]:
    row = found.row
    yield ("", gettext("封存"), row.frozen_name, row.frozen_at.isoformat(), "SHA-256", row.sha256)
    for one in found.signatures:
        yield ("", gettext("签字"), one.person_name, one.signed_at.isoformat(), one.post, one.sha256)
