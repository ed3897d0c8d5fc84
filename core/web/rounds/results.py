"""What a round came to, on the pages (轮次结果): header, items with examples, units, places, a matrix; as files and to print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from sqlalchemy import select

from core import request as asked
from core.campaigns import Item
from core.errors import N_, NotFound
from core.figures.leagues import MINIMUM_VISITS
from core.figures.round_ranking import RankedUnit, rank_units
from core.request import actor, db, house, now, require_any, tenant, today
from core.web.places.site_words import campaign_titles, say_points
from core.web.rounds import words
from core.web.table_files import send_table
from core.web.words import by_locale
from core.work.dated import valid_on
from core.work.enabling import campaign_as_run
from core.work.forms.fielding import with_own
from core.work.roles import SEE, VISIT
from core.work.rounds.kinds import kind_of
from core.work.rounds.result_lines import AREA, ItemLine, SiteLine, by_item, by_site, by_unit, examples, matrix
from core.work.rounds.results import Looked, change, look_at, totals
from core.work.rounds.round_list import get_row
from core.work.rounds.sealing import note_read
from core.work.rounds.sight import get_round, reads_results
from core.work.tables import Round
from tenants.models import EnabledCampaign, Unit, UnitPath

blueprint = Blueprint("round_results", __name__, url_prefix="/t/<slug>/rounds/<uuid:round_id>")
blueprint.before_request(asked.enter_cleared)

WORST, SHOWN_SITES, MATRIX_ITEMS = 12, 40, 15  # lines shown on the page; files hold all (ours)
LEVELS = {"subdistrict": N_("街道"), "community": N_("社区"), AREA: N_("片区")}


@blueprint.get("/results")
@require_any(SEE, VISIT)
def show(round_id: UUID) -> str:
    """The results by item, unit and place."""
    return render_template("rounds/results.html", **_context(_read(round_id, "round.results")))


@blueprint.get("/results/print")
@require_any(SEE, VISIT)
def show_print(round_id: UUID) -> str:
    """The same on A4."""
    return render_template("rounds/print.html", **_context(_read(round_id, "round.print")))


@blueprint.get("/results/items.csv")
@blueprint.get("/results/items.xlsx", endpoint="items_xlsx")
@require_any(SEE, VISIT)
def items(round_id: UUID) -> Response:
    """Every item as a file."""
    look = _read(round_id, "round.items")
    names = _items()
    head = (
        N_("创建项目"),
        N_("检查表"),
        N_("编号"),
        N_("检查项"),
        N_("检查次数"),
        N_("不合格"),
        N_("不适用"),
        N_("得分"),
        N_("满分"),
    )
    rows = [
        (one.campaign, one.form, one.item, _name(names, one), one.n, one.failed, one.na, *_scored(one.points))
        for one in by_item(look)
    ]
    return _file(look, "items", head, rows)


@blueprint.get("/results/units.csv")
@blueprint.get("/results/units.xlsx", endpoint="units_xlsx")
@require_any(SEE, VISIT)
def units(round_id: UUID) -> Response:
    """Units of every level as a file, with their ranks."""
    look = _read(round_id, "round.units")
    head = (N_("层级"), N_("单位"), N_("名次"), N_("得分率"), N_("得分"), N_("满分"), N_("检查次数"), N_("点位数"))
    rows = [
        (gettext(name), one.line.name, one.rank or "", one.percent, *_scored(points), points.visits, points.sites)
        for level, name in LEVELS.items()
        for one in _ranked(look, level)
        for points in (one.line.points,)
    ]
    return _file(look, "units", head, rows)


@blueprint.get("/results/sites.csv")
@blueprint.get("/results/sites.xlsx", endpoint="sites_xlsx")
@require_any(SEE, VISIT)
def sites(round_id: UUID) -> Response:
    """Every visited place as a file."""
    look = _read(round_id, "round.sites")
    head = (N_("点位"), N_("单位"), N_("得分率"), N_("得分"), N_("满分"), N_("检查次数"), N_("不合格"))
    rows = [
        (one.name, one.unit_name, one.points.percent, *_scored(one.points), one.points.visits, one.failed)
        for one in by_site(look)
    ]
    return _file(look, "sites", head, rows)


def _scored(points: Any) -> tuple[str, str]:
    return say_points(points.earned), say_points(points.possible)


def _file(look: Looked, part: str, head: Sequence[str], rows: list[Any]) -> Response:
    name = f"round-{look.of.number or look.of.starts_on.isoformat()}-{part}"
    return send_table(name, gettext("轮次结果"), [gettext(text) for text in head], lambda _: rows)


def _read(round_id: UUID, route: str) -> Looked:
    """The round for the reader, or NotFound: results that are not his to read are not told from none."""
    of = get_round(db(), actor(), round_id, today())
    if not reads_results(db(), actor(), of, today()):
        raise NotFound
    note_read(db(), actor(), of, route, now=now())
    return look_at(db(), actor(), of, today(), request.args.get("basis", ""))


def _context(look: Looked) -> dict[str, Any]:
    of, level = look.of, request.args.get("level", "")
    level = level if level in LEVELS else "community" if kind_of(of.kind).is_own else "subdistrict"
    lines, names = by_item(look), _items()
    worst = [one for one in lines if one.failed][:WORST]
    header = totals(look)
    ranked, places = _ranked(look, level), by_site(look)
    rows = [one for one in lines if one.failed][:MATRIX_ITEMS]
    return {
        "of": of,
        "row": get_row(db(), of),
        "words": words,
        "look": look,
        "header": header,
        "change": change(look, header),
        "lines": lines,
        "worst": [(one, _name(names, one)) for one in worst],
        "photos": examples(look, worst),
        "names": {(one.campaign, one.form, one.item): _name(names, one) for one in lines},
        "level": level,
        "levels": [(code, gettext(text)) for code, text in LEVELS.items()],
        "ranked": ranked,
        "minimum": MINIMUM_VISITS,
        "places": places[:SHOWN_SITES],
        "more_places": max(len(places) - SHOWN_SITES, 0),
        "cells": matrix(look, level, rows) if level != AREA else {},
        "matrix_rows": rows,
        "campaigns": campaign_titles(db()),
        "say_points": say_points,
        "today": today(),
        "now": now(),
    }


def _ranked(look: Looked, level: str) -> list[RankedUnit]:
    """The units of a level, ranked."""
    places = by_site(look)
    under = _under(look.of, level, places)
    return rank_units(by_unit(look, level), places, under, tenant=tenant().slug, round_id=look.of.id)


def _under(of: Round, level: str, places: Sequence[SiteLine]) -> dict[UUID, UUID]:
    """Which unit of the level each place's unit lies under; none for areas, which are no part of the tree."""
    query = (
        select(UnitPath.unit_id, UnitPath.ancestor_id)
        .join(Unit, (Unit.tenant_id == UnitPath.tenant_id) & (Unit.id == UnitPath.ancestor_id))
        .where(
            UnitPath.unit_id.in_({one.unit_id for one in places}), Unit.kind == level, valid_on(UnitPath, of.ends_on)
        )
    )
    return dict(db().execute(query).all())


def _items() -> dict[tuple[str, str, str], Item]:
    """The items of the campaigns as they are in force, by campaign, form and code."""
    return {(key, form, item.code): item for key, form, item in _each_item()}


def _each_item() -> Iterator[tuple[str, str, Item]]:
    rows = db().scalars(select(EnabledCampaign)).all()
    for campaign in with_own(db(), [campaign_as_run(db(), house().registry, row) for row in rows]):
        for form in campaign.edition.all_forms:
            for item in form.items:
                yield campaign.key, form.code, item


def _name(names: dict[tuple[str, str, str], Item], one: ItemLine) -> str:
    """An item's text in the reader's language; one that no edition in force has by its code."""
    item = names.get((one.campaign, one.form, one.item))
    return by_locale(item.text_zh, item.text_en) if item is not None else one.item
