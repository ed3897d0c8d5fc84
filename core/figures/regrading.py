"""Old visits scored by another edition (按另一版本重算): the shared answers are kept, so each form computes its points anew.

A sheet that was filled in by the very same form counts as it stands. The others are computed again from the answers of
their visit, by the forms of the edition asked for that suit what the site was on that day and their own form was made for; what
that edition asks and nobody answered then is left out, as *not applicable* is. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    Boolean,
    Date,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    not_,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from core.campaigns import Campaign, Edition, Form, score_form, score_item
from core.campaigns.answers import Answer
from core.campaigns.registry import installed
from core.campaigns.scoring import READ_ATTRS, ItemScore, reads_attrs
from core.campaigns.terms import Question
from core.figures.frames import Frame
from core.figures.item_metrics import VERIFIED
from core.figures.model import cents
from core.work.editions.in_force import edition_of
from core.work.tables import AnswerRow, EnabledEdition, ItemResult, OwnForm, Sheet, Site, SiteKind, Visit
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession

_STAMP = (
    "tenant_id",
    "visit_id",
    "campaign",
    "form",
    "day",
    "unit_id",
    "site_id",
    "basis",
    "earned",
    "possible",
    "hidden",
)
_RESULT = (*_STAMP, "item", "question", "outcome", "n", "m")
_SHEET = (*_STAMP, "form_sha256", "edition", "edition_sha256", "vetoes")
_TYPES: Mapping[str, Any] = {
    "visit_id": Uuid,
    "unit_id": Uuid,
    "site_id": Uuid,
    "day": Date,
    "hidden": Boolean,
    "vetoes": JSONB,
} | dict.fromkeys(("tenant_id", "earned", "possible", "n", "m"), Integer)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One visit that was recorded by another edition: its stamp, its answers, and what its site was then.

    ``is_dated`` is False where the attributes are today's, for the visit is from before they were kept.
    """

    stamp: Mapping[str, Any]
    answers: Mapping[str, Answer]
    attrs: Mapping[str, Any]
    places: frozenset[str]
    kept: frozenset[str]
    is_dated: bool


def regraded(session: ScopedSession, frame: Frame, campaign: Campaign, edition: Edition) -> Frame:
    """The frame over results as an edition gives them: as they are stored, or with the foreign sheets computed anew."""
    if _is_native(session, campaign.key, edition):
        return frame
    sheets = session.scalars(_foreign(frame, campaign.key, edition)).all()
    if not sheets:
        return frame
    results, totals, undated = _grade(session, campaign, edition, sheets)
    foreign = [(sheet.visit_id, sheet.form) for sheet in sheets]
    return replace(
        frame,
        undated=tuple(sum(span.start <= day <= span.end for day in undated) for span in frame.spans),
        results=_merged(ItemResult, _RESULT, campaign.key, foreign, results),
        sheets=_merged(Sheet, _SHEET, campaign.key, foreign, totals),
    )


def _is_native(session: ScopedSession, campaign: str, edition: Edition) -> bool:
    """Whether every sheet of a campaign was filled in by this edition: it was enabled with it and never ran another."""
    other = select(EnabledEdition.id).where(EnabledEdition.campaign == campaign).exists()
    row = session.execute(
        select(EnabledCampaign.edition_sha256, other).where(EnabledCampaign.campaign == campaign)
    ).first()
    return row is not None and row[0] == edition.sha256 and not row[1]


def _foreign(frame: Frame, campaign: str, edition: Edition) -> Select[tuple[Sheet]]:
    """The sheets of the frame's days whose form is none of the edition's; a form that only the district has stands as it is."""
    same = [form.sha256 for form in edition.all_forms]
    own = select(OwnForm.sha256).where(OwnForm.tenant_id == frame.tenant_id, OwnForm.campaign == campaign)
    only = Sheet.form_sha256.in_(own) & Sheet.form.not_in([form.code for form in edition.all_forms])
    inside = [Sheet.day.between(span.start, span.end) for span in frame.spans]
    mine = (Sheet.tenant_id == frame.tenant_id, Sheet.campaign == campaign, or_(*inside))
    mine = (
        *mine,
        not_(only),
        Sheet.form_sha256.not_in(same),
        Sheet.form.not_in([form.code for form in edition.subjects]),
    )
    return select(Sheet).where(*mine).order_by(Sheet.visit_id, Sheet.form)


