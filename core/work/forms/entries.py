"""What visits answered to a form (填写记录): its records within reach, the versions that have any, and the answers to its items.

A record is one visit's sheet of the form, in force, with what was said to the questions beside the items. Secret visits are no
records before their release: the wall hides their rows, and who may know of them reads them in the rounds' own room.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from core.campaigns import Answer
from core.work.loop.sight import sees_visit
from core.work.tables import AnswerRow, ItemResult, Sheet, SheetEntry, Site, Visit
from tenants.access import Actor, subtree
from tenants.models import Person, Unit

BATCH = 500  # records that an export holds at a time (ours)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records (记录筛选); days are both included, ``version`` is a form's SHA-256, what is left out does not limit.

    ``text`` is sought in the names of places and people and in what was said to the questions beside the items.
    """

    since: date | None = None
    until: date | None = None
    unit_id: UUID | None = None
    version: str = ""
    text: str = ""

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        return any((self.since, self.until, self.unit_id, self.version, self.text))


@dataclass(frozen=True, slots=True)
class Record:
    """One visit's sheet of a form (填写记录), points in 1/100; ``entries`` is what was said beside the items, as it is kept."""

    visit_id: UUID
    day: date
    submitted_at: datetime
    basis: str
    site_id: UUID
    site_code: str | None
    site_name: str
    unit_id: UUID
    unit_name: str
    person_id: UUID
    person_name: str
    form_sha256: str
    earned: int
    possible: int
    entries: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Used:
    """A version of a form that has records (用过的版本): how many, and the first and last day."""

    sha256: str
    records: int
    first: date
    last: date


def list_records(
    session: Session,
    actor: Actor,
    campaign: str,
    code: str,
    wanted: Wanted,
    after: tuple[date, UUID] | None,
    most: int,
    on: date,
) -> list[Record]:
    """The records of a form within reach, the latest day first, at most so many, after a day and visit if given (one query)."""
    query = _chosen(actor, campaign, code, wanted, on)
    if after is not None:
        query = query.where(tuple_(Sheet.day, Sheet.visit_id) < after)
    return [_record(line) for line in session.execute(query.limit(most))]


def stream_records(
    session: Session, actor: Actor, campaign: str, code: str, wanted: Wanted, on: date
) -> Iterator[list[Record]]:
    """All of them, so many at a time: the whole list is never in memory."""
    lines = session.execute(_chosen(actor, campaign, code, wanted, on).execution_options(yield_per=BATCH))
    for part in lines.partitions():
        yield [_record(line) for line in part]


def used_versions(session: Session, actor: Actor, campaign: str, code: str, on: date) -> list[Used]:
    """The versions of a form that have records within reach, the one that came into use last first (one query)."""
    rows = session.execute(
        select(Sheet.form_sha256, func.count(), func.min(Visit.day), func.max(Visit.day))
        .join(Visit, _of(Visit, Sheet.visit_id, Visit.id))
        .where(*_of_form(actor, campaign, code, on))
        .group_by(Sheet.form_sha256)
        .order_by(func.min(Visit.submitted_at).desc(), Sheet.form_sha256)
    )
    return [Used(*row) for row in rows]


def item_answers(
    session: Session, campaign: str, code: str, visits: Sequence[UUID]
) -> dict[UUID, dict[str, tuple[Answer, str]]]:
    """By visit and item of the form: what was answered, and with which outcome (one query).

    An item that the form's own conditions hid is not applicable, whatever another form's item made of the same question.
    """
    same = and_(_of(AnswerRow, ItemResult.visit_id, AnswerRow.visit_id), AnswerRow.question == ItemResult.question)
    values = (AnswerRow.na, AnswerRow.yes, AnswerRow.count, AnswerRow.rating, AnswerRow.n, AnswerRow.m)
    rows: Any = session.execute(
        select(ItemResult.visit_id, ItemResult.item, ItemResult.outcome, *values)
        .outerjoin(AnswerRow, same)  # a question that its forms hide has no answer
        .where(ItemResult.visit_id.in_(visits), ItemResult.campaign == campaign, ItemResult.form == code)
    )
    found: dict[UUID, dict[str, tuple[Answer, str]]] = {one: {} for one in visits}
    for visit_id, item, outcome, *said in rows:
        found[visit_id][item] = (Answer(na=True) if outcome == "na" else Answer(*said), outcome)
    return found


