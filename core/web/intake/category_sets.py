"""Category sets on the pages (分类口径): the tenant's own groups such as 九乱, with how many findings are in each."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, Forbidden, InvalidInput, SanchengError
from core.request import actor, db, now, require_any
from core.web.as_of import read_as_of
from core.web.errors import say, say_fault
from core.web.ledger.finding_words import category_options, say_category
from core.web.organisation.area_choice import read_area
from core.web.paging import read_day
from core.work.desk.category_counts import counts_by_category
from core.work.desk.finding_filters import Filter, check_filter, refuse_bad
from core.work.dispatch.category_sets import (
    LONGEST_NAME,
    MOST_GROUPS,
    GroupCount,
    GroupedSet,
    fold,
    get_set,
    groups_of,
    keep_set,
    retire_set,
)
from core.work.roles import ADMINISTER, DIRECT, SEE

blueprint = Blueprint("category_sets", __name__, url_prefix="/t/<slug>/settings/category-sets")
blueprint.before_request(asked.enter)

Said = MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Typed:
    """A set as the form holds it (填写的口径): names of groups, and the number of the group of each category."""

    name: str = ""
    names: tuple[str, ...] = ()
    where: tuple[tuple[str, int], ...] = ()

    def group(self, category: str) -> int:
        """The number of a category's group, from 1; 0 for none."""
        return dict(self.where).get(category, 0)

    def groups(self) -> list[tuple[str, list[str]]]:
        """The groups with their categories."""
        return [
            (name, [code for code, group in self.where if group == number]) for number, name in enumerate(self.names, 1)
        ]


@blueprint.get("")
@require_any(DIRECT, ADMINISTER, SEE)
def show_list() -> str:
    """The sets in use with the findings of each group: of all times or found in a period, in an area, as of a day."""
    area, as_of = read_area(), read_as_of()
    wanted = Filter(opened_from=read_day("from"), opened_to=read_day("to"), areas=[area] if area else [], as_of=as_of)
    refuse_bad(check_filter(wanted))
    counted = counts_by_category(db(), actor(), wanted, now=now())
    sets: list[tuple[GroupedSet, list[GroupCount]]] = [(one, fold(one, counted)) for one in groups_of(db())]
    return render_template(
        "settings/category_sets.html",
        sets=sets,
        wanted=wanted,
        can_keep=as_of is None and (actor().has(DIRECT) or actor().has(ADMINISTER)),
        say_category=say_category,
    )


@blueprint.get("/new")
@require_any(DIRECT, ADMINISTER)
def ask_new() -> tuple[str, int]:
    """An empty set."""
    return _form(Typed())


@blueprint.post("/new")
@require_any(DIRECT, ADMINISTER)
def add() -> AnyResponse | tuple[str, int]:
    """Add a set."""
    return _keep(None)


@blueprint.get("/<uuid:set_id>")
@require_any(DIRECT, ADMINISTER)
def ask(set_id: UUID) -> tuple[str, int]:
    """One set to change."""
    return _form(_typed_of(get_set(db(), set_id)), set_id)


@blueprint.post("/<uuid:set_id>")
@require_any(DIRECT, ADMINISTER)
def change(set_id: UUID) -> AnyResponse | tuple[str, int]:
    """Give a set other groups."""
    get_set(db(), set_id)
    return _keep(set_id)


@blueprint.post("/<uuid:set_id>/retire")
@require_any(DIRECT, ADMINISTER)
def retire(set_id: UUID) -> AnyResponse:
    """Use a set no more."""
    retire_set(db(), actor(), set_id, now=now())
    flash(gettext("口径已停用，问题的类别不变"))
    return redirect(url_for("category_sets.show_list"), 303)


def _keep(set_id: UUID | None) -> AnyResponse | tuple[str, int]:
    typed = _read(MultiDict(request.form))
    if request.form.get("step") == "names":
        return _form(typed, set_id)
    try:
        keep_set(db(), actor(), typed.name, typed.groups(), set_id=set_id, now=now())
    except (InvalidInput, Conflict, Forbidden) as error:
        return _form(typed, set_id, error)
    flash(gettext("口径已保存"))
    return redirect(url_for("category_sets.show_list"), 303)


def _read(said: Said) -> Typed:
    """The form; a category without a group, or with one that is not named any more, is in none."""
    names = tuple(line.strip() for line in said.get("names", "").splitlines() if line.strip())[: MOST_GROUPS + 1]
    where = []
    for code, _name in category_options():
        number = said.get(f"group.{code}", "")
        if number.isascii() and number.isdigit() and 1 <= int(number[:4]) <= len(names):
            where.append((code, int(number[:4])))
    return Typed(said.get("name", ""), names, tuple(where))


def _typed_of(one: GroupedSet) -> Typed:
    where = tuple((code, number) for number, group in enumerate(one.groups, 1) for code in group.categories)
    return Typed(one.name, tuple(group.name for group in one.groups), where)


def _form(typed: Typed, set_id: UUID | None = None, error: SanchengError | None = None) -> tuple[str, int]:
    faults = [say_fault(fault) for fault in error.faults] if error else []
    page = render_template(
        "settings/category_set.html",
        typed=typed,
        set_id=set_id,
        categories=category_options(),
        faults=faults,
        refusal=say(error) if error and not error.faults else "",
        longest=LONGEST_NAME,
        most=MOST_GROUPS,
    )
    return page, error.status if error else 200
