"""The splits of every campaign (分解表清单), issue by issue, and the form that makes a new one in one go."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.campaigns import Campaign
from core.errors import N_, Conflict, Fault, InvalidInput, NotFound, SanchengError
from core.request import actor, db, now, require, today
from core.web import district
from core.web.errors import fault_map, say
from core.web.running import title_of
from core.web.splits.split_words import campaigns_here, tables
from core.work.roles import DIRECT, SEE
from core.work.splits.making import Start, make_split
from core.work.splits.reading import list_splits, tallies_of
from core.work.splits.sight import directs
from core.work.splits.states import LONGEST_TITLE

blueprint = Blueprint("splits", __name__, url_prefix="/t/<slug>/splits")
blueprint.before_request(district.enter)


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """The tables that the reader may open, by campaign, the latest issue first."""
    campaigns = campaigns_here()
    rows = list_splits(db(), actor(), today(), campaigns=list(campaigns))
    return render_template(
        "splits/list.html",
        rows=rows,
        tallies=tallies_of(db(), rows),
        campaigns={key: title_of(one) for key, one in campaigns.items()},
        may_make=any(directs(db(), actor(), key, today()) for key in campaigns),
        **tables(),
    )


@blueprint.get("/new")
@require(DIRECT)
def ask() -> tuple[str, int]:
    """The form for a new table."""
    return _form()


@blueprint.post("/new")
@require(DIRECT)
def make() -> AnyResponse | tuple[str, int]:
    """Make a draft."""
    form = request.form
    start = Start(form.get("copy") == "1", form.get("prefill") == "1", form.get("title", ""))
    try:
        made = make_split(
            db(), actor(), _chosen(form.get("campaign", "")), start, on=_day(form.get("on", "")), now=now()
        )
    except NotFound:
        raise
    except (InvalidInput, Conflict) as error:
        return _form(error)
    flash(gettext("分解表已建立，可以开始分解"))
    return redirect(url_for("split.show", split_id=made.id), 303)


def _chosen(key: str) -> Campaign:
    found = campaigns_here().get(key)
    if found is None:
        raise InvalidInput(faults=[Fault(N_("请选择创建项目"), "campaign")])
    return found


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said) if said else today()
    except ValueError:
        remedy = N_("请写成 2026-03-02")
        raise InvalidInput(faults=[Fault(N_("日期写法无效"), "on", value=said[:20], remedy=remedy)]) from None


def _form(error: SanchengError | None = None) -> tuple[str, int]:
    campaigns = [one for key, one in campaigns_here().items() if directs(db(), actor(), key, today())]
    page = render_template(
        "splits/new.html",
        campaigns=[(one.key, title_of(one)) for one in campaigns],
        typed=request.form if error else {"copy": "1", "campaign": request.args.get("campaign", "")},
        faults=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        longest=LONGEST_TITLE,
        day=today(),
    )
    return page, error.status if error else 200
