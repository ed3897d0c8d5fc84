"""What the pages consist of (页面总表): one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web import account, health, style

BLUEPRINTS: tuple[Blueprint, ...] = (
    account.blueprint,
    health.blueprint,
    style.blueprint,
)
