"""Saved filters of the findings' lists (常用筛选): kept under a name, taken off and put back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, InvalidInput
from core.request import actor, db, require
from core.web.errors import say, say_fault
from core.web.ledger.finding_query import read_asked
from core.web.ledger.findings import PAGE
from core.work.desk import saved_filters
from core.work.roles import SEE

blueprint = Blueprint("finding_saved", __name__, url_prefix="/t/<slug>/findings/saved")
blueprint.before_request(asked.enter)


@blueprint.post("")
@require(SEE)
def save() -> AnyResponse:
    """Keep the query of the list under a name; only what a list's address may say is kept."""
    wanted = read_asked(request.form.get("query", ""))
    back = redirect(f"{url_for('findings.show_list')}?{wanted.query}", 303)
    try:
        query = wanted.query if wanted.active else ""
        row = saved_filters.save_filter(
            db(), actor(), PAGE, request.form.get("name", ""), query, shared=bool(request.form.get("shared"))
        )
    except (InvalidInput, Conflict) as error:
        flash(gettext("；").join(say_fault(fault) for fault in error.faults) or say(error), "error")
        return back
    flash(gettext("已保存常用筛选：%(name)s", name=row.name), "success")
    return back


@blueprint.post("/<uuid:filter_id>/remove")
@require(SEE)
def remove(filter_id: UUID) -> AnyResponse:
    """Take one's own off the list; the message offers to put it back."""
    row = saved_filters.remove_filter(db(), actor(), filter_id)
    flash(gettext("已去掉常用筛选：%(name)s", name=row.name), "info")
    return redirect(url_for("findings.show_list", undo=row.id), 303)


@blueprint.post("/<uuid:filter_id>/restore")
@require(SEE)
def restore(filter_id: UUID) -> AnyResponse:
    """Put it back."""
    row = saved_filters.restore_filter(db(), actor(), filter_id)
    flash(gettext("已恢复常用筛选：%(name)s", name=row.name), "success")
    return redirect(f"{url_for('findings.show_list')}?{row.query}", 303)
