"""Projects beside what they are about (相关项目): on a finding's, a site's and a task's page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import url_for

from core.request import actor, db, now, today
from core.web.projects import project_words as words
from core.work.projects.project_list import OPEN, Wanted, list_projects, progresses, projects_of_tasks
from core.work.projects.site_files import files_of
from core.work.projects.states import KINDS, SITE_FILE, STATES
from core.work.roles import ANSWER, DIRECT
from core.work.tables import Project

MOST = 20


@dataclass(frozen=True, slots=True)
class BesideLine:
    """One project beside something else (相关项目): ``share`` is how far it is."""

    href: str
    title: str
    meta: str
    state: str
    tone: str
    share: str


@dataclass(frozen=True, slots=True)
class BesideProjects:
    """The projects that the reader sees, and where he sets up another ('' when he may not)."""

    lines: Sequence[BesideLine]
    href: str = ""


def projects_of_finding(finding_id: UUID) -> BesideProjects:
    """The files that a finding belongs to."""
    return BesideProjects(_lines(files_of(db(), actor(), finding_id, today())))


def projects_at_site(site_id: UUID) -> BesideProjects:
    """The open projects of a site, its own file among them."""
    found = list_projects(db(), actor(), Wanted(site_id=site_id, state=OPEN), now=now(), limit=MOST)
    may = actor().has(DIRECT) or actor().has(ANSWER)
    return BesideProjects(_lines(found), url_for("project_form.ask", kind=SITE_FILE, site_id=site_id) if may else "")


def projects_of_task(task_id: UUID) -> BesideProjects:
    """The projects that carry a task out; how far they are is what may be reported of it."""
    found = projects_of_tasks(db(), actor(), [task_id], today())[task_id]
    return BesideProjects([_line(one, share) for one, share in found])


def _lines(projects: Sequence[Project]) -> list[BesideLine]:
    told = progresses(db(), [one.id for one in projects]) if projects else {}
    return [_line(one, told.get(one.id)) for one in projects]


def _line(one: Project, share: int | None) -> BesideLine:
    return BesideLine(
        url_for("project.show", project_id=one.id),
        one.title,
        f"{one.number} · {words.say(one.kind, KINDS)}",
        words.say(one.state, STATES),
        STATES[one.state][1],
        words.say_percent(share) if share is not None else "",
    )
