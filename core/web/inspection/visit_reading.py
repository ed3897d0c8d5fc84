"""Reads a submitted visit for its page (检查结果): points by campaign and form, answers with photos, findings, what is next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import func, select

from core.campaigns import Answer, Form, Item, Vocabulary, form_from_body
from core.campaigns.xlsform.own_questions import is_own
from core.request import house
from core.web.inspection.visit_entries import EntriesView, read_entries
from core.web.photo_words import say_gaps
from core.web.places.site_words import campaign_titles
from core.web.words import by_locale, counted
from core.work.desk.findings import FindingRow
from core.work.forms.fielding import own_questions
from core.work.inspection.photo_gaps import visit_gaps
from core.work.inspection.visit_list import VisitDetail, visit_detail
from core.work.places.reaching import reaches_site
from core.work.roles import VISIT
from core.work.tables import (
    AnswerRow,
    Definition,
    File,
    ItemResult,
    Sheet,
    Site,
    SiteKind,
    Visit,
)
from tenants.access import Actor
from tenants.models import Unit, UnitPath
from tenants.scope import ScopedSession

NEXT = 3  # how many sites the result page offers to go on with (ours)
_forms: dict[str, Form] = {}  # by SHA-256: the same content is the same form in every tenant


@dataclass(frozen=True, slots=True)
class SheetView:
    """One campaign's form as answered (检查表得分); points in 1/100, ``left_out`` items did not apply."""

    campaign_key: str
    form_code: str
    campaign: str
    form: str
    edition: str
    earned: int
    possible: int
    items: int
    left_out: int
    vetoes: Sequence[str]


@dataclass(frozen=True, slots=True)
class ItemView:
    """What an answer was worth for one item (检查项结果)."""

    campaign: str
    code: str
    outcome: str
    earned: int
    possible: int


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A photo of an answer (照片): when it was taken, if anybody knows, and what does not fit of its time and place."""

    id: UUID
    taken_at: datetime | None
    gaps: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answered question (作答): in words, with what it was worth, its note and photos."""

    text: str
    said: str
    outcome: str
    items: Sequence[ItemView]
    note: str
    photos: Sequence[PhotoView]


@dataclass(frozen=True, slots=True)
class VisitView:
    """A visit in full (检查记录)."""

    visit: Visit
    site: Site
    person_name: str
    sheets: Sequence[SheetView]
    answers: Sequence[AnswerView]
    findings: Sequence[FindingRow]
    again: Sequence[FindingRow] = ()
    not_asked: Sequence[str] = ()
    entries: Sequence[EntriesView[PhotoView]] = ()


def read_visit(session: ScopedSession, actor: Actor, visit_id: UUID, now: datetime) -> VisitView:
    """One visit in full, the findings within reach. Raises NotFound when it is unknown or out of reach."""
    found = visit_detail(session, actor, visit_id, now=now)
    site = session.get_one(Site, (session.tenant_id, found.visit.site_id))
    forms = forms_of(session, {sheet.form_sha256 for sheet in found.row.sheets})
    titles = campaign_titles(session)
    photos = _photos(session, actor, found, site)
    return VisitView(
        found.visit,
        site,
        found.row.person_name,
        [_sheet(sheet, titles, forms.get(sheet.form_sha256), found.results) for sheet in found.row.sheets],
        _answers(
            found,
            photos,
            titles,
            [forms[s.form_sha256] for s in found.row.sheets if s.form_sha256 in forms],
        ),
        found.findings,
        found.again,
        _not_asked(session, found.visit.summary.get("not_asked", ())),
        read_entries(session, visit_id, titles, {q: [(one.id, one) for one in said] for q, said in photos.items()}),
    )


def _not_asked(session: ScopedSession, codes: Sequence[str]) -> list[str]:
    """What the forms in force ask and that visit was not asked, in words."""
    words = house().registry.vocabulary
    if any(is_own(code) for code in codes):
        words = words.with_own(questions=own_questions(session).values())
    return [_question_text(words, code, None) for code in codes]


def forms_of(session: ScopedSession, hashes: set[str]) -> Mapping[str, Form]:
    """The frozen forms behind some hashes."""
    missing = hashes - _forms.keys()
    if missing:
        kept = select(Definition.sha256, Definition.body).where(Definition.sha256.in_(missing))
        _forms.update({sha256: form_from_body(body) for sha256, body in session.execute(kept)})
    return {sha256: _forms[sha256] for sha256 in hashes if sha256 in _forms}


def form_title(form: Form | None, code: str) -> str:
    """A form's title in the reader's language; its code when its definition is not here."""
    return by_locale(form.title_zh, form.title_en) if form else code


def _sheet(sheet: Sheet, titles: Mapping[str, str], form: Form | None, results: Sequence[ItemResult]) -> SheetView:
    own = [r for r in results if (r.campaign, r.form) == (sheet.campaign, sheet.form)]
    left_out = sum(r.outcome == "na" for r in own)
    title = titles.get(sheet.campaign, sheet.campaign)
    points = (sheet.earned, sheet.possible)
    words = (sheet.campaign, sheet.form, title, form_title(form, sheet.form), sheet.edition)
    return SheetView(*words, *points, len(own), left_out, sheet.vetoes)


