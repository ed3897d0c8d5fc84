"""Visits (检查): one person at one site answers the forms of every campaign at once, in one transaction.

The id comes from the device: sending the same visit again changes nothing and is answered alike, another body under the
same id is a conflict. Answers are checked, forms frozen, points stored, findings opened with owners and deadlines.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.campaigns import Campaign
from core.errors import N_, Conflict
from core.work.bulk import Lot
from core.work.calendar import load_calendar
from core.work.dispatch.routing import owners_of
from core.work.inspection.entries import Setting, entry_rows
from core.work.inspection.opened_with import opened_plan
from core.work.inspection.site_then import site_then
from core.work.inspection.visit_again import note_again
from core.work.inspection.visit_dealing import check_again, check_photos
from core.work.inspection.visit_findings import Failure, Opening, failures_of, open_findings
from core.work.inspection.visit_ground import Ground, read_ground
from core.work.inspection.visit_input import CheckedVisit, VisitBody, check_body
from core.work.inspection.visit_photos import photo_files, photo_rows
from core.work.inspection.visit_plan import VisitPlan
from core.work.inspection.visit_rows import (
    Scored,
    enter_rows,
    freeze_forms,
    new_visit,
    score_visit,
    sheets_of,
    summary_of,
)
from core.work.inspection.visit_standing import basis_of, reached, round_of_visit, stamp_of_round, within_posts
from core.work.inspection.visit_timing import time_visit
from core.work.journal import line, record, seal_of
from core.work.proofs.doubts import look_at_spot, look_at_visit
from core.work.rounds.sealing import seal
from core.work.tables import Audit, File, Finding, Sheet, SheetEntry, Site, Visit
from tenants.access import Actor
from tenants.db import now as server_now

SUBMIT = "visit.submit"


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submission led to (提交结果); ``visit.summary`` holds the same as JSON, alike for every repetition.

    ``findings`` were opened, ``again`` were open and found still there.
    """

    visit: Visit
    findings: Sequence[Finding]
    sheets: Sequence[Sheet]
    again: Sequence[Finding] = ()
    replayed: bool = False


def submit(
    session: Session,
    actor: Actor,
    *,
    campaigns: Sequence[Campaign],
    visit_id: UUID,
    site_id: UUID,
    answers: Mapping[str, Mapping[str, Any]],
    photos: Mapping[str, Sequence[str]] | None = None,
    notes: Mapping[str, str] | None = None,
    severities: Mapping[str, str] | None = None,
    fixed: Mapping[str, Sequence[str]] | None = None,
    again: Mapping[str, Any] | None = None,
    forms: Sequence[str] = (),
    started_at: datetime | None = None,
    note: str = "",
    basis: str | None = None,
    finished_at: datetime | None = None,
    device_now: datetime | None = None,
    round_id: UUID | None = None,
    entries: Mapping[str, Any] | None = None,
    by: Actor | None = None,
    now: datetime | None = None,
) -> Submitted:
    """Submit one visit: ``answers``, ``photos`` (file ids or SHA-256), ``notes`` and ``severities`` are by question code.

    A failed question without a severity is ordinary. ``fixed`` are photos of what was put right on the spot (当场整改), with
    which its finding is closed at once; ``again`` names an open finding that is still there (仍未整改), instead of a second one.

    ``forms`` are the SHA-256 of those that the visit was opened with, when an edition may have changed since; ``campaigns``
    are the tenant's enabled ones; ``entries`` answer the questions beside the items, by form SHA-256. ``finished_at`` and
    ``device_now`` are by the phone's clock: see visit_timing. A visit for a secret ``round_id`` is born hidden with all that
    comes of it. ``by`` is who types it in for the ``actor`` who walked (paper_entry). Raises NotFound for a site or round out
    of reach, InvalidInput with every fault, Conflict for another body under the same id and a round that is not open.
    """
    said = (photos or {}, notes or {}, started_at, note, basis, severities or {}, fixed or {}, again or {}, forms)
    body = VisitBody(site_id, answers, *said, finished_at, round_id, entries or {})
    timing = time_visit(moment := now or server_now(), finished_at, device_now)
    ground = read_ground(session, actor, site_id, campaigns, timing.day, visit_id, round_id)
    if ground.is_entered and (earlier := _earlier(session, actor, visit_id, body.sha256())) is not None:
        return earlier
    of = round_of_visit(session, actor, round_id, site_id, timing.day)
    stamp = timing.stamp() | stamp_of_round(of) | {"basis": basis_of(actor, basis), "submitted_at": moment}
    with seal(session, of):
        return _take(session, actor, visit_id, body, ground, campaigns, stamp, by)