def _grade(
    session: ScopedSession, campaign: Campaign, edition: Edition, sheets: Sequence[Sheet]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[date]]:
    """The results and sheets of some visits by the edition's own forms; the days of those scored by today's attributes."""
    own = (one for form in edition.all_forms for one in form.questions)
    desk = _Desk(installed().vocabulary.with_own(questions=(*campaign.questions, *own)).questions)
    results: list[dict[str, Any]] = []
    totals: list[dict[str, Any]] = []
    undated: dict[UUID, date] = {}
    for one in _seen(session, campaign, edition, sheets):
        for form in edition.forms_for(one.places):
            scores = {} if form.code in one.kept else desk.scores(form, one)
            if not scores:
                continue
            if not one.is_dated and one.stamp["basis"] == VERIFIED and desk.reads_site(form, scores):
                undated[one.stamp["visit_id"]] = one.stamp["day"]
            stamp = one.stamp | {"form": form.code}
            total = score_form(form, scores)
            points = {"earned": cents(total.earned), "possible": cents(total.possible), "vetoes": list(total.veto)}
            sealed = {"form_sha256": form.sha256, "edition": edition.key, "edition_sha256": edition.sha256}
            totals.append(stamp | points | sealed)
            results += [stamp | desk.row(form, code, score) for code, score in scores.items()]
    return results, totals, [*undated.values()]


class _Desk:
    """Scores answers once each (计分台): a month has thousands of answers and few different ones."""

    def __init__(self, words: Mapping[str, Question]) -> None:
        self._words = words
        self._scores: dict[tuple[str, str, Answer, tuple[str, ...]], ItemScore] = {}
        self._readers: dict[str, frozenset[str]] = {}
        self._rows: dict[tuple[str, str, ItemScore], dict[str, Any]] = {}

    def scores(self, form: Form, one: _Seen) -> dict[str, ItemScore]:
        """The score of each item whose question was answered then."""
        known = tuple(str(one.attrs.get(name)) for name in READ_ATTRS)
        found: dict[str, ItemScore] = {}
        for item in form.items:
            answer = one.answers.get(item.question)
            if answer is None:
                continue
            key = (form.code, item.code, answer, known)
            if key not in self._scores:
                self._scores[key] = score_item(item, self._words[item.question], answer, one.attrs)
            found[item.code] = self._scores[key]
        return found

    def reads_site(self, form: Form, scores: Mapping[str, ItemScore]) -> bool:
        """Whether one of the scored items depends on the site's attributes."""
        if form.code not in self._readers:
            self._readers[form.code] = frozenset(item.code for item in form.items if reads_attrs(item))
        return not self._readers[form.code].isdisjoint(scores)

    def row(self, form: Form, code: str, score: ItemScore) -> dict[str, Any]:
        """What a score adds to the stamp of its visit."""
        key = (form.code, code, score)
        if key not in self._rows:
            question = next(item.question for item in form.items if item.code == code)
            points = {"earned": cents(score.earned), "possible": cents(score.possible)}
            said = {"item": code, "question": question, "outcome": score.outcome, "n": score.n, "m": score.m}
            self._rows[key] = points | said
        return self._rows[key]


def _seen(session: ScopedSession, campaign: Campaign, edition: Edition, sheets: Sequence[Sheet]) -> Iterator[_Seen]:
    """Each visit behind some foreign sheets, with what is needed to score it anew (four queries; a fifth for visits that did not keep their site)."""
    visits: dict[UUID, list[Sheet]] = {}
    for sheet in sheets:
        visits.setdefault(sheet.visit_id, []).append(sheet)
    answers = _answers(session, visits)
    then = _sites_then(session, visits)
    kept = _kept(session, campaign.key, edition, visits)
    editions = {sha: edition_of(session, campaign, sha) for sha in {s.edition_sha256 for s in sheets}}
    for visit_id, mine in visits.items():
        first = mine[0]
        stamp = {name: getattr(first, name) for name in _STAMP if name not in ("form", "earned", "possible")}
        made_for = frozenset(t for s in mine for t in _types(editions[s.edition_sha256], s.form))
        types, attrs, is_dated = then[visit_id]
        given = (answers.get(visit_id, {}), attrs, types & made_for or made_for)
        yield _Seen(stamp, *given, frozenset(kept.get(visit_id, ())), is_dated)


