"""The rooms of scores (得分各室): figures, catalogue, publications, reports and the city's comparison, one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web import (
    catalogue,
    comparison,
    comparison_charts,
    figures,
    indicators,
    publications,
    publishing,
    reports,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    catalogue.blueprint,
    comparison.blueprint,
    comparison_charts.blueprint,
    figures.blueprint,
    indicators.blueprint,
    publications.blueprint,
    publishing.blueprint,
    reports.blueprint,
)