def _take(
    session: Session,
    actor: Actor,
    visit_id: UUID,
    body: VisitBody,
    ground: Ground,
    campaigns: Sequence[Campaign],
    stamp: Mapping[str, Any],
    by: Actor | None,
) -> Submitted:
    """Check a submission that is not there yet, and enter it; ``stamp`` is what the visit says of itself."""
    site, day, moment = reached(ground), stamp["day"], stamp["submitted_at"]
    campaigns = within_posts(session, actor, site, campaigns, day)
    began = body.started_at
    due = opened_plan(session, site, ground.types, campaigns, day, forms=body.forms, started_at=began)
    setting = Setting(stamp["finished_at"] or moment, began, actor.name)
    checked, files = _checked(session, actor, due, body, site, setting, moment)
    patrol_id = ground.patrol_id if by is None else None
    stood = {"patrol_id": patrol_id, "site_then": site_then(site, ground.types), "started_at": began}
    visit = new_visit(actor, visit_id, site, body.sha256(), note=checked.note, **stamp, **stood)
    sent = Sent(visit, site, campaigns, due, checked, score_visit(due, checked, site.attrs), files, ground.kept, by)
    return _enter(session, actor, sent, moment) or _lost_race(session, actor, visit_id, body.sha256())


def due_at_site(
    session: Session,
    actor: Actor,
    site_id: UUID,
    campaigns: Sequence[Campaign],
    on: date,
    *,
    forms: Sequence[str] = (),
    started_at: datetime | None = None,
) -> tuple[Site, VisitPlan]:
    """The site and what is due there today, for the page that asks; by the ``forms`` of a visit that was opened before.

    Raises NotFound when the site is out of the actor's reach, InvalidInput as ``opened_plan`` does.
    """
    ground = read_ground(session, actor, site_id, campaigns, on)
    site = reached(ground)
    campaigns = within_posts(session, actor, site, campaigns, on)
    return site, opened_plan(session, site, ground.types, campaigns, on, forms=forms, started_at=started_at)


