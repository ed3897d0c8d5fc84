"""Responsibility units (责任单位): the tree as of a day with its gaps, adding and renaming."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import format_date, gettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, InvalidInput, NotFound
from core.request import actor, db, require, require_any, tenant, today
from core.web.duties.people import unit_options
from core.web.errors import fault_map, say
from core.web.exports import stream_csv
from core.web.organisation.chart_reading import CHART_READERS
from core.web.organisation.unit import read_form_day
from core.web.paging import cut, read_cursor, read_day, read_id
from core.web.words import listed, say_kind
from core.work.dated import valid_on
from core.work.names import tidy
from core.work.organisation.units import UNIT_KINDS, Node, add_unit, former_names, get_unit, rename_unit, tree
from core.work.roles import ADMINISTER, ANSWER, ROLES
from tenants.access import may
from tenants.models import Holding, Person, Post, UnitName
from tenants.scope import ScopedSession

blueprint = Blueprint("units", __name__, url_prefix="/t/<slug>/units")
blueprint.before_request(asked.enter)

SIZE = 100
ANSWERING = tuple(role.code for role in ROLES.values() if ANSWER in role.verbs)
READERS = (ADMINISTER, *sorted(CHART_READERS - {ADMINISTER}))
NEEDS_LIAISON = frozenset({"subdistrict", "community", "village", "department", "hq"})


@dataclass(frozen=True, slots=True)
class Forest:
    """The tree as of a day, with what the page asks of it: children, everything above, everything below."""

    nodes: Sequence[Node]
    by_id: Mapping[UUID, Node] = field(init=False)
    below: Mapping[UUID | None, list[Node]] = field(init=False)

    def __post_init__(self) -> None:
        below: dict[UUID | None, list[Node]] = {}
        for node in self.nodes:
            below.setdefault(node.parent, []).append(node)
        object.__setattr__(self, "by_id", {node.id: node for node in self.nodes})
        object.__setattr__(self, "below", below)

    @property
    def root(self) -> Node:
        """The tenant's own unit."""
        return next(n for n in self.nodes if n.parent is None and n.tree == "administration")

    def above(self, node: Node) -> list[Node]:
        """The units above one, the top first."""
        found: list[Node] = []
        parent = node.parent
        while parent is not None:
            found.insert(0, self.by_id[parent])
            parent = self.by_id[parent].parent
        return found

    def under(self, top: Node) -> Iterator[Node]:
        """Everything under a unit, in reading order."""
        for child in self.below.get(top.id, ()):
            yield child
            yield from self.under(child)


def people_at(session: ScopedSession, on: date) -> tuple[Mapping[UUID, int], frozenset[UUID]]:
    """How many people hold a post at each unit on a day, and the units where somebody answers for findings."""
    rows = session.execute(
        select(Post.unit_id, Post.role, func.count(Holding.person_id.distinct()))
        .join(Holding, (Holding.tenant_id == Post.tenant_id) & (Holding.post_id == Post.id))
        .join(Person, (Person.tenant_id == Holding.tenant_id) & (Person.id == Holding.person_id))
        .where(valid_on(Holding, on), Person.state == "active")
        .group_by(Post.unit_id, Post.role)
    )
    counts: dict[UUID, int] = {}
    answering: set[UUID] = set()
    for unit_id, role, number in rows:
        counts[unit_id] = counts.get(unit_id, 0) + number
        if role in ANSWERING:
            answering.add(unit_id)
    return counts, frozenset(answering)


def pick(nodes: Iterable[Node], text: str, kind: str) -> list[Node]:
    """The units whose name or code holds a text and that are of a kind."""
    return [n for n in nodes if (not kind or n.kind == kind) and (not text or text in n.name or text in (n.code or ""))]


def lacks_liaison(node: Node, answering: frozenset[UUID]) -> bool:
    """Whether findings may be sent to the unit and nobody there could answer."""
    wanted = node.tree == "administration" and node.kind in NEEDS_LIAISON
    return tenant().kind == "district" and wanted and node.id not in answering


def say_former(row: UnitName) -> str:
    """A former name with the days on which it was borne."""
    since, until = format_date(row.valid_from, "medium"), format_date(row.valid_to, "medium")
    return gettext("%(name)s（%(since)s 至 %(until)s）", name=row.name, since=since, until=until)


def _arguments() -> tuple[date, str, str]:
    kind = request.args.get("kind", "")
    text = tidy(request.args.get("q", ""))[:40]
    return read_day("on") or today(), text, kind if kind in UNIT_KINDS else ""


def _listed(forest: Forest, chosen: Node, text: str, kind: str) -> list[Node]:
    if text or kind:
        return pick(forest.under(chosen), text, kind)
    return forest.below.get(chosen.id, [])


