"""What the pages consist of (页面总表): one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web import account, administration, health, photos, rules, style
from core.web.desk import inbox, today
from core.web.draws import draws
from core.web.duties import duty_rooms
from core.web.field import field_rooms
from core.web.inspection import visit_correction, visiting, visits
from core.web.intake import intake_rooms
from core.web.ledger import finding, finding_bulk, finding_saved, findings
from core.web.meetings import meeting_rooms
from core.web.paper import paper_rooms
from core.web.papers import notice, notices
from core.web.places import place_rooms
from core.web.plans import plan_rooms
from core.web.projects import project_rooms
from core.web.proofs import proof_rooms
from core.web.quantities import quantity_rooms
from core.web.rounds import round_rooms
from core.web.scores import figure_rooms
from core.web.splits import split_rooms
from core.web.statistics import statistic_rooms
from core.web.task_ranks import rank_rooms
from core.web.tasks import slip, task_rooms
from core.web.whistling import whistle, whistle_blowing, whistles

BLUEPRINTS: tuple[Blueprint, ...] = (
    account.blueprint,
    *administration.BLUEPRINTS,
    draws.blueprint,
    draws.acting,
    *duty_rooms.BLUEPRINTS,
    *field_rooms.BLUEPRINTS,
    *figure_rooms.BLUEPRINTS,
    finding.blueprint,
    finding_bulk.blueprint,
    finding_saved.blueprint,
    findings.blueprint,
    health.blueprint,
    inbox.blueprint,
    notice.blueprint,
    notices.blueprint,
    *intake_rooms.BLUEPRINTS,
    *meeting_rooms.BLUEPRINTS,
    *paper_rooms.BLUEPRINTS,
    photos.blueprint,
    *project_rooms.BLUEPRINTS,
    *proof_rooms.BLUEPRINTS,
    *quantity_rooms.BLUEPRINTS,
    *rank_rooms.BLUEPRINTS,
    *round_rooms.BLUEPRINTS,
    rules.blueprint,
    *place_rooms.BLUEPRINTS,
    *plan_rooms.BLUEPRINTS,
    *split_rooms.BLUEPRINTS,
    *statistic_rooms.BLUEPRINTS,
    style.blueprint,
    slip.blueprint,
    *task_rooms.BLUEPRINTS,
    today.blueprint,
    visit_correction.blueprint,
    visiting.blueprint,
    visits.blueprint,
    whistle.blueprint,
    whistles.blueprint,
    whistle_blowing.blueprint,
)
