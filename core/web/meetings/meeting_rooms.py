"""The rooms of meetings (会议各室); one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.meetings import agenda, attendance, deciding, meetings, minutes, one_meeting, planning, show

BLUEPRINTS: tuple[Blueprint, ...] = (
    meetings.blueprint,
    planning.blueprint,
    one_meeting.blueprint,
    agenda.blueprint,
    attendance.blueprint,
    deciding.blueprint,
    show.blueprint,
    minutes.blueprint,
)
