"""The form of a project (建立和修改项目): what it says about itself; its tables have pages of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Conflict, Fault, Forbidden, InvalidInput, SanchengError, Stale
from core.request import actor, db, now, require_any, today
from core.web import district
from core.web.duties.person_choice import person_options
from core.web.errors import say
from core.web.form_fields import day_of, id_of
from core.web.projects import choices
from core.web.projects import project_words as words
from core.web.projects.fields import fault_list, fault_map, version_of
from core.work.projects.making import ProjectWish, change_project, create_project
from core.work.projects.shares import read_money
from core.work.projects.states import DRAFT, KINDS
from core.work.projects.steps import find_project, open_kept
from core.work.roles import ANSWER, DIRECT
from core.work.tables import Project
from core.work.wording import LONGEST_NOTE

blueprint = Blueprint("project_form", __name__, url_prefix="/t/<slug>/projects")
blueprint.before_request(district.enter)

IDS = ("unit_id", "site_id", "person_id", "plan_id", "line_id", "task_id", "acceptance_unit_id")
TEXTS = ("kind", "title", "place", "campaign", "problem", "contractor", "contract")


def read_wish(said: Mapping[str, str]) -> ProjectWish:
    """What the form says. Raises InvalidInput with every field that cannot be read."""
    faults: list[Fault] = []
    days: dict[str, date | None] = {}
    ids: dict[str, UUID | None] = {}
    cost: tuple[int | None, str] = (None, "exact")
    for name in ("starts_on", "ends_on"):
        try:
            days[name] = day_of(said, name)
        except InvalidInput as error:
            faults += error.faults
    for name in IDS:
        try:
            ids[name] = id_of(said, name)
        except InvalidInput as error:
            faults += error.faults
    try:
        cost = read_money(said.get("cost", ""), "cost")
    except InvalidInput as error:
        faults += error.faults
    if faults:
        raise InvalidInput(faults=faults)
    texts = {name: said.get(name, "") for name in TEXTS}
    return ProjectWish(**texts, **days, **ids, cost=cost[0], cost_qualifier=cost[1])  # type: ignore[arg-type]  # by name


@blueprint.get("/new")
@require_any(DIRECT, ANSWER)
def ask() -> str:
    """The form of a new project; the address may name its kind, site, task, plan and line."""
    said = {"kind": "works", "starts_on": today().isoformat()} | request.args.to_dict()
    return _form(None, said)


@blueprint.post("/new")
@require_any(DIRECT, ANSWER)
def make() -> AnyResponse | tuple[str, int]:
    """Set it up; what is refused comes back with what was typed."""
    try:
        made = create_project(db(), actor(), read_wish(request.form), now=now())
    except (InvalidInput, Forbidden) as error:
        return _form(None, request.form, error), error.status
    flash(gettext("项目 %(number)s 已建立，请填工程量清单和资金分担，再启动", number=made.number))
    return redirect(url_for("project.show", project_id=made.id), 303)


@blueprint.get("/<uuid:project_id>/edit")
@require_any(DIRECT, ANSWER)
def change(project_id: UUID) -> str:
    """The form of a project that stands."""
    project, _standing = open_kept(db(), actor(), project_id, now())
    return _form(project, said_of(project))


@blueprint.post("/<uuid:project_id>/edit")
@require_any(DIRECT, ANSWER)
def save(project_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change what it says."""
    project = find_project(db(), actor(), project_id, now())
    said, version = request.form, version_of()
    try:
        reason = said.get("reason", "")
        change_project(db(), actor(), project_id, read_wish(said), version=version, reason=reason, now=now())
    except (InvalidInput, Stale, Conflict, Forbidden) as error:
        return _form(project, said, error), error.status
    flash(gettext("已修改"))
    return redirect(url_for("project.show", project_id=project_id), 303)


def said_of(project: Project) -> dict[str, str]:
    """A project as its form shows it."""
    said = {name: str(getattr(project, name)) for name in TEXTS}
    said |= {name: str(getattr(project, name) or "") for name in IDS}
    said |= {"starts_on": project.starts_on.isoformat(), "ends_on": project.ends_on.isoformat()}
    return said | {"cost": words.typed_money(project.cost, project.cost_qualifier)}


def _form(project: Project | None, said: Mapping[str, str], error: SanchengError | None = None) -> str:
    on, site = today(), said.get("site_id", "")
    try:
        chosen = UUID(site) if site else None
    except ValueError:
        chosen = None
    return render_template(
        "projects/form.html",
        project=project,
        said=said,
        version=said.get("version", project.version if project else ""),
        faults=fault_map(error),
        all_faults=fault_list(error),
        refusal=say(error) if error and not error.faults else "",
        kinds=words.options(KINDS),
        units=choices.own_units(on),
        judges=choices.judging_units(on),
        people=person_options(db(), actor(), on),
        sites=choices.sites(on, chosen),
        plans=choices.plans(on),
        lines=choices.plan_lines(on),
        tasks=choices.tasks(on, project),
        campaigns=choices.campaigns(),
        is_draft=project is None or project.state == DRAFT,
        longest=LONGEST_NOTE,
    )
