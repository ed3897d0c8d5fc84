"""The rooms of who answers for what (责任各室): sponsors and the coverage proof, one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.duties import (
    coverage,
    coverage_assign,
    sponsor_deeds,
    sponsor_form,
    sponsor_import,
    sponsor_mine,
    sponsor_views,
    sponsors,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    coverage.blueprint,
    coverage_assign.blueprint,
    sponsor_deeds.blueprint,
    sponsor_form.blueprint,
    sponsor_import.blueprint,
    sponsor_mine.blueprint,
    sponsor_views.blueprint,
    sponsors.blueprint,
)
