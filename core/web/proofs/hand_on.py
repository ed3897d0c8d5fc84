"""Handing items on, on the pages (转交整改): one or many to a contact, and what comes back: use it, ask again, take it back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, SanchengError
from core.request import actor, db, now, require, today
from core.web.errors import fault_map, say
from core.web.form_fields import id_of
from core.web.ledger.finding_words import say_refusal
from core.web.paging import read_id
from core.web.proofs.proof_words import say_contact
from core.work.loop.sight import sees_finding
from core.work.loop.standing import standing_of
from core.work.loop.states import LEADING
from core.work.proofs.contacts import list_contacts
from core.work.proofs.hand_ons import LONGEST, hand_on, judge_item, why_not_hand_on
from core.work.roles import ANSWER
from core.work.tables import Finding, HandOn

blueprint = Blueprint("hand_on", __name__, url_prefix="/t/<slug>/hand-on")
blueprint.before_request(asked.enter)

MOST = 100  # findings in one go
DONE = {
    "accepted": N_("已采用对方的照片：核对后提交整改结果"),
    "sent_back": N_("已退回，对方会看到请再处理"),
    "withdrawn": N_("已收回"),
}


@blueprint.get("")
@require(ANSWER)
def ask() -> str:
    """Which findings, to whom, with what words."""
    return _form(request.args.getlist("finding"), request.args.get("contact", ""))


@blueprint.post("/choose")
@require(ANSWER)
def choose() -> AnyResponse:
    """Findings were ticked in a list: go on to the form with them."""
    ids = [str(read_id(one, "id")) for one in request.form.getlist("id")[:MOST]]
    return redirect(url_for("hand_on.ask", finding=ids), 303)


@blueprint.post("")
@require(ANSWER)
def send() -> AnyResponse | tuple[str, int]:
    """Hand them on; the contact's page then offers the link."""
    said = request.form
    try:
        contact, wanted = _chosen()
        made = hand_on(db(), actor(), wanted, contact, asked=said.get("asked", ""), now=now())
    except (InvalidInput, Conflict, Forbidden) as error:
        return _form(said.getlist("finding"), said.get("contact", ""), error), error.status
    flash(gettext("已转交 %(n)s 件；整改责任仍在您单位", n=len(made)), "success")
    return redirect(url_for("contacts.show", contact_id=contact), 303)


def _chosen() -> tuple[UUID, list[UUID]]:
    """Whom and what the form names. Raises InvalidInput."""
    contact, ids = id_of(request.form, "contact"), request.form.getlist("finding")
    if contact is None:
        raise InvalidInput(faults=[Fault(N_("没有选联系人"), "contact", remedy=N_("请先登记联系人，再选一个"))])
    if len(ids) > MOST:
        remedy, params = N_("一次最多 {most} 件"), {"most": MOST}
        raise InvalidInput(faults=[Fault(N_("选得太多"), "findings", None, str(len(ids)), "", remedy, params)])
    return contact, [read_id(one, "finding") for one in ids]


def _form(ids: list[str], contact: str, error: SanchengError | None = None) -> str:
    wanted = [read_id(one, "finding") for one in ids[:MOST]]
    query = select(Finding).where(Finding.id.in_(wanted), sees_finding(actor(), today())).order_by(Finding.due_at)
    seen = db().scalars(query).all()
    reasons = why_not_hand_on(db(), actor(), seen, now()) if seen else {}
    able = [one for one in seen if one.id not in reasons]
    here, contacts = _contacts({one.site_id for one in able})
    return render_template(
        "contacts/hand_on.html",
        findings=able,
        refused=[(one, gettext(reasons[one.id])) for one in seen if one.id in reasons],
        contacts=contacts,
        chosen=contact or (here[0] if len(here) == 1 else ""),
        site_id=next((one.site_id for one in able if one.site_id), None),
        said=request.form,
        faults=fault_map(error) if error else {},
        refusal=(say_refusal(error) if isinstance(error, Conflict) else say(error))
        if error and not error.faults
        else "",
        longest=LONGEST,
    )


def _contacts(sites: set[UUID | None]) -> tuple[list[str], list[tuple[str, str]]]:
    """The contacts to choose from, those of the findings' own sites first, and which these are."""
    rows = [row.contact for row in list_contacts(db(), actor(), now())]
    own = {one.id for one in rows if one.site_id is not None and one.site_id in sites}
    rows.sort(key=lambda one: one.id not in own)
    here = gettext("本点位")
    said = {one.id: [one.name, say_contact(one.kind), *([here] if one.id in own else [])] for one in rows}
    ids = [str(one.id) for one in rows if one.id in own]
    return ids, [(str(one.id), " · ".join(said[one.id])) for one in rows]


@blueprint.post("/<uuid:hand_on_id>/judge")
@require(ANSWER)
def judge(hand_on_id: UUID) -> AnyResponse:
    """Use an answer, send it back, or take the item back; using it opens the answer's form with its photos."""
    verdict = request.form.get("verdict", "")[:20]
    row = db().scalars(select(HandOn).where(HandOn.id == hand_on_id)).first()
    seen = select(Finding).where(Finding.id == row.finding_id, sees_finding(actor(), today())) if row else None
    finding = db().scalars(seen).first() if seen is not None else None
    if row is None or finding is None:
        raise NotFound
    back = url_for("finding.show", finding_id=finding.id)
    try:
        judge_item(db(), actor(), hand_on_id, verdict, note=request.form.get("note", ""), now=now())
    except (InvalidInput, Conflict) as error:
        flash(gettext("；").join(fault_map(error).values()) or say_refusal(error), "error")
        return redirect(f"{back}#hand-on", 303)
    flash(gettext(DONE[verdict]), "success")
    if verdict != "accepted":
        return redirect(f"{back}#hand-on", 303)
    leads = LEADING in standing_of(db(), actor(), finding, today()).parties
    verb = "answer" if leads else "finish_part"
    return redirect(url_for("finding.show", finding_id=finding.id, do=verb, hand_on=hand_on_id) + "#act", 303)
