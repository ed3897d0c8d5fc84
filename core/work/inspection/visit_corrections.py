"""Corrects a submitted visit (检查更正) with its history: a new version takes its place, the old one stays readable.

Whoever visited may correct within three days (ours), what is still a secret until its release, the HQ office at any time. Place, day, forms, person and basis stay
those of the first version. What was found then and is not found now is cancelled in the ledger, what is found now only is
opened, and what fails in both versions keeps its finding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.campaigns import Campaign
from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.calendar import ZONE, local_day
from core.work.inspection.entries import Setting
from core.work.inspection.site_then import attrs_then
from core.work.inspection.visit_amending import Amended, amend_findings, still_said
from core.work.inspection.visit_forms import forms_of_visit
from core.work.inspection.visit_input import CheckedVisit, VisitBody, check_body
from core.work.inspection.visit_photos import photo_files
from core.work.inspection.visit_plan import VisitPlan, plan_of
from core.work.inspection.visit_rows import new_visit, score_visit, sheets_of, summary_of
from core.work.inspection.visit_versions import Version, is_same, version_of
from core.work.inspection.visits import Submitted, enter_results
from core.work.journal import record, sealed
from core.work.loop.sight import sees_visit
from core.work.roles import DIRECT, VISIT
from core.work.rounds.clearance import hold_round, is_member
from core.work.tables import File, Finding, ItemResult, Sheet, Site, Visit
from core.work.wording import read_text
from tenants.access import Actor, may
from tenants.db import now as server_now
from tenants.models import Person

DAYS = 3  # calendar days after the visit in which its own inspector may correct it (ours)
TAKEN = N_("这个编号的检查已经提交过，内容不同；请核对，新的检查请用新的编号")


@dataclass(frozen=True, slots=True)
class Correcting:
    """A visit that the actor may correct now (待更正的检查): its site, and the questions of the forms it answered."""

    visit: Visit
    site: Site
    plan: VisitPlan
    version: Version

    @property
    def attrs(self) -> Mapping[str, Any]:
        """The site's attributes as they were."""
        return attrs_then(self.visit, self.site)

    @property
    def entries(self) -> Mapping[str, Mapping[str, Any]]:
        """What was said to the questions beside the items, by form SHA-256 as it is sent."""
        return {
            planned.form.sha256: self.version.entries[planned.key]
            for planned in self.plan.forms
            if planned.key in self.version.entries
        }


