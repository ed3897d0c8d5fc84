"""A period's appraisal frozen and signed (考核封存与签字): insert only, under a hash; two different people sign the same hash.

A correction is a new one with the next sequence that names the old one and says why; the old one stays as it is. Source: ours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.periods import Period
from core.work.appraisals.rules import KINDS
from core.work.calendar import local_day
from core.work.journal import record
from core.work.roles import DIRECT, LEAD
from core.work.tables import Appraisal, AppraisalRule, AppraisalSignature
from core.work.wording import read_text, shown
from tenants.access import Actor, may, root_unit
from tenants.db import new_id
from tenants.models import Holding, Post
from tenants.scope import ScopedSession

NEEDED = 2  # signatures
LONGEST_REASON = 500
KIND = "appraisal"


@dataclass(frozen=True, slots=True)
class Frozen:
    """A frozen appraisal (考核结果) with its signatures in order, and the sequence that has replaced it, if any."""

    row: Appraisal
    signatures: tuple[AppraisalSignature, ...]
    replaced_by: int | None

    @property
    def is_signed(self) -> bool:
        """Whether both have signed."""
        return len(self.signatures) >= NEEDED

    @property
    def is_whole(self) -> bool:
        """Whether body and hash still agree, and all signed this hash."""
        return hash_of(self.row.body) == self.row.sha256 and all(s.sha256 == self.row.sha256 for s in self.signatures)


def canonical(body: Mapping[str, Any]) -> str:
    """The canonical JSON of a body, as every seal of the product: keys sorted, no spaces, Chinese as it is."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def hash_of(body: Mapping[str, Any]) -> str:
    """The SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def may_sign(session: ScopedSession, actor: Actor, now: datetime) -> bool:
    """Whether a person may freeze and sign: who leads or directs the whole district."""
    root = root_unit(session).id
    return any(may(session, actor, verb, root, local_day(now)) for verb in (LEAD, DIRECT))


def require_signer(session: ScopedSession, actor: Actor | None, now: datetime) -> None:
    """Raise Forbidden for anybody else; ``actor`` None is the installation itself."""
    if actor is not None and not may_sign(session, actor, now):
        raise Forbidden(N_("只有全区的领导或创建办可以封存和签署考核结果"))


def freeze(
    session: ScopedSession,
    actor: Actor,
    rule: AppraisalRule,
    period: Period,
    body: Mapping[str, Any],
    *,
    reason: str = "",
    now: datetime,
) -> Appraisal:
    """Freeze a period that is over: ``body`` is what was computed; sequence, what it replaces and the reason are put in.

    Raises Forbidden; Conflict while the period runs or when nobody has a number; InvalidInput for a correction without a reason.
    """
    require_signer(session, actor, now)
    _check_period(period, body, now)
    _lock(session, f"appraisal {session.tenant_id} {rule.id}")
    before = _last(session, rule.id, period)
    said = _reason(reason, before)
    sequence = before.sequence + 1 if before else 1
    whole = dict(body) | {"sequence": sequence, "replaces": before.sha256 if before else None, "reason": said}
    row = Appraisal(
        id=new_id(),
        rule_id=rule.id,
        period_kind=period.kind,
        period_start=period.start,
        period_end=period.end,
        sequence=sequence,
        replaces_id=before.id if before else None,
        reason=said,
        body=whole,
        sha256=hash_of(whole),
        frozen_by=actor.person_id,
        frozen_name=actor.name,
        frozen_at=now,
    )
    session.add(row)
    session.flush()
    record(session, actor, "appraisal.freeze", KIND, row.id, name=rule.name, period=period.key, sha256=row.sha256)
    return row


def _check_period(period: Period, body: Mapping[str, Any], now: datetime) -> None:
    """Raise InvalidInput for another kind of period, Conflict while it runs or when nobody has a number."""
    if period.kind not in KINDS:
        remedy = N_("请选周、月、季度或年")
        raise InvalidInput(faults=[Fault(N_("没有这种周期"), "period", value=shown(period.key), remedy=remedy)])
    if period.end >= local_day(now):
        raise Conflict(N_("{period} 还没有结束，结束后再封存"), period=period.key)
    if not any(one["total"] for one in body["units"]):
        raise Conflict(N_("这一期还没有任何单位有数，不能封存"))


def _reason(reason: str, before: Appraisal | None) -> str:
    """Why it is frozen again; a first one needs no reason. Raises InvalidInput."""
    faults: list[Fault] = []
    said = read_text(reason, "reason", faults, LONGEST_REASON)
    if before is not None and not said and not faults:
        remedy = N_("请写明为什么要更正第 {sequence} 次封存的结果")
        params = {"sequence": before.sequence}
        faults.append(Fault(N_("更正须写明原因"), "reason", remedy=remedy, params=params))
    if faults:
        raise InvalidInput(faults=faults)
    return said


def sign(session: ScopedSession, actor: Actor, appraisal_id: UUID, *, sha256: str, now: datetime) -> AppraisalSignature:
    """Sign a frozen appraisal; ``sha256`` is the hash that the person saw.

    Raises Forbidden; Conflict for another hash, a second signature of the same person, a third one, or a replaced appraisal.
    """
    require_signer(session, actor, now)
    _lock(session, f"appraisal_signature {session.tenant_id} {appraisal_id}")
    found = find_frozen(session, appraisal_id)
    if sha256 != found.row.sha256 or not found.is_whole:
        raise Conflict(N_("签署的摘要与封存的不一致，请刷新页面核对后再签"))
    if found.replaced_by is not None:
        raise Conflict(N_("这份结果已由第 {sequence} 次封存更正，请签新的一份"), sequence=found.replaced_by)
    if any(one.person_id == actor.person_id for one in found.signatures):
        raise Conflict(N_("您已签过；另一个签名须由另一个人签"))
    if found.is_signed:
        raise Conflict(N_("两个签名已齐，不需要再签"))
    row = AppraisalSignature(
        appraisal_id=appraisal_id,
        person_id=actor.person_id,
        person_name=actor.name,
        post=_post_of(session, actor, now),
        sha256=sha256,
        signed_at=now,
    )
    session.add(row)
    session.flush()
    record(session, actor, "appraisal.sign", KIND, appraisal_id, sha256=sha256, version=len(found.signatures) + 1)
    return row


def find_frozen(session: ScopedSession, appraisal_id: UUID) -> Frozen:
    """One frozen appraisal. Raises NotFound."""
    row = session.scalars(select(Appraisal).where(Appraisal.id == appraisal_id)).first()
    if row is None:
        raise NotFound
    return _with_signatures(session, [row])[0]


def list_frozen(session: ScopedSession, rule_id: UUID | None = None, limit: int = 200) -> list[Frozen]:
    """What was frozen, the newest period first, of each the newest sequence first."""
    query = select(Appraisal)
    if rule_id is not None:
        query = query.where(Appraisal.rule_id == rule_id)
    order = (Appraisal.period_start.desc(), Appraisal.period_kind, Appraisal.rule_id, Appraisal.sequence.desc())
    return _with_signatures(session, session.scalars(query.order_by(*order).limit(limit)).all())


def to_sign(session: ScopedSession, actor: Actor, now: datetime) -> list[Frozen]:
    """What waits for this person's signature: not replaced, fewer than two signatures, none of them his."""
    if not may_sign(session, actor, now):
        return []
    listed = [one for one in list_frozen(session) if one.replaced_by is None and not one.is_signed]
    return [one for one in listed if all(s.person_id != actor.person_id for s in one.signatures)]


