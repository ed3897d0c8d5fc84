"""The rooms of the quantities (工作量各页), one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.quantities import quantities, quantity, quantity_doubles, quantity_import, quantity_kinds

BLUEPRINTS: tuple[Blueprint, ...] = (
    quantities.blueprint,
    quantity_doubles.blueprint,
    quantity_import.blueprint,
    quantity_kinds.blueprint,
    quantity.blueprint,
)