def _types(edition: Edition, form: str) -> tuple[str, ...]:
    """The site types of an edition's form; none of one that the district had beside it then."""
    return next((one.site_types for one in edition.all_forms if one.code == form), ())


def _sites_then(
    session: ScopedSession, visits: Iterable[UUID]
) -> dict[UUID, tuple[frozenset[str], Mapping[str, Any], bool]]:
    """What the site of each visit was: types, attributes, and whether the visit kept them.

    A visit from before they were kept has the types that the register knows for its day, and today's attributes.
    """
    query = select(Visit.id, Visit.day, Visit.site_id, Visit.site_then, Site.attrs)
    query = query.join(Site, (Site.tenant_id == Visit.tenant_id) & (Site.id == Visit.site_id))
    rows = session.execute(query.where(Visit.id.in_(list(visits)))).all()
    dated: dict[UUID, list[SiteKind]] = {}
    if unkept := {row.site_id for row in rows if row.site_then is None}:
        for kind in session.scalars(select(SiteKind).where(SiteKind.site_id.in_(unkept))):
            dated.setdefault(kind.site_id, []).append(kind)
    found: dict[UUID, tuple[frozenset[str], Mapping[str, Any], bool]] = {}
    for visit_id, day, site_id, kept, attrs in rows:
        if kept is not None:
            found[visit_id] = frozenset(kept["types"]), kept["attrs"], True
        else:
            held = (
                k for k in dated.get(site_id, ()) if k.valid_from <= day and (k.valid_to is None or day < k.valid_to)
            )
            found[visit_id] = frozenset(k.site_type for k in held), attrs or {}, False
    return found


def _answers(session: ScopedSession, visits: Iterable[UUID]) -> dict[UUID, dict[str, Answer]]:
    found: dict[UUID, dict[str, Answer]] = {}
    said = (AnswerRow.na, AnswerRow.yes, AnswerRow.count, AnswerRow.rating, AnswerRow.n, AnswerRow.m)
    query = select(AnswerRow.visit_id, AnswerRow.question, *said).where(AnswerRow.visit_id.in_(list(visits)))
    for visit_id, question, na, yes, count, rating, n, m in session.execute(query):
        found.setdefault(visit_id, {})[question] = Answer(na, yes, count, rating, n, m)
    return found


def _kept(session: ScopedSession, campaign: str, edition: Edition, visits: Iterable[UUID]) -> dict[UUID, set[str]]:
    """The forms of these visits that are the edition's own: they count as they stand."""
    query = select(Sheet.visit_id, Sheet.form).where(
        Sheet.visit_id.in_(list(visits)),
        Sheet.campaign == campaign,
        Sheet.form_sha256.in_([form.sha256 for form in edition.all_forms]),
    )
    found: dict[UUID, set[str]] = {}
    for visit_id, form in session.execute(query):
        found.setdefault(visit_id, set()).add(form)
    return found


def _merged(
    table: Any, names: Sequence[str], campaign: str, foreign: Sequence[tuple[UUID, str]], rows: list[dict[str, Any]]
) -> Any:  # the mapped class, read from stored rows without the foreign ones and the rows computed anew
    pairs = func.jsonb_to_recordset(
        cast(bindparam(None, _json([{"visit_id": v, "form": f} for v, f in foreign]), Text), JSONB)
    )
    other = pairs.table_valued(column("visit_id", Uuid), column("form", Text), name="other")
    other = other.render_derived(with_types=True)
    replaced = select(other.c.visit_id, other.c.form)
    stored = select(*(getattr(table, name) for name in names)).where(
        or_(table.campaign != campaign, tuple_(table.visit_id, table.form).not_in(replaced))
    )
    anew = func.jsonb_to_recordset(cast(bindparam(None, _json(rows), Text), JSONB))
    typed = anew.table_valued(*(column(name, _TYPES.get(name, Text)) for name in names), name="anew")
    typed = typed.render_derived(with_types=True)
    return aliased(table, union_all(stored, select(*(typed.c[name] for name in names))).subquery("graded"))


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode()
