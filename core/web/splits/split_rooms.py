"""The rooms of the task decomposition (任务分解各页), one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.splits import split, split_changes, split_file, split_points, split_row, split_tasks, splits

BLUEPRINTS: tuple[Blueprint, ...] = (
    split.blueprint,
    split_changes.blueprint,
    split_file.blueprint,
    split_points.blueprint,
    split_row.blueprint,
    split_tasks.blueprint,
    splits.blueprint,
)
