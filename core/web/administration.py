"""The administrator's rooms (管理页面), one line a room: organisation, people, campaigns, settings, trail, operator."""

from __future__ import annotations

from flask import Blueprint

from core.web import (
    areas,
    audit,
    calendar,
    campaigns,
    chart_page,
    departments,
    draft_unit,
    drafts,
    grants,
    handover,
    imports,
    operator,
    people,
    person,
    posts,
    reorganisations,
    settings,
    site_grids,
    start,
    unit,
    units,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    areas.blueprint,
    audit.blueprint,
    calendar.blueprint,
    campaigns.blueprint,
    chart_page.blueprint,
    departments.blueprint,
    draft_unit.blueprint,
    drafts.blueprint,
    grants.blueprint,
    handover.blueprint,
    handover.records,
    imports.blueprint,
    operator.blueprint,
    people.blueprint,
    person.blueprint,
    posts.blueprint,
    reorganisations.blueprint,
    settings.blueprint,
    settings.tokens,
    site_grids.blueprint,
    start.blueprint,
    unit.blueprint,
    units.blueprint,
)