def _last(session: ScopedSession, rule_id: UUID, period: Period) -> Appraisal | None:
    query = select(Appraisal).where(
        Appraisal.rule_id == rule_id,
        Appraisal.period_kind == period.kind,
        Appraisal.period_start == period.start,
    )
    return session.scalars(query.order_by(Appraisal.sequence.desc()).limit(1)).first()


def _with_signatures(session: ScopedSession, rows: Sequence[Appraisal]) -> list[Frozen]:
    ids = [one.id for one in rows]
    signed: dict[UUID, list[AppraisalSignature]] = {}
    query = select(AppraisalSignature).where(AppraisalSignature.appraisal_id.in_(ids))
    for one in session.scalars(query.order_by(AppraisalSignature.signed_at)) if ids else ():
        signed.setdefault(one.appraisal_id, []).append(one)
    later = select(Appraisal.replaces_id, Appraisal.sequence).where(Appraisal.replaces_id.in_(ids))
    replaced: dict[UUID | None, int] = {row[0]: row[1] for row in session.execute(later)} if ids else {}
    return [Frozen(row, tuple(signed.get(row.id, ())), replaced.get(row.id)) for row in rows]


def _post_of(session: ScopedSession, actor: Actor, now: datetime) -> str:
    """The title of the post by which a person signs, as it is called that day."""
    on = local_day(now)
    query = (
        select(Post.title)
        .join(Holding, (Holding.tenant_id == Post.tenant_id) & (Holding.post_id == Post.id))
        .where(Holding.person_id == actor.person_id, Post.unit_id == root_unit(session).id)
        .where(Holding.valid_from <= on, (Holding.valid_to.is_(None)) | (Holding.valid_to > on))
    )
    return session.scalars(query.order_by(Post.title).limit(1)).first() or ""


def _lock(session: ScopedSession, key: str) -> None:
    """One at a time until the commit; the tables are insert only, so that no row can be locked."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
