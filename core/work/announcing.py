"""Tells who should know of a step (办理提醒): the one that is waited for now, and whoever the step concerns."""

from __future__ import annotations

from core.work.step import Step


def announce(step: Step, before: str) -> None:
    """Leave in-app notes about a step that was just taken; ``before`` is the state that it left."""