def _photos(session: ScopedSession, actor: Actor, found: VisitDetail, site: Site) -> dict[str, list[PhotoView]]:
    """The photos by question, in the order in which they were sent (two queries at most)."""
    wanted = [photo.file_id for photo in found.photos]
    files = {file.id: file for file in session.scalars(select(File).where(File.id.in_(wanted)))} if wanted else {}
    gaps = visit_gaps(session, actor, found.visit, site, files.values())
    views: dict[str, list[PhotoView]] = {}
    for photo in found.photos:
        taken_at, unfit = files[photo.file_id].taken_at, say_gaps(gaps.get(photo.file_id, ()))
        views.setdefault(photo.question, []).append(PhotoView(photo.file_id, taken_at, unfit))
    return views


def _answers(
    found: VisitDetail, photos: Mapping[str, Sequence[PhotoView]], titles: Mapping[str, str], forms: Sequence[Form]
) -> list[AnswerView]:
    """The answers in the order of the forms, failed ones first; each question once."""
    worth: dict[str, list[ItemResult]] = {}
    for result in found.results:
        worth.setdefault(result.question, []).append(result)
    items: dict[str, Item] = {}
    for form in forms:
        items |= {item.question: item for item in form.items if item.question not in items}
    order = {code: number for number, code in enumerate(items)}
    words = house().registry.vocabulary
    views = [
        AnswerView(
            _question_text(words, row.question, items.get(row.question)),
            say_answer(row),
            _outcome(worth.get(row.question, ())),
            [_item(result, titles) for result in worth.get(row.question, ())],
            row.note,
            photos.get(row.question, ()),
        )
        for row in sorted(found.answers, key=lambda row: order.get(row.question, len(order)))
    ]
    return sorted(views, key=lambda view: view.outcome != "fail")


def _question_text(words: Vocabulary, code: str, item: Item | None) -> str:
    if code in words.questions:
        return by_locale(words.questions[code].text_zh, words.questions[code].text_en)
    return by_locale(item.text_zh, item.text_en) if item else code


def _item(result: ItemResult, titles: Mapping[str, str]) -> ItemView:
    campaign = titles.get(result.campaign, result.campaign)
    return ItemView(campaign, result.item, result.outcome, result.earned, result.possible)


def _outcome(results: Sequence[ItemResult]) -> str:
    outcomes = {result.outcome for result in results}
    return next((known for known in ("fail", "pass") if known in outcomes), "na")


def question_words(session: ScopedSession, visit: Visit) -> Callable[[str], str]:
    """What the questions of a visit are called, by code."""
    hashes = session.scalars(select(Sheet.form_sha256).where(Sheet.visit_id == visit.id))
    items: dict[str, Item] = {}
    for form in forms_of(session, set(hashes)).values():
        items |= {item.question: item for item in form.items if item.question not in items}
    words = house().registry.vocabulary
    return lambda code: _question_text(words, code, items.get(code))


def say_answer(row: AnswerRow | Answer) -> str:
    """An answer in words."""
    if row.na:
        return gettext("不适用")
    if row.yes is not None:
        return gettext("是") if row.yes else gettext("否")
    if row.rating is not None:
        return counted("%(n)s 分", n=row.rating)
    return f"{row.n}/{row.m}" if row.m is not None else str(row.count)


def next_sites(session: ScopedSession, actor: Actor, site: Site, on: date) -> list[tuple[UUID, str, str, date | None]]:
    """Sites to go on with: under the same subdistrict, due for a form, not visited today; the longest waiting first.

    Each as id, name, unit and the day of its last visit. Sites of the same unit come before the others.
    """
    last = (
        select(func.max(Visit.day))
        .where(Visit.tenant_id == session.tenant_id, Visit.site_id == Site.id, Visit.replaced_at.is_(None))
        .correlate(Site)
        .scalar_subquery()
    )
    above = select(UnitPath.ancestor_id).where(
        UnitPath.tenant_id == session.tenant_id, UnitPath.unit_id == site.unit_id, UnitPath.depth <= 1
    )
    near = select(UnitPath.unit_id).where(
        UnitPath.tenant_id == session.tenant_id, UnitPath.ancestor_id.in_(above), UnitPath.depth <= 1
    )
    typed = select(SiteKind.site_id).where(SiteKind.tenant_id == session.tenant_id, SiteKind.valid_to.is_(None))
    rows = session.execute(
        select(Site.id, Site.name, Unit.name, last.label("last"))
        .join(Unit, (Unit.tenant_id == Site.tenant_id) & (Unit.id == Site.unit_id))
        .where(
            Site.tenant_id == session.tenant_id,
            Site.state == "active",
            Site.id != site.id,
            Site.id.in_(typed),
            reaches_site(actor, VISIT, on),
            Site.unit_id.in_(near),
            func.coalesce(last, date(1900, 1, 1)) < on,
        )
        .order_by((Site.unit_id != site.unit_id), last.asc().nulls_first(), Site.pinyin, Site.id)
        .limit(NEXT)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
