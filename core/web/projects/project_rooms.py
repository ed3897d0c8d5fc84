"""The rooms of projects (工程项目各室); one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.projects import project, project_form, project_reports, project_tables, projects

BLUEPRINTS: tuple[Blueprint, ...] = (
    projects.blueprint,
    project_form.blueprint,
    project.blueprint,
    project_tables.blueprint,
    project_reports.blueprint,
)