def entries_of(session: Session, visit_id: UUID) -> Sequence[SheetEntry]:
    """What one visit said to the questions beside the items, a row a form (one query)."""
    rows = select(SheetEntry).where(SheetEntry.visit_id == visit_id)
    return session.scalars(rows.order_by(SheetEntry.campaign, SheetEntry.form)).all()


def _chosen(actor: Actor, campaign: str, code: str, wanted: Wanted, on: date) -> Select[*tuple[Any, ...]]:
    """The lines of the records that a filter asks for, in their order."""
    visit = (Visit.id, Visit.day, Visit.submitted_at, Visit.basis)
    place = (Site.id, Site.code, Site.name, Unit.id, Unit.name, Person.id, Person.name)
    sheet = (Sheet.form_sha256, Sheet.earned, Sheet.possible, SheetEntry.data)
    entry = and_(
        _of(SheetEntry, Sheet.visit_id, SheetEntry.visit_id),
        SheetEntry.campaign == Sheet.campaign,
        SheetEntry.form == Sheet.form,
    )
    query = (
        select(*visit, *place, *sheet)
        .select_from(Sheet)
        .join(Visit, _of(Visit, Sheet.visit_id, Visit.id))
        .join(Site, _of(Site, Visit.site_id, Site.id))
        .join(Unit, _of(Unit, Visit.unit_id, Unit.id))
        .join(Person, _of(Person, Visit.person_id, Person.id))
        .outerjoin(SheetEntry, entry)
        .where(*_of_form(actor, campaign, code, on), *_filtered(actor, wanted, on))
    )
    return query.order_by(Sheet.day.desc(), Sheet.visit_id.desc())  # the sheets' own index has this order


def _of(table: Any, here: Any, there: Any) -> ColumnElement[bool]:
    """The join of a row to its own tenant's row of another table; everything hangs on a sheet or an item's result."""
    mine = ItemResult.tenant_id if table is AnswerRow else Sheet.tenant_id
    return and_(table.tenant_id == mine, here == there)


def _of_form(actor: Actor, campaign: str, code: str, on: date) -> list[ColumnElement[bool]]:
    """The sheets of a form that are in force and within reach."""
    mine = [Sheet.tenant_id == actor.tenant.id, Sheet.campaign == campaign, Sheet.form == code]
    return [*mine, Visit.replaced_at.is_(None), sees_visit(actor, on)]


def _filtered(actor: Actor, wanted: Wanted, on: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(Sheet.day >= wanted.since)
    if wanted.until is not None:
        found.append(Sheet.day <= wanted.until)
    if wanted.unit_id is not None:
        found.append(Visit.unit_id.in_(subtree(actor.tenant.id, wanted.unit_id, on)))
    if wanted.version:
        found.append(Sheet.form_sha256 == wanted.version)
    if wanted.text:
        names = (column.icontains(wanted.text, autoescape=True) for column in (Site.name, Site.code, Person.name))
        found.append(or_(*names, _says(wanted.text)))
    return found


def _says(text: str) -> ColumnElement[bool]:
    """Whether any text among the entries has these words in it, the keys not counted."""
    quoted = json.dumps(text, ensure_ascii=False)
    path = f'$.** ? (@.type() == "string" && @ like_regex {quoted} flag "qi")'
    return func.jsonb_path_exists(SheetEntry.data, bindparam(None, path, type_=JSONPATH))


def _record(line: Any) -> Record:
    names = (one.name for one in fields(Record))
    return Record(**dict(zip(names, (*line[:-1], line[-1] or {}), strict=True)))
