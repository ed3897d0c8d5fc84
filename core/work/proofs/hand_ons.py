"""Hands an item on to somebody without an account (转交整改): the sender stays responsible; what comes back is his material."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.inspection.photos import store
from core.work.journal import record
from core.work.loop.announcing import params_of
from core.work.loop.ledger import act_by_system
from core.work.loop.sight import sees_finding
from core.work.loop.standing import standing_of, standings_of
from core.work.loop.states import ASSISTING, LEADING, STATES, WITH_UNIT
from core.work.loop.step_input import MOST_PHOTOS
from core.work.loop.system_lines import write_line
from core.work.papers.notes import tell
from core.work.proofs.contacts import get_contact
from core.work.proofs.hand_on_items import OPEN
from core.work.tables import Contact, ContactLink, Finding, HandOn
from core.work.wording import read_text
from tenants.access import Actor, TenantRef
from tenants.scope import ScopedSession

ANSWERED = N_("{contact} 已答复转交的问题 {number}「{title}」，请确认")
RESTRICTED_STAYS = N_("限定范围的问题不能转交给外部联系人")
NOT_YOURS = N_("只有牵头或协办单位可以转交")
LONGEST = 300
STATE_TITLES: dict[str, tuple[str, str]] = {
    "sent": (N_("已转交"), "Handed on"),
    "answered": (N_("已回复"), "Answered"),
    "accepted": (N_("已采用"), "Accepted"),
    "sent_back": (N_("请再处理"), "Sent back"),
    "withdrawn": (N_("已收回"), "Withdrawn"),
}


def hand_on(
    session: ScopedSession, actor: Actor, finding_ids: Sequence[UUID], contact_id: UUID, *, asked: str, now: datetime
) -> list[HandOn]:
    """Hand one or many findings on to a contact (转交), one open item each; a line in each history says so.

    Raises NotFound, Forbidden (not the leading or a helping unit), Conflict (not with the unit now) and InvalidInput.
    """
    contact = get_contact(session, actor, contact_id, now)
    if contact.state != "active":
        raise Conflict(N_("这个联系人已停用"))
    faults: list[Fault] = []
    said = read_text(asked, "asked", faults, LONGEST)
    if not finding_ids:
        faults.append(Fault(N_("没有选问题"), "findings", remedy=N_("请至少选一件")))
    if faults:
        raise InvalidInput(faults=faults)
    made = []
    for finding_id in dict.fromkeys(finding_ids):
        finding = _mine(session, actor, finding_id, now)
        if finding.restricted or finding.hidden:
            raise Conflict(RESTRICTED_STAYS)
        # The line of history first: it takes the finding's row, so that two who hand on at once do so one after the other.
        said_so = write_line("handed_on", contact=contact.name)
        act_by_system(session, finding.id, "note", person=actor, now=now, **said_so)
        if session.scalar(select(HandOn.id).where(HandOn.finding_id == finding.id, HandOn.state.in_(OPEN)).limit(1)):
            raise Conflict(N_("{number} 已经转交，还没有回复；可先收回"), number=finding.number or "")
        row = HandOn(
            finding_id=finding.id,
            contact_id=contact.id,
            person_id=actor.person_id,
            asked=said,
            hidden=finding.hidden,
            created_at=now,
        )
        session.add(row)
        made.append(row)
    session.flush()
    record(session, actor, "hand_on.send", "contact", contact.id, items=len(made))
    return made


def answer_item(
    session: ScopedSession,
    tenant: TenantRef,
    link: ContactLink,
    contact: Contact,
    hand_on_id: UUID,
    *,
    note: str,
    photos: Sequence[bytes],
    files: Path,
    now: datetime,
) -> HandOn:
    """A contact's answer to one item (回复): photos are needed. They are kept under the sender, who stays responsible.

    Raises NotFound (not his), Conflict (answered or withdrawn already) and InvalidInput.
    """
    row = session.scalars(
        select(HandOn).where(HandOn.id == hand_on_id, HandOn.contact_id == contact.id).with_for_update(),
        execution_options={"populate_existing": True},
    ).first()
    finding = session.get(Finding, (session.tenant_id, row.finding_id), populate_existing=True) if row else None
    if row is None or finding is None or finding.restricted or finding.hidden:
        raise NotFound
    if row.state not in OPEN or finding.state not in WITH_UNIT:
        raise Conflict(N_("这一项已经回复或收回，不用再处理"))
    faults: list[Fault] = []
    said = read_text(note, "note", faults, LONGEST)
    if not photos or len(photos) > MOST_PHOTOS:
        remedy = N_("请拍 1 到 {most} 张处理后的照片")
        faults.append(Fault(N_("照片张数不对"), "photos", None, str(len(photos)), "", remedy, {"most": MOST_PHOTOS}))
    if faults:
        raise InvalidInput(faults=faults)
    sender = Actor(tenant=tenant, person_id=link.person_id, name=contact.name, duties=())
    kept = [store(session, sender, data, files=files, now=now, contact_name=contact.name) for data in photos]
    row.state, row.note, row.answered_at = "answered", said, now
    row.photos = list(dict.fromkeys(str(one.id) for one in kept))
    row.version += 1
    act_by_system(session, row.finding_id, "note", now=now, **write_line("contact_answered", contact=contact.name))
    _tell_sender(session, row, contact, now)
    session.flush()
    return row


def _tell_sender(session: ScopedSession, row: HandOn, contact: Contact, now: datetime) -> None:
    """Tell the sender that his contact has answered; of what was handed on, nothing is restricted."""
    finding = session.get_one(Finding, (session.tenant_id, row.finding_id))
    tell(
        session,
        person_ids=[row.person_id],
        kind="hand_on.answered",
        text=ANSWERED,
        params=params_of(finding) | {"contact": contact.name},
        object_kind="finding",
        object_id=finding.id,
        now=now,
        restricted=finding.restricted,
    )


def judge_item(
    session: ScopedSession, actor: Actor, hand_on_id: UUID, verdict: str, *, note: str = "", now: datetime
) -> HandOn:
    """The sender's unit takes an answer over, sends it back or withdraws the item (采用、退回、收回).

    ``verdict``: accepted, sent_back, withdrawn. Raises NotFound, Forbidden, Conflict.
    """
    row = session.scalars(
        select(HandOn).where(HandOn.id == hand_on_id).with_for_update(), execution_options={"populate_existing": True}
    ).first()
    if row is None:
        raise NotFound
    _mine(session, actor, row.finding_id, now, any_state=True)
    wanted = {"accepted": ("answered",), "sent_back": ("answered",), "withdrawn": (*OPEN, "answered")}
    if verdict not in wanted or row.state not in wanted[verdict]:
        raise Conflict(N_("转交事项目前是“{state}”，不能这样处理"), state=STATE_TITLES[row.state][0])
    row.state, row.version = verdict, row.version + 1
    if verdict == "sent_back":
        faults: list[Fault] = []
        row.asked = read_text(note, "note", faults, LONGEST) or row.asked
        if faults:
            raise InvalidInput(faults=faults)
    record(session, actor, f"hand_on.{verdict}", "finding", row.finding_id)
    session.flush()
    return row


def items_beside(session: Session, finding_id: UUID) -> list[tuple[HandOn, Contact]]:
    """What was handed on of one finding, for its page."""
    rows = session.execute(
        select(HandOn, Contact)
        .join(Contact, (Contact.tenant_id == HandOn.tenant_id) & (Contact.id == HandOn.contact_id))
        .where(HandOn.finding_id == finding_id)
        .order_by(HandOn.created_at.desc(), HandOn.id)
    )
    return [(row, contact) for row, contact in rows]


def handed_to(
    session: Session, actor: Actor, contact_id: UUID, now: datetime, *, limit: int = 100
) -> list[tuple[HandOn, Finding]]:
    """What was handed on to one contact, newest first, as far as the actor sees the findings."""
    rows = session.execute(
        select(HandOn, Finding)
        .join(Finding, (Finding.tenant_id == HandOn.tenant_id) & (Finding.id == HandOn.finding_id))
        .where(HandOn.contact_id == contact_id, sees_finding(actor, local_day(now)))
        .order_by(HandOn.created_at.desc(), HandOn.id)
        .limit(limit)
    )
    return [(row, finding) for row, finding in rows]


def withdraw_settled(session: ScopedSession) -> int:
    """Withdraw open items whose findings no longer wait for their unit; for the nightly job."""
    gone = select(Finding.id).where(Finding.tenant_id == session.tenant_id, Finding.state.not_in(WITH_UNIT))
    done = session.execute(
        update(HandOn)
        .where(HandOn.tenant_id == session.tenant_id, HandOn.state.in_(OPEN), HandOn.finding_id.in_(gone))
        .values(state="withdrawn", version=HandOn.version + 1)
        .returning(HandOn.id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())


def why_not_hand_on(session: Session, actor: Actor, findings: Sequence[Finding], now: datetime) -> dict[UUID, str]:
    """Of some findings that the actor sees, why he may not hand them on; those that he may are left out (three queries)."""
    parties = standings_of(session, actor, findings, local_day(now))
    out = select(HandOn.finding_id).where(HandOn.finding_id.in_([one.id for one in findings]), HandOn.state.in_(OPEN))
    waiting = set(session.scalars(out))
    found = {}
    for one in findings:
        if one.restricted or one.hidden:
            found[one.id] = RESTRICTED_STAYS
        elif not {LEADING, ASSISTING} & parties[one.id].parties:
            found[one.id] = NOT_YOURS
        elif one.state not in WITH_UNIT:
            found[one.id] = N_("现在不在整改中")
        elif one.id in waiting:
            found[one.id] = N_("已经转交，还没有回复")
    return found


def _mine(session: Session, actor: Actor, finding_id: UUID, now: datetime, *, any_state: bool = False) -> Finding:
    """A finding for whose leading or helping unit the actor answers."""
    day = local_day(now)
    finding = session.scalars(select(Finding).where(Finding.id == finding_id, sees_finding(actor, day))).first()
    if finding is None:
        raise NotFound
    if not {LEADING, ASSISTING} & standing_of(session, actor, finding, day).parties:
        raise Forbidden(NOT_YOURS)
    if not any_state and finding.state not in WITH_UNIT:
        raise Conflict(N_("问题目前是“{state}”，不能转交"), state=STATES[finding.state].title_zh)
    return finding
