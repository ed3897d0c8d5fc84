"""The rooms of scores (得分各室): figures, catalogue, publications, reports and the city's comparison, one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.appeals import appeal, appeals
from core.web.marks import card, card_schemes, cards, negative, negative_entry, rankings
from core.web.scores import (
    catalogue,
    comparison,
    comparison_charts,
    comparison_due,
    comparison_map,
    comparison_matrix,
    comparison_outside,
    comparison_pair,
    figures,
    first,
    indicators,
    lost,
    my_standings,
    pace,
    publication_files,
    publications,
    publishing,
    received,
    reports,
    runs,
    standings,
    unit_ranking,
    what_if,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    appeal.blueprint,
    appeals.blueprint,
    card.blueprint,
    card_schemes.blueprint,
    cards.blueprint,
    catalogue.blueprint,
    comparison.blueprint,
    comparison_charts.blueprint,
    comparison_due.blueprint,
    comparison_map.blueprint,
    comparison_matrix.blueprint,
    comparison_outside.blueprint,
    comparison_pair.blueprint,
    figures.blueprint,
    first.blueprint,
    indicators.blueprint,
    negative.blueprint,
    negative_entry.blueprint,
    lost.blueprint,
    my_standings.blueprint,
    pace.blueprint,
    publication_files.blueprint,
    publications.blueprint,
    publishing.blueprint,
    rankings.blueprint,
    received.blueprint,
    reports.blueprint,
    runs.blueprint,
    standings.blueprint,
    unit_ranking.blueprint,
    what_if.blueprint,
)
