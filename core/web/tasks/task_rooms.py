"""The rooms of the tasks (任务各页), one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.tasks import bulk, importing, task, task_form, tasks

BLUEPRINTS: tuple[Blueprint, ...] = (
    bulk.blueprint,
    importing.blueprint,
    task.blueprint,
    task_form.blueprint,
    tasks.blueprint,
)
