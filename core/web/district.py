"""Rooms that only a district has (区县专用): a city bureau's address answers as one that does not exist."""

from __future__ import annotations

from core import request as asked
from core.errors import NotFound
from core.request import tenant


def enter() -> None:
    """Enter the tenant of the address when it is a district. Raises NotFound for a city's."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound
