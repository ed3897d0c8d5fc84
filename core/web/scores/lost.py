"""Items that lose points easily on a page of their own (易失分项): by site type and unit, with filters and files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core.campaigns import Campaign
from core.errors import N_
from core.figures.lost_items import LostItem, lost_by_type, lost_by_unit, lost_items
from core.figures.overview import units_of
from core.request import actor, db, require, tenant
from core.web import district
from core.web.exports import stream_csv
from core.web.organisation.area_choice import read_area
from core.web.organisation.unit_choice import UnitChoice, read_unit
from core.web.paging import bad_argument
from core.web.places.site_words import say_types, type_options
from core.web.running import running, title_of
from core.web.scores.figure_words import say_points
from core.web.scores.periods import Choice, read_dated_period
from core.web.words import by_locale
from core.web.workbook_answers import send_xlsx
from core.work.roles import SEE
from tenants.access import Actor
from tenants.scope import ScopedSession

blueprint = Blueprint("lost", __name__, url_prefix="/t/<slug>/lost-items")
blueprint.before_request(district.enter)

SHOWN = 20
LEAGUE = "subdistrict"
HEAD = (
    N_("周期"), N_("单位"), N_("点位类型"), N_("创建项目"), N_("检查表"), N_("代码"), N_("检查项"), N_("失分"), N_("满分"),
    N_("检查次数"), N_("不合格次数"), N_("不合格率%"), N_("上期失分"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for."""

    choice: Choice
    unit: UnitChoice
    campaigns: Sequence[Campaign]
    every: Sequence[Campaign]
    campaign: str
    site_type: str

    @property
    def query(self) -> dict[str, str]:
        """The same as arguments of an address."""
        more = {"campaign": self.campaign, "type": self.site_type}
        return self.choice.query | self.unit.query | {key: value for key, value in more.items() if value}

    def items(self, session: ScopedSession, who: Actor, count: int | None) -> list[LostItem]:
        """The items asked for, the dearest first. Raises NotFound, Forbidden."""
        return lost_items(
            session,
            who,
            self.campaigns,
            self.choice.period,
            self.unit.unit_id,
            cut_off=self.choice.cut_off,
            count=count,
            site_type=self.site_type,
        )


def read_wanted() -> Wanted:
    """What this address asks for. Raises InvalidInput, NotFound."""
    choice, said = read_dated_period(), request.args
    campaign, site_type = (said.get(name, "").replace("\x00", "").strip()[:40] for name in ("campaign", "type"))
    every = running(choice.period.start)
    if campaign and campaign not in {one.key for one in every}:
        raise bad_argument("campaign", campaign)
    unit = read_unit(choice.period, choice.cut_off, read_area())
    return Wanted(choice, unit, [one for one in every if campaign in ("", one.key)], every, campaign, site_type)


@blueprint.get("")
@require(SEE)
def show() -> str:
    """The items that lost most; the same by site type, and by subdistrict within the reader's reach."""
    wanted, who = read_wanted(), actor()
    choice, moment = wanted.choice, wanted.choice.cut_off
    units = units_of(db(), who, LEAGUE, wanted.unit.unit_id, choice.period.end)
    lost = wanted.items(db(), who, SHOWN + 1)
    by_type = lost_by_type(db(), who, wanted.campaigns, choice.period, wanted.unit.unit_id, cut_off=moment)
    ids: list[UUID] = [one.id for one in units]
    by_unit = lost_by_unit(db(), who, wanted.campaigns, choice.period, ids, cut_off=moment, site_type=wanted.site_type)
    return render_template(
        "first/lost.html",
        wanted=wanted,
        choice=choice,
        unit=wanted.unit,
        lost=lost[:SHOWN],
        more=len(lost) > SHOWN,
        by_type=sorted(by_type.items(), key=lambda pair: -sum(one.lost for one in pair[1])),
        by_unit=[(one, by_unit[one.id]) for one in units if one.id in by_unit],
        titles={one.key: title_of(one) for one in wanted.every},
        types=type_options(),
        by_locale=by_locale,
        say_points=say_points,
        say_types=say_types,
    )


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """Every item that lost points, as CSV."""
    wanted, who = read_wanted(), actor()
    wanted.items(db(), who, 0)  # refuses what is out of reach at once
    name = f"lost-items-{tenant().slug}-{wanted.choice.period.key}.csv"
    return stream_csv(name, [gettext(text) for text in HEAD], lambda session: _lines(wanted, session, who))


@blueprint.get("/export.xlsx")
@require(SEE)
def export_workbook() -> Response:
    """The same as an Excel workbook."""
    wanted, who = read_wanted(), actor()
    name = f"lost-items-{tenant().slug}-{wanted.choice.period.key}.xlsx"
    head = [gettext(text) for text in HEAD]
    return send_xlsx(name, gettext("易失分项"), head, lambda session: _lines(wanted, session, who))


def _lines(wanted: Wanted, session: ScopedSession, who: Actor) -> Iterator[Sequence[object]]:
    titles = {one.key: title_of(one) for one in wanted.every}
    kind = say_types([wanted.site_type]) if wanted.site_type else gettext("全部")
    place = (wanted.choice.period.key, wanted.unit.name or gettext("全区"), kind)
    for one in wanted.items(session, who, None):
        text = by_locale(one.item.text_zh, one.item.text_en) if one.item else ""
        counts = (one.lost, one.possible, one.visits, one.failed, one.fail_rate, one.lost_before)
        yield (*place, titles[one.campaign], one.form, one.code, text, *counts)
