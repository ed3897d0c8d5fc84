"""The grid that a list is narrowed to (网格筛选): the units in which sites lie in some partition today."""

from __future__ import annotations

from datetime import date

from core.web.words import listed
from core.work.organisation.grids import grids_in_use
from tenants.scope import ScopedSession


def grid_options(session: ScopedSession, on: date) -> list[tuple[str, str]]:
    """The grids as id and name, each with its partition; none while no site lies in any."""
    return [(str(unit), f"{listed(names)} · {name}") for unit, names, name in grids_in_use(session, on)]
