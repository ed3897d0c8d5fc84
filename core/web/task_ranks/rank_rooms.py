"""The rooms of task ranks, appraisals and the leader's page (任务排名、考核、领导一页), one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.appraisals import appraisal, rules
from core.web.leading import leader
from core.web.task_ranks import ranks, rates, walls

BLUEPRINTS: tuple[Blueprint, ...] = (
    appraisal.blueprint,
    leader.blueprint,
    ranks.blueprint,
    rates.blueprint,
    rules.blueprint,
    walls.blueprint,
)
