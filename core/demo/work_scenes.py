"""The demo's works (演示工作): tasks, plans, quantities and what is made of them, in the order in which one needs the other."""

from __future__ import annotations

from collections.abc import Callable

from core.demo.meeting_scenes import play_meetings
from core.demo.plan_scenes import play_plans
from core.demo.playing import Play
from core.demo.project_scenes import play_projects
from core.demo.quantity_scenes import play_quantities
from core.demo.rank_scenes import play_ranks
from core.demo.split_scenes import play_splits
from core.demo.task_scenes import play_tasks

WORK: tuple[tuple[str, Callable[[Play], None]], ...] = (
    ("tasks", play_tasks),
    ("splits", play_splits),
    ("meetings", play_meetings),
    ("projects", play_projects),
    ("plans", play_plans),
    ("quantities", play_quantities),
    ("ranks", play_ranks),
)