def correct(
    session: Session,
    actor: Actor,
    visit_id: UUID,
    *,
    campaigns: Sequence[Campaign],
    new_visit_id: UUID,
    answers: Mapping[str, Mapping[str, Any]],
    photos: Mapping[str, Sequence[str]] | None = None,
    notes: Mapping[str, str] | None = None,
    severities: Mapping[str, str] | None = None,
    note: str = "",
    reason: str,
    entries: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Submitted:
    """Put a corrected version in a visit's place: the whole form again, with the reason.

    What fails still and has no severity here keeps its finding's; without ``entries`` those of the old version stay. ``campaigns`` are the tenant's enabled ones; ``new_visit_id`` comes from the device, the same correction sent twice is
    answered alike. Raises NotFound, Forbidden, InvalidInput with every fault, Conflict when the visit was corrected
    already (it names the newer version) or one of its campaigns is suspended.
    """
    moment = now or server_now()
    visit = _find(session, actor, visit_id, moment)
    if visit.hidden and visit.round_id is not None:
        hold_round(session, visit.round_id)  # it may have been released a moment ago
        visit = _find(session, actor, visit_id, moment)
    fixed = (visit.started_at, note, visit.basis)
    body = VisitBody(visit.site_id, answers, photos or {}, notes or {}, *fixed, severities or {}, entries=entries or {})
    digest = hashlib.sha256(body.sha256() + visit.id.bytes + reason.strip().encode("utf-8", "surrogatepass")).digest()
    earlier = _earlier(session, new_visit_id, visit.id, digest)
    if earlier is not None:
        return earlier
    with sealed(session, visit.round_id if visit.hidden else None):
        said = (new_visit_id, digest, reason)
        return _replace(session, actor, visit, body, said, campaigns, moment, is_kept=entries is None)


def _replace(
    session: Session,
    actor: Actor,
    visit: Visit,
    body: VisitBody,
    said: tuple[UUID, bytes, str],
    campaigns: Sequence[Campaign],
    moment: datetime,
    *,
    is_kept: bool,
) -> Submitted:
    """Check what the correction says, and put it in the visit's place; ``said`` is its id, its hash and the reason."""
    new_visit_id, digest, reason = said
    old = may_correct(session, actor, visit.id, campaigns=campaigns, now=moment)
    body = replace(body, entries=old.entries) if is_kept else body
    checked, files, why = _check(session, old, body, reason)
    if not _claim_old(session, old.visit, moment):
        earlier = _earlier(session, new_visit_id, visit.id, digest)
        if earlier is None:
            raise _corrected(session, old.visit)
        return earlier
    new = new_visit(actor, new_visit_id, old.site, digest, **_kept(old.visit), note=checked.note)
    scored = score_visit(old.plan, checked, old.attrs)
    failed = _failed(session, old.visit)
    amended = Amended(old.visit, new, old.site, old.plan, checked, scored, campaigns, failed, why)
    return _enter(session, actor, amended, files, moment)


def _enter(session: Session, actor: Actor, amended: Amended, files: Mapping[str, File], now: datetime) -> Submitted:
    """Write the new version, carry its findings over, and keep with it who corrected what and why."""
    new = amended.new
    sheets = sheets_of(new, amended.checked, amended.scored)
    if not enter_results(session, actor, new, amended.checked, amended.scored, sheets, files):
        raise Conflict(TAKEN)
    kept, cancelled, opened = amend_findings(session, actor, amended, now)
    moved = {"kept": kept, "cancelled": cancelled, "opened": opened}
    said = {"by": actor.name, "by_id": str(actor.person_id), "reason": amended.reason, "at": now.isoformat()}
    said["replaces"] = str(amended.old.id)
    correction = said | {name: [str(f.id) for f in found] for name, found in moved.items()}
    new.summary = summary_of(new, sheets, [*kept, *opened]) | {"correction": correction}
    if missed := amended.old.summary.get("not_asked"):
        new.summary |= {"not_asked": missed}
    if paper := amended.old.summary.get("paper"):  # who typed the sheet in, see paper_entry
        new.summary |= {"paper": paper}
    if standing := still_said(session, actor, amended, now):
        new.summary |= {"again": standing}
    counts = {name: len(found) for name, found in moved.items()}
    record(session, actor, "visit.correct", "visit", new.id, replaces=str(amended.old.id), **counts)
    session.flush()
    return Submitted(new, [*kept, *opened], sheets)


def may_correct(
    session: Session, actor: Actor, visit_id: UUID, *, campaigns: Sequence[Campaign], now: datetime
) -> Correcting:
    """The visit with its forms as they were answered, when the actor may correct it now.

    Raises NotFound (out of reach), Forbidden (not his, or too late), Conflict (corrected already, or a campaign of it is
    suspended).
    """
    visit = _find(session, actor, visit_id, now)
    sheets = session.scalars(select(Sheet).where(Sheet.visit_id == visit.id).order_by(Sheet.campaign, Sheet.form)).all()
    _check_person(session, actor, visit, {sheet.campaign for sheet in sheets}, now)
    if visit.replaced_at is not None:
        raise _corrected(session, visit)
    site = session.get_one(Site, (visit.tenant_id, visit.site_id))
    return Correcting(visit, site, plan_of(forms_of_visit(session, sheets, campaigns)), version_of(session, visit))


def permits(session: Session, actor: Actor, visit: Visit, campaigns: Sequence[str], now: datetime) -> bool:
    """Whether the actor may correct a visit now, for its button."""
    try:
        _check_person(session, actor, visit, set(campaigns), now)
    except Forbidden:
        return False
    return visit.replaced_at is None


def _find(session: Session, actor: Actor, visit_id: UUID, now: datetime) -> Visit:
    query = select(Visit).where(Visit.id == visit_id, sees_visit(actor, local_day(now)))
    visit = session.scalars(query, execution_options={"populate_existing": True}).first()
    if visit is None:
        raise NotFound
    return visit


def _check_person(session: Session, actor: Actor, visit: Visit, campaigns: set[str], now: datetime) -> None:
    """The HQ office always, the inspector himself for some days. Raises Forbidden saying which it is."""
    today = local_day(now)
    if all(may(session, actor, DIRECT, visit.unit_id, today, campaign=key) for key in campaigns):
        return
    in_round = visit.round_id is not None and is_member(session, actor, visit.round_id)
    if visit.person_id != actor.person_id or not (in_round or may(session, actor, VISIT, visit.unit_id, today)):
        raise Forbidden(N_("只有检查人本人或创建办可以更正这次检查"))
    if not visit.hidden and (today - visit.day).days > DAYS:  # what nobody was told of yet may be put right until then
        raise Forbidden(N_("检查已过 {days} 天，只能由创建办更正"), days=DAYS)


def _earlier(session: Session, new_visit_id: UUID, visit_id: UUID, digest: bytes) -> Submitted | None:
    """The correction that is already there under this id, when it is the same one."""
    made = session.scalars(select(Visit).where(Visit.id == new_visit_id)).first()
    if made is None:
        return None
    if made.replaces_id != visit_id or made.body_sha256 != digest:
        raise Conflict(TAKEN)
    sheets = session.scalars(select(Sheet).where(Sheet.visit_id == made.id).order_by(Sheet.campaign, Sheet.form)).all()
    findings = session.scalars(select(Finding).where(Finding.visit_id == made.id).order_by(Finding.number)).all()
    return Submitted(made, findings, sheets, replayed=True)


def _check(
    session: Session, old: Correcting, body: VisitBody, reason: str
) -> tuple[CheckedVisit, Mapping[str, File], str]:
    """The corrected version with its photos and its reason, checked. Raises InvalidInput with all faults at once."""
    faults: list[Fault] = []
    why = read_text(reason, "reason", faults)
    if not why and not faults:
        faults.append(Fault(N_("缺少更正原因"), "reason", remedy=N_("请写明为什么更正；原来的检查会保留")))
    try:
        checked = check_body(old.plan, body, old.attrs, _setting(session, old.visit))
    except InvalidInput as error:
        raise InvalidInput(faults=[*faults, *error.faults]) from error
    missing = [p for p in old.plan.forms if p.key not in {form.key for form in checked.forms}]
    remedy = N_("更正要答完原来答过的每一张检查表")
    faults += [Fault(N_("这张检查表没有答"), "answers", where=p.form.code, remedy=remedy) for p in missing]
    files = photo_files(session, checked)
    if not faults and is_same(old.version, checked, files):
        faults.append(Fault(N_("和原来的检查完全一样"), "answers", remedy=N_("请改正有误的地方，再提交")))
    if faults:
        raise InvalidInput(faults=faults)
    return checked, files, why


def _setting(session: Session, visit: Visit) -> Setting:
    """The forms are filled in as of the visit, not as of its correction."""
    who = session.scalar(select(Person.name).where(Person.id == visit.person_id)) or ""
    return Setting(visit.finished_at or visit.submitted_at, visit.started_at, who)


def _claim_old(session: Session, visit: Visit, now: datetime) -> bool:
    """Mark the version as replaced, once; False for who comes second."""
    done = session.execute(
        update(Visit)
        .where(Visit.tenant_id == visit.tenant_id, Visit.id == visit.id, Visit.replaced_at.is_(None))
        .values(replaced_at=now)
        .returning(Visit.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(visit)
    return done is not None


def _corrected(session: Session, visit: Visit) -> Conflict:
    newer = session.scalars(
        select(Visit).where(Visit.site_id == visit.site_id, Visit.day == visit.day, Visit.replaces_id == visit.id)
    ).one()
    return Conflict(
        N_("{who}已于 {when} 更正过这次检查，请在新的版本上更正"),
        who=newer.summary["correction"]["by"],
        when=datetime.fromisoformat(newer.summary["correction"]["at"]).astimezone(ZONE).strftime("%m-%d %H:%M"),
        newer=str(newer.id),
    )


def _kept(visit: Visit) -> dict[str, Any]:
    """What a new version keeps of the old: everything but what was observed. Its moment is that of the visit."""
    names = ["person_id", "unit_id", "basis", "day", "started_at", "submitted_at", "patrol_id", "hidden", "site_then"]
    names += ["round_id", "finished_at", "device_skew_seconds", "arrival"]
    return {name: getattr(visit, name) for name in names} | {"replaces_id": visit.id}


def _failed(session: Session, visit: Visit) -> frozenset[str]:
    """The questions that failed in a version."""
    failed = select(ItemResult.question).where(ItemResult.visit_id == visit.id, ItemResult.outcome == "fail")
    return frozenset(session.scalars(failed.distinct()))