def _checked(
    session: Session, actor: Actor, due: VisitPlan, body: VisitBody, site: Site, setting: Setting, now: datetime
) -> tuple[CheckedVisit, Mapping[str, File]]:
    """What was sent in, with its photos, when all of it holds. Raises InvalidInput."""
    checked = check_body(due, body, site.attrs, setting)
    check_again(session, actor, site.id, due, checked.again, now)
    files = photo_files(session, checked)
    check_photos(files, checked.photos, checked.fixed)
    return checked, files


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission that holds and is to be entered (待入库的检查); ``kept`` are definitions that need no freezing."""

    visit: Visit
    site: Site
    campaigns: Sequence[Campaign]
    due: VisitPlan
    checked: CheckedVisit
    scored: Scored
    files: Mapping[str, File]
    kept: Collection[str]
    by: Actor | None = None


def _enter(session: Session, actor: Actor, sent: Sent, now: datetime) -> Submitted | None:
    """Write everything that belongs to a visit; None when somebody was faster under its id."""
    visit, site = sent.visit, sent.site
    sheets = sheets_of(visit, sent.checked, sent.scored)
    failures = failures_of(sent.due, sent.checked, sent.scored)
    visit.summary = _summary(sent, sheets, [], {})
    said = {"site": str(site.id), "forms": [f"{s.campaign}/{s.form}" for s in sheets]}
    typist = sent.by or actor
    trail = (
        ()
        if failures
        else (Lot(Audit, [line(typist, SUBMIT, "visit", visit.id, **said, findings=0) | seal_of(session)]),)
    )
    if not enter_results(session, actor, visit, sent.checked, sent.scored, sheets, sent.files, sent.kept, trail):
        return None
    if not failures:
        return Submitted(visit, [], sheets)
    findings, again = _open(session, actor, sent, failures, now)
    visit.summary = _summary(sent, sheets, findings, again)
    record(session, typist, SUBMIT, "visit", visit.id, **said, findings=len(findings))
    session.flush()
    return Submitted(visit, findings, sheets, tuple(again.values()))


def _open(
    session: Session, actor: Actor, sent: Sent, failures: Sequence[Failure], now: datetime
) -> tuple[list[Finding], dict[str, Finding]]:
    """What failed: new findings, and those that were open and are there still, by question."""
    visit, checked, files = sent.visit, sent.checked, sent.files
    owners = owners_of(session, actor, sent.site, visit.day)
    fixed = {code: tuple({files[r].id: files[r] for r in refs}.values()) for code, refs in checked.fixed.items()}
    calendar = load_calendar(session, now)
    opening = Opening(visit, checked, sent.scored, owners, calendar, sent.campaigns, fixed)
    again = dict(note_again(session, actor, opening, failures, files, now))
    fresh = [failure for failure in failures if failure.question not in again]
    findings = open_findings(session, actor, opening, fresh, now)
    for one in findings:
        look_at_spot(session, one, fixed.get(one.question, ()), now, since=visit.started_at)
    look_at_visit(session, visit, [*findings, *again.values()], now)
    return findings, again


def _summary(
    sent: Sent, sheets: Sequence[Sheet], findings: Sequence[Finding], again: Mapping[str, Finding]
) -> dict[str, Any]:
    return summary_of(sent.visit, sheets, findings, again) | {"not_asked": list(sent.due.not_asked)}


def enter_results(
    session: Session,
    actor: Actor,
    visit: Visit,
    checked: CheckedVisit,
    scored: Scored,
    sheets: Sequence[Sheet],
    files: Mapping[str, File],
    kept: Collection[str] | None = None,
    beside: Iterable[Lot] = (),
) -> bool:
    """Write a visit with its sheets, answers, item results and photos, and freeze the forms that they were given on.

    False when somebody was faster under its id.
    """
    same = {"visit_id": visit.id, "hidden": visit.hidden}
    said = Lot(SheetEntry, entry_rows(checked.forms, checked.entered, files), same)
    lots = [photo_rows(visit, checked, files), said, *beside]
    if not enter_rows(session, actor, visit, checked, scored, sheets, lots):
        return False
    freeze_forms(session, actor, checked.forms, kept)
    return True


def _earlier(session: Session, actor: Actor, visit_id: UUID, digest: bytes) -> Submitted | None:
    """The visit that is already there under this id, when it is the same one of the same person."""
    visit = session.scalars(select(Visit).where(Visit.id == visit_id)).first()
    if visit is None:
        return None
    if visit.body_sha256 != digest or visit.person_id != actor.person_id:
        raise Conflict(N_("这个编号的检查已经提交过，内容不同；请核对，新的检查请用新的编号"))
    sheets = session.scalars(select(Sheet).where(Sheet.visit_id == visit_id).order_by(Sheet.campaign, Sheet.form)).all()
    findings = session.scalars(select(Finding).where(Finding.visit_id == visit_id).order_by(Finding.number)).all()
    return Submitted(visit, findings, sheets, replayed=True)


def _lost_race(session: Session, actor: Actor, visit_id: UUID, digest: bytes) -> Submitted:
    """The same visit was entered a moment ago by another request; it is committed, hence it can be read."""
    earlier = _earlier(session, actor, visit_id, digest)
    if earlier is None:  # it is there, but not for these eyes (a secret round)
        raise Conflict(N_("这个编号的检查已经提交过，内容不同；请核对，新的检查请用新的编号"))
    return earlier
