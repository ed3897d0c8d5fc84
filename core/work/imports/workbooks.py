"""Onboarding units, people and sites from one workbook (工作簿开通): read, compare, then write all of it or nothing.

The workbook is compared as a whole before the first row is written, so that every bad row is named at once and a second
import of the same file changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from core.campaigns.registry import Registry, installed
from core.errors import N_, Fault, Forbidden
from core.work.imports.workbook_holders import holders_of
from core.work.imports.workbook_people import PeoplePlan, plan_people, write_people
from core.work.imports.workbook_places import Gazetteer
from core.work.imports.workbook_reading import Workbook, read_workbook
from core.work.imports.workbook_sites import SitePlan, plan_sites, write_sites
from core.work.imports.workbook_template import template_workbook
from core.work.imports.workbook_units import UnitPlan, plan_units, write_units
from core.work.journal import record
from core.work.places.sites import site_types
from core.work.roles import ADMINISTER, KEEP_SITES
from tenants.access import Actor, root_unit
from tenants.models import Unit
from tenants.scope import ScopedSession

__all__ = ["ImportReport", "Workbook", "import_workbook", "read_workbook", "template_workbook"]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do (导入结果), counted by kind: units, people, sites.

    ``written`` is False in a dry run, and when faults kept everything out; ``faults`` are in the order of the sheets;
    ``ignored`` names sheets and columns that were left out.
    """

    created: Mapping[str, int]
    changed: Mapping[str, int]
    unchanged: Mapping[str, int]
    faults: tuple[Fault, ...] = ()
    ignored: tuple[str, ...] = ()
    written: bool = field(default=False)


def import_workbook(
    session: ScopedSession,
    actor: Actor | None,
    workbook: Workbook,
    *,
    today: date,
    dry_run: bool = False,
    keep_good: bool = False,
    registry: Registry | None = None,
) -> ImportReport:
    """Bring a workbook's units, people and sites in (导入).

    With any fault nothing is written, unless ``keep_good`` writes the good rows; ``dry_run`` never writes. The caller
    commits. Raises Forbidden when the actor may keep neither people nor sites.
    """
    if actor is not None and not (actor.has(ADMINISTER) or actor.has(KEEP_SITES)):
        raise Forbidden(N_("您的岗位不能导入单位、人员和点位；请联系管理员"))
    known = installed() if registry is None else registry
    faults = list(workbook.faults)
    root = root_unit(session)
    if not dry_run:  # two imports of one file at once follow each other: the second finds all of it there
        session.execute(select(Unit.id).where(Unit.id == root.id).with_for_update())
    book = Gazetteer(session, actor, today)
    units = plan_units(workbook.of("units"), book, root.id, faults)
    words = _campaign_words(known)
    holders = holders_of(workbook.of("units"), units.at, faults)
    people = plan_people(session, [*workbook.of("people"), *holders], book, root.kind, words, today, faults)
    sites = plan_sites(session, workbook.of("sites"), book, site_types(session, known), faults)
    writing = not dry_run and (keep_good or not faults)
    report = _report(units, people, sites, faults, workbook, written=writing)
    if writing and any((*report.created.values(), *report.changed.values())):
        write_units(session, actor, units, today)
        write_people(session, actor, people, today)
        write_sites(session, actor, sites, today)
        detail = {"file": workbook.filename[:120], "created": dict(report.created), "changed": dict(report.changed)}
        record(session, actor, "workbook.import", "workbook", **detail)
        session.flush()
    return report


def _campaign_words(registry: Registry) -> dict[str, str]:
    """Campaign keys by what a cell may say: key, short name or title."""
    return {
        said.lower(): campaign.key
        for campaign in registry.campaigns.values()
        for said in (campaign.key, campaign.short, campaign.title_zh, campaign.title_en)
    }


def _report(
    units: UnitPlan, people: PeoplePlan, sites: SitePlan, faults: list[Fault], workbook: Workbook, *, written: bool
) -> ImportReport:
    order = {sheet.title: place for place, sheet in enumerate(workbook.sheets)}
    return ImportReport(
        {"units": len(units.new), "people": people.created, "sites": len(sites.new)},
        {"units": len(units.names.keys() | units.codes.keys()), "people": people.changed, "sites": len(sites.changes)},
        {"units": units.unchanged, "people": people.unchanged, "sites": sites.unchanged},
        tuple(sorted(faults, key=lambda f: (order.get(f.where, -1), f.row or 0))),
        (
            *workbook.ignored,
            *(f"{s.title}：{s.headers['origin']}" for s in workbook.of("units") if "origin" in s.headers),
        ),
        written,
    )
