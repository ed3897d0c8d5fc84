"""The rooms of the statistics (统计填报各页), one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.statistics import completeness, dictionary, reviews, statistic_import, statistics, value

BLUEPRINTS: tuple[Blueprint, ...] = (
    completeness.blueprint,
    dictionary.blueprint,
    reviews.blueprint,
    statistic_import.blueprint,
    statistics.blueprint,
    value.blueprint,
)
