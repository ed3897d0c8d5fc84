"""The rooms of scores (得分各室): figures, catalogue, publications, reports and the city's comparison, one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.marks import card, card_schemes, cards, negative, negative_entry, rankings
from core.web.scores import (
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
    card.blueprint,
    card_schemes.blueprint,
    cards.blueprint,
    catalogue.blueprint,
    comparison.blueprint,
    comparison_charts.blueprint,
    figures.blueprint,
    indicators.blueprint,
    negative.blueprint,
    negative_entry.blueprint,
    publications.blueprint,
    publishing.blueprint,
    rankings.blueprint,
    reports.blueprint,
)
