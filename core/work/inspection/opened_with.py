"""The forms that a visit was opened with (打开时的检查表): what the inspector saw is what he answered, whatever came in force since.

A phone may open a visit before a switch of editions and send it after. The submission names its forms by hash; those that are
in force no more are taken from the definitions kept here, and the visit is checked and stored by them. What the forms in force
newly ask was not asked then: it is not assessed, and the visit says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from core.campaigns import Campaign, Form, form_from_body
from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.editions.choices import IN_FORCE
from core.work.inspection.visit_forms import as_it_was
from core.work.inspection.visit_plan import PlannedForm, VisitPlan, plan, plan_of
from core.work.tables import Definition, EnabledEdition, OwnForm, Site, SiteKind
from core.work.wording import shown
from tenants.models import EnabledCampaign

FIELD = "forms"
LONG_AGO = date(2000, 1, 1)  # no phone was opened before
REMEDY = N_("已填的内容都在；请按现在的检查表核对后再提交")
STRANGE = N_("这里从没用过这张检查表")
NEVER = N_("这张检查表的版本没有在这里用过")
STOPPED = N_("这张检查表的创建项目没有启用，或不归您检查")
ELSEWHERE = N_("这张检查表不是这个点位的")
MIXED = N_("这张检查表和同项目的其他检查表不是一个在用版本")


def opened_plan(
    session: Session,
    site: Site,
    types: Iterable[str],
    campaigns: Sequence[Campaign],
    on: date,
    *,
    forms: Sequence[str] = (),
    started_at: datetime | None = None,
) -> VisitPlan:
    """What a visit answers: what is due at a site of some types, or the ``forms`` (SHA-256) that it was opened with.

    Such a form must be, or have been, in force here for one of the ``campaigns``, and suit the site today or on the day of
    ``started_at``. Raises InvalidInput with a fault for each that does not.
    """
    due = plan(types, campaigns)
    named = tuple(dict.fromkeys(forms))
    chosen = [planned for planned in due.forms if planned.form.sha256 in named]
    if not named or len(chosen) == len(named):  # all of them are due now
        return due if len(chosen) in (0, len(due.forms)) else plan_of(chosen)
    found = {one.form.sha256: one for one in _named(session, campaigns, frozenset(named), on)}
    places = _places(session, site, started_at, on)
    faults = [_unknown(session, sha256, campaigns, found.values()) for sha256 in named if sha256 not in found]
    strange = [one for one in found.values() if not places.intersection(one.form.site_types)]
    faults += [_fault(ELSEWHERE, one.form.sha256, one.form.code) for one in strange]
    if faults:
        raise InvalidInput(faults=faults)
    opened = plan_of(found.values())
    return replace(opened, not_asked=_not_asked(due, opened, campaigns))


def _named(session: Session, campaigns: Sequence[Campaign], named: frozenset[str], on: date) -> Iterator[PlannedForm]:
    """The forms behind some hashes: of each campaign those of one edition, the latest of those in force that has most of them.

    Versions that the district had published stand beside each: they keep what their edition scores.
    """
    own = _own(session, named)
    for campaign in campaigns:
        best: list[PlannedForm] = []
        for sha256 in dict.fromkeys((campaign.edition.sha256, *_in_force(session, campaign.key, on))):
            then = as_it_was(session, campaign, sha256)
            known = (*then.edition.forms, *then.edition.subjects, *own.get(campaign.key, ()))
            forms = {form.sha256: form for form in known}
            mine = [PlannedForm(then, form) for key, form in forms.items() if key in named]
            best = mine if len(mine) > len(best) else best
        yield from best


def _own(session: Session, named: frozenset[str]) -> dict[str, list[Form]]:
    """The district's own versions among some hashes, by campaign: those that were in use on some day."""
    used = OwnForm.sha256.in_(named), OwnForm.published_at.is_not(None)
    rows = session.execute(select(OwnForm.campaign, Definition.body).join(Definition, _KEPT).where(*used))
    found: dict[str, list[Form]] = {}
    for campaign, body in rows:
        found.setdefault(campaign, []).append(form_from_body(body))
    return found


_KEPT = and_(Definition.tenant_id == OwnForm.tenant_id, Definition.sha256 == OwnForm.sha256, Definition.kind == "form")


def _in_force(session: Session, campaign: str, on: date) -> list[str]:
    """The hashes of the editions that were in force here on some day until ``on``, the latest first.

    One that was chosen and replaced on the same day held for some hours: phones may have opened visits with it.
    """
    mine = (EnabledEdition.campaign == campaign, EnabledEdition.role == IN_FORCE, EnabledEdition.valid_from <= on)
    newest = (EnabledEdition.valid_from.desc(), EnabledEdition.id.desc())
    rows = session.scalars(select(EnabledEdition).where(*mine).order_by(*newest))
    chosen = [r.sha256 for r in rows if r.valid_to != r.valid_from or local_day(r.chosen_at) == r.valid_from]
    first = session.scalars(select(EnabledCampaign.edition_sha256).where(EnabledCampaign.campaign == campaign))
    return list(dict.fromkeys([*chosen, *first]))


def _places(session: Session, site: Site, started_at: datetime | None, on: date) -> frozenset[str]:
    """The types that the site has today, and those that it had when the visit was opened."""
    opened = on
    if started_at is not None and started_at.tzinfo is not None and LONG_AGO < started_at.date() < on:
        opened = local_day(started_at)
    held = valid_on(SiteKind, on) | valid_on(SiteKind, opened)
    return frozenset(session.scalars(select(SiteKind.site_type).where(SiteKind.site_id == site.id, held)))


def _not_asked(due: VisitPlan, opened: VisitPlan, campaigns: Sequence[Campaign]) -> tuple[str, ...]:
    """The questions that are due now and were not in the forms, of campaigns whose edition changed since."""
    now = {f.sha256 for one in campaigns for f in (*one.edition.forms, *one.edition.all_forms)}
    moved = {planned.campaign.key for planned in opened.forms if planned.form.sha256 not in now}
    return tuple(
        code
        for code, one in due.questions.items()
        if code not in opened.questions and any(item.campaign.key in moved for item in one.items)
    )


def _unknown(session: Session, sha256: str, campaigns: Sequence[Campaign], found: Iterable[PlannedForm]) -> Fault:
    """Why a form is not taken: unknown here, beside another edition's, of one that never held, or of a campaign not visited for."""
    mine = (Definition.sha256 == sha256, Definition.kind == "form")
    row = session.execute(select(Definition.code, Definition.campaign).where(*mine)).first()
    if row is None:
        return _fault(STRANGE, sha256, "")
    if row.campaign in {one.campaign.key for one in found}:
        return _fault(MIXED, sha256, row.code)
    return _fault(NEVER if row.campaign in {one.key for one in campaigns} else STOPPED, sha256, row.code)


def _fault(message: str, sha256: str, code: str) -> Fault:
    return Fault(message, FIELD, value=shown(sha256)[:12], where=code, remedy=REMEDY)
