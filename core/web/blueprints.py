"""What the pages consist of (页面总表): one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web import (
    account,
    administration,
    duty_rooms,
    figure_rooms,
    finding,
    findings,
    health,
    photos,
    site_form,
    sites,
    style,
    today,
    visit_correction,
    visiting,
    visits,
    whistle,
    whistles,
    whistling,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    account.blueprint,
    *administration.BLUEPRINTS,
    *duty_rooms.BLUEPRINTS,
    *figure_rooms.BLUEPRINTS,
    finding.blueprint,
    findings.blueprint,
    health.blueprint,
    photos.blueprint,
    site_form.blueprint,
    sites.blueprint,
    style.blueprint,
    today.blueprint,
    visit_correction.blueprint,
    visiting.blueprint,
    visits.blueprint,
    whistle.blueprint,
    whistles.blueprint,
    whistling.blueprint,
)
