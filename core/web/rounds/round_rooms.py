"""The rooms of rounds (轮次各室); one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.rounds import (
    one_round,
    pictures,
    plans,
    results,
    round_form,
    round_stop,
    round_team,
    round_visits,
    rounds,
    sampling,
    sources,
    week,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    plans.blueprint,
    results.blueprint,
    one_round.blueprint,
    pictures.blueprint,
    round_form.blueprint,
    round_stop.blueprint,
    round_team.blueprint,
    round_visits.blueprint,
    round_visits.correcting,
    rounds.blueprint,
    sampling.blueprint,
    sources.blueprint,
    week.blueprint,
)
