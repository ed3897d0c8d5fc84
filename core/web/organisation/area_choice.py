"""The area that a list is narrowed to (片区筛选): one field of every list's filters, read and offered in one place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, request
from sqlalchemy import select

from core.request import db, today
from core.web.paging import read_id
from core.work.organisation.areas import get_area, in_area, list_areas
from tenants.models import Unit
from tenants.scope import ScopedSession

blueprint = Blueprint("area_choice", __name__)


def read_area(said_in: Mapping[str, str] | None = None) -> UUID | None:
    """The area of this request's address, or of a form that carries it; None for none. Raises InvalidInput."""
    said = (request.args if said_in is None else said_in).get("area", "")
    return read_id(said, "area") if said else None


def read_known_area() -> UUID | None:
    """The same for pages that show the area's own numbers. Raises InvalidInput, and NotFound for what is no area."""
    area_id = read_area()
    return get_area(db(), area_id).id if area_id else None


def units_of(session: ScopedSession, area_id: UUID | None, on: date) -> set[UUID] | None:
    """The units of an area on a day, its own tree among them; None when no area is asked for."""
    if area_id is None:
        return None
    return set(session.scalars(select(Unit.id).where(in_area(session.tenant_id, area_id, on, Unit.id))))


def area_options(on: date | None = None) -> list[tuple[str, str]]:
    """The areas on a day as id and name, for the macro ``ui.filter_area``; none while the district has no areas."""
    return [(str(area.id), area.name) for area in list_areas(db(), on or today())]


@blueprint.app_context_processor
def offer() -> dict[str, Any]:
    """Let a list's filters read the areas themselves."""
    return {"area_options": area_options}
