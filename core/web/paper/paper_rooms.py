"""The rooms of paper (纸质表各室), one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.paper import entry, sheets

BLUEPRINTS: tuple[Blueprint, ...] = (sheets.blueprint, entry.blueprint)
