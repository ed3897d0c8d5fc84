"""The administrator's rooms (管理页面), one line a room: organisation, people, campaigns, settings, trail, operator."""

from __future__ import annotations

from flask import Blueprint

from core.web import audit, calendar, campaigns, imports, load, operator, settings, start
from core.web.duties import handover, people, person, posts
from core.web.editions import edition_upload, editions, impact
from core.web.forms import entries, forms, illustrations, versions
from core.web.organisation import (
    area_choice,
    area_import,
    areas,
    chart_page,
    departments,
    draft_unit,
    drafts,
    reorganisations,
    unit,
    units,
)
from core.web.places import attainment, attainment_card, site_grids
from core.web.scores import grants

BLUEPRINTS: tuple[Blueprint, ...] = (
    area_choice.blueprint,
    area_import.blueprint,
    areas.blueprint,
    attainment.blueprint,
    attainment_card.blueprint,
    audit.blueprint,
    calendar.blueprint,
    campaigns.blueprint,
    chart_page.blueprint,
    departments.blueprint,
    draft_unit.blueprint,
    drafts.blueprint,
    edition_upload.blueprint,
    editions.blueprint,
    forms.blueprint,
    versions.blueprint,
    entries.blueprint,
    grants.blueprint,
    handover.blueprint,
    illustrations.blueprint,
    impact.blueprint,
    handover.records,
    imports.blueprint,
    load.blueprint,
    operator.blueprint,
    people.blueprint,
    person.blueprint,
    posts.blueprint,
    reorganisations.blueprint,
    settings.blueprint,
    settings.tokens,
    site_grids.blueprint,
    site_grids.many,
    start.blueprint,
    unit.blueprint,
    units.blueprint,
)
