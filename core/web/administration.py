"""The administrator's rooms (管理页面), one line a room: organisation, people, campaigns, settings, trail, operator."""

from __future__ import annotations

from flask import Blueprint

from core.web import (
    audit,
    calendar,
    campaigns,
    departments,
    grants,
    handover,
    imports,
    operator,
    people,
    person,
    posts,
    settings,
    start,
    units,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    audit.blueprint,
    calendar.blueprint,
    campaigns.blueprint,
    departments.blueprint,
    grants.blueprint,
    handover.blueprint,
    handover.records,
    imports.blueprint,
    operator.blueprint,
    people.blueprint,
    person.blueprint,
    posts.blueprint,
    settings.blueprint,
    settings.tokens,
    start.blueprint,
    units.blueprint,
)
