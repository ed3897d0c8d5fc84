"""The form of a new notice (发文): its addressees are ticked, its findings come from a list, the paper is shown before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from flask import render_template, request

from core.documents.notices import Paper, paper_of
from core.errors import N_, Fault, InvalidInput, SanchengError
from core.request import actor, db, now, tenant
from core.settings import ZONE
from core.web.errors import fault_map, say
from core.web.ledger.finding_words import say_title
from core.web.paging import read_id
from core.web.papers.notice_units import ALL, NONE, offered_groups, pick
from core.web.papers.notice_words import say_kind
from core.work.desk.findings import Filter, FindingRow, base_query, rows_of
from core.work.desk.first_photos import first_photos
from core.work.papers.notice_issuing import LONGEST_CLAUSE, LONGEST_TITLE, MOST_FINDINGS, MOST_UNITS, Draft, issue
from core.work.papers.notice_kinds import KINDS, RECTIFICATION, REQUEST, blank_number
from core.work.papers.notice_reading import read_notice
from core.work.tables import Finding, Notice
from core.work.wording import LONGEST_NOTE
from tenants.models import Unit

FIELDS = ("kind", "title", "demand", "clause", "due")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form (已填内容): the fields as typed, the ticked units and the findings by their ids."""

    fields: dict[str, str]
    units: Sequence[str]
    ids: Sequence[UUID]

    def after(self, asked: str) -> Typed:
        """The same after a quick pick of units."""
        return replace(self, units=pick(asked, self.units)) if asked.startswith((ALL, NONE)) else self

    def draft(self) -> Draft:
        """The same as the ledger takes it. Raises InvalidInput for a moment or a unit that is none."""
        due, said = self.fields["due"].strip(), self.fields
        try:
            moment = datetime.fromisoformat(due).replace(tzinfo=ZONE) if due else None
        except ValueError:
            fault = Fault(N_("时间写法无效"), "due_at", value=due[:20], remedy=N_("请写成 2026-03-02T17:00"))
            raise InvalidInput(faults=[fault]) from None
        first, *further = [read_id(one, "unit") for one in self.units] or [None]
        others = [one for one in further if one is not None]
        return Draft(
            said["kind"], first, said["title"], said["demand"], said["clause"], moment, self.ids, further=others
        )


def read_typed() -> Typed:
    """What was sent. Raises InvalidInput for a finding's id that is none."""
    units = [one for one in request.form.getlist("unit")[: MOST_UNITS + 1] if one]
    ids = [read_id(one, "id") for one in request.form.getlist("id")[: MOST_FINDINGS + 1]]
    return Typed({name: request.form.get(name, "") for name in FIELDS}, units, ids)


def propose(ids: Sequence[UUID]) -> Typed:
    """What the form begins with: the kind and unit of the address, else the leading units of the findings chosen."""
    findings = read_findings(ids)
    asked = request.args.get("unit", "")
    leads = dict.fromkeys(str(row.lead.unit_id) for row in findings if row.lead)
    kind = request.args.get("kind", "")
    units = [str(read_id(asked, "unit"))] if asked else list(leads) if len(leads) == 1 or kind == "circular" else []
    if kind not in KINDS:
        kind = RECTIFICATION
    found = [db().get(Unit, (db().tenant_id, UUID(unit))) for unit in units]
    if KINDS[kind].orders and any(unit is not None and not unit.commanded for unit in found):
        kind = REQUEST
    title = findings[0].title if len(findings) == 1 else ""
    return Typed(dict.fromkeys(FIELDS, "") | {"kind": kind, "title": title}, units, ids)


def show_form(typed: Typed, error: SanchengError | None = None) -> str:
    """The form with what was typed, and what is wrong with it."""
    return render_template(
        "notices/new.html",
        typed=typed.fields,
        ticked=typed.units,
        findings=read_findings(typed.ids),
        errors=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        kinds=[(code, say_kind(code)) for code in KINDS],
        replying=[say_kind(code) for code, kind in KINDS.items() if kind.replies],
        groups=offered_groups(typed.units),
        longest=(LONGEST_TITLE, LONGEST_CLAUSE, LONGEST_NOTE),
        say_title=say_title,
    )


def show_preview(typed: Typed) -> str:
    """The paper as it would be printed, with a blank for its number; it is issued in full and undone again.

    Raises Forbidden and InvalidInput as issuing does.
    """
    trial = db().begin_nested()
    try:
        paper = _paper(issue(db(), actor(), typed.draft(), now=now()))
    finally:
        trial.rollback()
    return render_template("notices/preview.html", d=paper, typed=typed)


def _paper(notice: Notice) -> Paper:
    found = read_notice(db(), actor(), notice.id, now=now())
    photos = first_photos(db(), actor(), [row.id for row in found.findings], now())
    paper = paper_of(found, photos, is_demo=tenant().is_demo)
    return replace(paper, number=blank_number(paper.number))


def read_findings(ids: Sequence[UUID]) -> list[FindingRow]:
    """The findings that were chosen, as far as the reader sees them."""
    if not ids:
        return []
    query = base_query(actor(), Filter(extra=(Finding.id.in_(ids),)), now()).order_by(Finding.due_at, Finding.id)
    return rows_of(db(), db().execute(query).all(), now())
