"""The rooms of what comes in and where it goes (受理与派遣各室), one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web import category_sets, finding_duplicates, patrols, reporting, routing

BLUEPRINTS: tuple[Blueprint, ...] = (
    category_sets.blueprint,
    finding_duplicates.blueprint,
    patrols.blueprint,
    reporting.blueprint,
    routing.blueprint,
)
