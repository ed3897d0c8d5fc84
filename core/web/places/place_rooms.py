"""The rooms of places and plates (点位与门牌各室), one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.places import place_settings, site_form, site_map, sites
from core.web.plates import plate, plates

BLUEPRINTS: tuple[Blueprint, ...] = (
    place_settings.blueprint,
    plate.blueprint,
    plates.blueprint,
    site_form.blueprint,
    site_map.blueprint,
    sites.blueprint,
)
