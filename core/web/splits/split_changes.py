"""What changed between two issues of a split (两版对照), as a page and as files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from sqlalchemy import select

from core.errors import N_
from core.request import actor, db, require, today
from core.web import district
from core.web.paging import bad_argument
from core.web.splits.split_page import campaign_of
from core.web.splits.split_words import say_measure, tables
from core.web.table_files import send_table
from core.work.editions.in_force import edition_of
from core.work.roles import SEE
from core.work.splits.carrying import code_map
from core.work.splits.comparing import FIELDS, KINDS, Difference, compare, say_value
from core.work.splits.points import say_hundredths
from core.work.splits.reading import Table, list_splits, read_table
from core.work.splits.states import ROLES
from core.work.tables import Split
from tenants.models import Person, Unit
from tenants.scope import ScopedSession

blueprint = Blueprint("split_changes", __name__, url_prefix="/t/<slug>/splits/<uuid:split_id>/changes")
blueprint.before_request(district.enter)

HEAD = (N_("编号"), N_("内容"), N_("变化"), N_("单位"), N_("项目"), N_("原来"), N_("现在"))


def _others(split: Split) -> list[Split]:
    """The issues that it may be held against, the nearest earlier one first."""
    found = [one for one in list_splits(db(), actor(), today(), campaigns=[split.campaign]) if one.id != split.id]
    return sorted(found, key=lambda one: (one.issue > split.issue, abs(one.issue - split.issue)))


def _pair(split_id: UUID) -> tuple[Table, Table, list[Split]]:
    new = read_table(db(), actor(), split_id, today())
    others = _others(new.split) or [new.split]  # the only one is held against itself: nothing changed
    said = request.args.get("against", "")
    chosen = next((one for one in others if str(one.issue) == said), None) if said else others[0]
    if chosen is None:
        raise bad_argument("against", said)
    return read_table(db(), actor(), chosen.id, today()), new, others


def _compare(old: Table, new: Table) -> list[Difference]:
    campaign = campaign_of(new.split)
    editions = (edition_of(db(), campaign, one.split.edition_sha256) for one in (old, new))
    return compare(old.lines, new.lines, code_map(*editions))


def _names(old: Table, new: Table) -> dict[UUID, str]:
    """The names of every unit and person in either."""
    ids = {share.unit_id for table in (old, new) for line in table.lines for share in line.shares}
    ids |= {line.row.owner_unit_id for table in (old, new) for line in table.lines if line.row.owner_unit_id}
    people = {s.person_id for table in (old, new) for line in table.lines for s in line.shares if s.person_id}
    found = {row[0]: row[1] for row in db().execute(select(Unit.id, Unit.name).where(Unit.id.in_(ids)))}
    rows = db().execute(select(Person.id, Person.name).where(Person.id.in_(people))) if people else ()
    return found | {row[0]: row[1] for row in rows}


def say(field: str, value: object, names: Mapping[UUID, str]) -> str:
    """One side of a change in the reader's language."""
    if field == "role":
        return gettext(ROLES.get(str(value), str(value)))
    if field == "measure":
        return say_measure(str(value))
    return say_value(field, value, names)


@blueprint.get("")
@require(SEE)
def show(split_id: UUID) -> str:
    """The differences, clause by clause."""
    old, new, others = _pair(split_id)
    names = _names(old, new)
    return render_template(
        "splits/changes.html",
        old=old.split,
        new=new.split,
        others=[(one.issue, gettext("第 %(n)s 版", n=one.issue)) for one in others],
        found=_compare(old, new),
        kinds=KINDS,
        fields=FIELDS,
        names=names,
        say=lambda field, value: say(field, value, names),
        **tables(),
    )


def rows_of(found: Sequence[Difference], names: Mapping[UUID, str]) -> Iterator[Sequence[object]]:
    """The differences as rows of a file, one thing a row."""
    for one in found:
        begin = (one.code, one.title, gettext(KINDS[one.kind][0]))
        for step in one.steps:
            unit = names.get(step.unit_id, "") if step.unit_id else ""
            sides = (say(step.field, step.was, names), say(step.field, step.now, names))
            yield (*begin, unit, gettext(FIELDS[step.field]), *sides)
        for portions, at in ((one.came, 1), (one.went, 0)):
            for portion in portions:
                said = f"{gettext(ROLES[portion.role])} {say_hundredths(portion.points)}"
                yield (*begin, names.get(portion.unit_id, ""), gettext("分工"), *(("", said) if at else (said, "")))
        if not (one.steps or one.came or one.went):
            yield (*begin, "", "", "", "")


@blueprint.get("/changes.csv", endpoint="export_csv")
@blueprint.get("/changes.xlsx", endpoint="export_xlsx")
@require(SEE)
def export(split_id: UUID) -> Response:
    """The same as a file."""
    old, new, _others = _pair(split_id)
    found, names = _compare(old, new), _names(old, new)
    name = f"split-{new.split.campaign}-{old.split.issue}-{new.split.issue}"

    def rows(_session: ScopedSession) -> Iterator[Sequence[object]]:
        return rows_of(found, names)

    return send_table(name, gettext("两版对照"), [gettext(text) for text in HEAD], rows)
