"""The forms of a submitted visit (原检查表): as they were frozen, so that a correction is scored by the same edition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.campaigns import Campaign, Form, edition_from_body, form_from_body
from core.errors import N_, Conflict
from core.work.inspection.visit_plan import PlannedForm
from core.work.tables import Definition, Sheet


def forms_of_visit(session: Session, sheets: Sequence[Sheet], campaigns: Sequence[Campaign]) -> list[PlannedForm]:
    """The forms behind some sheets, of the enabled ``campaigns``. Raises Conflict when one of them is suspended."""
    running = {one.key: one for one in campaigns}
    if any(sheet.campaign not in running for sheet in sheets):
        raise Conflict(N_("这次检查含有已停用的创建项目的检查表，恢复启用后才能更正"))
    then = {s.campaign: as_it_was(session, running[s.campaign], s.edition_sha256) for s in sheets}
    return [PlannedForm(then[s.campaign], _form(session, then[s.campaign], s.form, s.form_sha256)) for s in sheets]


def _form(session: Session, then: Campaign, code: str, sha256: str) -> Form:
    """A form by its hash: the edition's, or a version that the district has published since or before."""
    edition = then.edition
    known = next((f for f in (*edition.forms, *edition.all_forms) if f.sha256 == sha256), None)
    if known is not None:
        return known
    body = session.scalar(select(Definition.body).where(Definition.sha256 == sha256, Definition.kind == "form"))
    return form_from_body(body) if body else then.edition.form(code)


def as_it_was(session: Session, campaign: Campaign, edition_sha256: str) -> Campaign:
    """The campaign with the edition that was in force at a visit: the current one, the package's, or the one frozen here."""
    if campaign.edition.sha256 == edition_sha256:
        return campaign
    shipped = next((one for one in campaign.shipped if one.sha256 == edition_sha256), None)
    if shipped is not None:
        return replace(campaign, editions=(shipped,))
    body = session.scalars(select(Definition.body).where(Definition.sha256 == edition_sha256)).one()
    return replace(campaign, editions=(replace(edition_from_body(body), subjects=campaign.subject_forms),))
