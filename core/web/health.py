"""For the operator and his machines (运行状态): alive, ready."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from core.request import house
from tenants.scope import database_answers

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """The database answers inside the wall and at least one campaign is installed; 503 otherwise."""
    found = house()
    try:
        database = database_answers(found.wall)
    except SQLAlchemyError:
        database = False
    campaigns = sorted(found.registry.campaigns)
    refused = [refusal.name for refusal in found.registry.refused]
    good = database and bool(campaigns)
    return jsonify(ready=good, database=database, campaigns=campaigns, refused=refused), 200 if good else 503
