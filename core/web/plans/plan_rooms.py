"""The rooms of plans (计划各室); one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.plans import plan, plan_form, plan_lines, plan_scope, plans

BLUEPRINTS: tuple[Blueprint, ...] = (
    plans.blueprint,
    plan_form.blueprint,
    plan.blueprint,
    plan_lines.blueprint,
    plan_scope.blueprint,
)