@blueprint.get("")
@require_any(*READERS)
def show() -> str:
    """The tree on the left, the units under the chosen one on the right, as of a day."""
    on, text, kind = _arguments()
    forest = Forest(tree(db(), on))
    said = request.args.get("unit", "")
    chosen = forest.by_id.get(read_id(said, "unit")) if said else forest.root
    if chosen is None:
        raise NotFound
    counts, answering = people_at(db(), on)
    rows = _listed(forest, chosen, text, kind)
    cursor = read_cursor(1)
    after = read_id(cursor[0], "cursor") if cursor else None
    at = next((n + 1 for n, row in enumerate(rows) if row.id == after), 0)
    kinds = {n.kind for n in forest.nodes}
    return render_template(
        "units/list.html",
        on=on,
        text=text,
        kind=kind,
        forest=forest,
        chosen=chosen,
        above=forest.above(chosen),
        opened={n.id for n in (*forest.above(chosen), chosen)},
        page=cut(rows[at : at + SIZE + 1], lambda node: (node.id,), SIZE),
        total=len(rows),
        counts=counts,
        gaps={n.id for n in forest.nodes if lacks_liaison(n, answering)},
        kinds=[(k, gettext(t)) for k, t in UNIT_KINDS.items() if k in kinds],
        former_names=[say_former(row) for row in former_names(db(), chosen.id)],
        listed=listed,
        say_kind=say_kind,
        today=today(),
        manages=may(db(), actor(), ADMINISTER, chosen.id, today()),
        administers=actor().has(ADMINISTER),
    )


@blueprint.get("/export.csv")
@require_any(*READERS)
def export() -> Response:
    """The units as CSV, all of them or those that the filters leave."""
    on, text, kind = _arguments()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        forest = Forest(tree(session, on))
        counts, answering = people_at(session, on)
        for node in pick(forest.nodes, text, kind):
            path = "/".join(n.name for n in forest.above(node))
            gap = gettext("缺联络员") if lacks_liaison(node, answering) else ""
            yield node.name, say_kind(node.kind), node.code, path, counts.get(node.id, 0), gap

    head = (N_("单位"), N_("类型"), N_("代码"), N_("上级"), N_("在岗人数"), N_("缺口"))
    return stream_csv(f"units-{on.isoformat()}.csv", [gettext(t) for t in head], rows)


@blueprint.get("/new")
@require(ADMINISTER)
def ask_new() -> tuple[str, int]:
    """The form for a new unit."""
    return _form({"parent": request.args.get("parent", ""), "kind": request.args.get("kind", "")}, {})


def _form(values: Mapping[str, str], errors: Mapping[str, str], status: int = 200) -> tuple[str, int]:
    units = unit_options(db(), actor(), today())
    kinds = [(code, gettext(text)) for code, text in UNIT_KINDS.items()]
    return render_template("units/new.html", values=values, errors=errors, units=units, kinds=kinds), status


@blueprint.post("/new")
@require(ADMINISTER)
def add() -> AnyResponse | tuple[str, int]:
    """Add a unit under another, from today on."""
    form = request.form
    errors: dict[str, str] = {}
    day = read_form_day("on", errors)
    if errors:
        return _form(form, errors, 422)
    try:
        unit = add_unit(
            db(),
            actor(),
            name=form.get("name", ""),
            kind=form.get("kind", ""),
            parent_id=read_id(form["parent"], "parent") if form.get("parent") else None,
            code=form.get("code") or None,
            code_issuer=form.get("code_issuer") or None,
            on=day,
            today=today(),
        )
    except (InvalidInput, Conflict) as error:
        return _form(form, fault_map(error) or {"name": say(error)}, error.status)
    flash(
        {
            "text": gettext("已新增 %(name)s", name=unit.name),
            "next": gettext("给它安排人员"),
            "href": url_for("people.ask_new", unit=unit.id),
        }
    )
    return redirect(url_for("units.show", unit=form.get("parent") or None), 303)


@blueprint.get("/<uuid:unit_id>/rename")
@require(ADMINISTER)
def ask_name(unit_id: UUID) -> tuple[str, int]:
    """The form for a new name."""
    return _rename_form(unit_id, None, {})


def _rename_form(unit_id: UUID, name: str | None, errors: Mapping[str, str], status: int = 200) -> tuple[str, int]:
    unit = get_unit(db(), unit_id)
    former = former_names(db(), unit_id)
    said = unit.name if name is None else name
    return render_template("units/rename.html", unit=unit, name=said, errors=errors, former=former), status


@blueprint.post("/<uuid:unit_id>/rename")
@require(ADMINISTER)
def rename(unit_id: UUID) -> AnyResponse | tuple[str, int]:
    """Give a unit a new name from today on."""
    name = request.form.get("name", "")
    try:
        unit = rename_unit(db(), actor(), unit_id, name, today=today())
    except (InvalidInput, Conflict) as error:
        return _rename_form(unit_id, name, fault_map(error) or {"name": say(error)}, error.status)
    flash(gettext("今天起名称是 %(name)s；以前的日期仍显示原来的名称", name=unit.name))
    return redirect(url_for("units.show", unit=unit.id), 303)
