"""The rooms of what comes in and where it goes (受理与派遣各室), one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.intake import category_sets, patrols, reporting, routing
from core.web.ledger import finding_duplicates

BLUEPRINTS: tuple[Blueprint, ...] = (
    category_sets.blueprint,
    finding_duplicates.blueprint,
    patrols.blueprint,
    reporting.blueprint,
    routing.blueprint,
)
