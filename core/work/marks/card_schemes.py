"""Keeps card schemes (亮牌办法) of a district or a street office: draft, in force, retired; each change a new version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, Stale
from core.work.calendar import local_day
from core.work.journal import record
from core.work.marks.card_reading import read_scheme
from core.work.marks.card_rules import CLASSES, League, Scheme
from core.work.marks.card_versions import ACTIVE, keep_version, rules_on
from core.work.roles import ADMINISTER, DIRECT, PUBLISH
from core.work.tables import CardScheme, Definition, Site
from tenants.access import Actor, may, root_unit
from tenants.models import Unit, UnitPath

DRAFT, RETIRED = "draft", "retired"
SCHEME_STATES: dict[str, tuple[str, str, str]] = {
    DRAFT: (N_("草稿"), "Draft", "waiting"),
    ACTIVE: (N_("执行中"), "In force", "active"),
    RETIRED: (N_("已停用"), "Retired", "held"),
}
# Which states follow which, and what the step is called.
STATE_MOVES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "activate": ((DRAFT, RETIRED), ACTIVE, N_("开始执行")),
    "retire": ((DRAFT, ACTIVE), RETIRED, N_("停用")),
}
KIND = "card_scheme"


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept scheme (亮牌办法) with its parts read, the unit whose it is, and what the reader may do there."""

    row: CardScheme
    scheme: Scheme
    unit_name: str
    may_edit: bool
    may_publish: bool


def list_schemes(session: Session, actor: Actor, on: date, *, states: Sequence[str] = (ACTIVE,)) -> list[Kept]:
    """The schemes that a person sees, the district's own first: a draft only who may change it."""
    query = select(CardScheme, Unit.name).join(
        Unit, (Unit.tenant_id == CardScheme.tenant_id) & (Unit.id == CardScheme.unit_id)
    )
    rows = session.execute(query.where(CardScheme.state.in_(states)).order_by(CardScheme.created_at)).all()
    found = [_kept(session, actor, row, name, on) for row, name in rows if sees_scheme(session, actor, row, on)]
    root = root_unit(session).id
    return sorted((k for k in found if k.row.state != DRAFT or k.may_edit), key=lambda k: k.row.unit_id != root)


def find_scheme(session: Session, actor: Actor, scheme_id: UUID, on: date) -> Kept:
    """One scheme. Raises NotFound when there is none, or none for this person."""
    row = session.get(CardScheme, (actor.tenant.id, scheme_id), populate_existing=True)
    if row is None or not sees_scheme(session, actor, row, on):
        raise NotFound
    unit = session.get(Unit, (actor.tenant.id, row.unit_id))
    kept = _kept(session, actor, row, unit.name if unit else "", on)
    if row.state == DRAFT and not kept.may_edit:
        raise NotFound
    return kept


def as_of(session: Session, kept: Kept, day: date) -> Kept:
    """The scheme with the rules that were in force at the end of a day."""
    return replace(kept, scheme=rules_on(session, kept.row, day).scheme)


def sees_scheme(session: Session, actor: Actor, row: CardScheme, on: date) -> bool:
    """The district's own scheme is for everyone in it; a part's for those above it and those under it."""
    if row.unit_id == root_unit(session).id:
        return True
    posts = {duty.unit_id for duty in actor.duties}
    stands_under = select(UnitPath.unit_id).where(
        UnitPath.tenant_id == actor.tenant.id,
        UnitPath.ancestor_id == row.unit_id,
        UnitPath.unit_id.in_(posts),
        UnitPath.valid_from <= on,
        or_(UnitPath.valid_to.is_(None), UnitPath.valid_to > on),
    )
    if session.scalar(stands_under.limit(1)) is not None:
        return True
    return any(may(session, actor, verb, row.unit_id, on) for verb in (DIRECT, ADMINISTER, PUBLISH))


def keep_scheme(
    session: Session,
    actor: Actor,
    body: Any,
    *,
    unit_id: UUID,
    scheme_id: UUID | None = None,
    version: int = 0,
    now: datetime,
) -> CardScheme:
    """Write a scheme: a new draft, or the next version of an old one, which the caller saw as ``version``.

    Raises InvalidInput with every fault, Forbidden, NotFound, Stale.
    """
    on = local_day(now)
    if scheme_id is None:
        require_editor(session, actor, unit_id, on)
    else:
        kept = find_scheme(session, actor, scheme_id, on)
        unit_id = kept.row.unit_id
        require_editor(session, actor, unit_id, on)
    scheme = read_scheme(body)
    check_members(session, scheme)
    if scheme_id is None:
        row = CardScheme(name=scheme.title, unit_id=unit_id, body=body, created_at=now, changed_at=now)
        session.add(row)
        session.flush()
    else:
        row = _update(session, actor, kept.row, version, {"name": scheme.title, "body": body, "changed_at": now})
    sha256 = freeze(session, row, row.body)
    keep_version(session, row, now)
    record(session, actor, "card_scheme.keep", KIND, row.id, name=row.name, version=row.version, sha256=sha256)
    return row


def move_scheme(
    session: Session, actor: Actor, scheme_id: UUID, verb: str, *, version: int, now: datetime
) -> CardScheme:
    """Put a scheme into force, or retire it; what it gave stays. Raises Conflict when the state does not allow it."""
    kept = find_scheme(session, actor, scheme_id, local_day(now))
    require_editor(session, actor, kept.row.unit_id, local_day(now))
    if verb not in STATE_MOVES:
        raise InvalidInput(faults=[Fault(N_("没有这种办理"), "verb", value=verb[:40], remedy=N_("请从页面办理"))])
    sources, target, title = STATE_MOVES[verb]
    if kept.row.version != version:
        raise _stale(kept.row)
    if kept.row.state not in sources:
        raise Conflict(N_("办法目前是“{state}”，不能“{verb}”"), state=SCHEME_STATES[kept.row.state][0], verb=title)
    row = _update(session, actor, kept.row, version, {"state": target, "changed_at": now})
    keep_version(session, row, now)
    record(session, actor, f"card_scheme.{verb}", KIND, row.id, name=row.name, version=row.version)
    return row


def freeze(session: Session, row: CardScheme, body: Mapping[str, Any]) -> str:
    """Keep a scheme's words by content, so that a card stays readable under later versions; gives their hash."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    values = {"tenant_id": row.tenant_id, "sha256": sha256, "kind": KIND, "campaign": "", "code": str(row.id)}
    session.execute(insert(Definition).values(values | {"body": text}).on_conflict_do_nothing())
    return sha256


def require_editor(session: Session, actor: Actor, unit_id: UUID, on: date) -> None:
    """Let only those act who direct or administer the unit. Raises Forbidden, NotFound."""
    if session.get(Unit, (actor.tenant.id, unit_id)) is None:
        raise NotFound(N_("没有找到这个单位"))
    if not _may_edit(session, actor, unit_id, on):
        raise Forbidden(N_("亮牌办法由本单位的创建办或管理员制定"))


def check_members(session: Session, scheme: Scheme) -> None:
    """Refuse leagues by name whose members do not exist or stand in different lines. Raises InvalidInput."""
    faults = []
    for n, league in enumerate(scheme.leagues):
        faults += _check_units(session, league, f"leagues.{n}.units")
        missing = set(league.sites) - set(session.scalars(select(Site.id).where(Site.id.in_(league.sites))))
        remedy = N_("请从点位清单里选")
        faults += [Fault(N_("没有这个点位"), f"leagues.{n}.sites", None, str(one), "", remedy) for one in missing]
    if faults:
        raise InvalidInput(faults=faults)


def _check_units(session: Session, league: League, place: str) -> list[Fault]:
    rows = session.execute(select(Unit.id, Unit.kind, Unit.name).where(Unit.id.in_(league.units))).all()
    missing = set(league.units) - {row.id for row in rows}
    remedy = N_("请从单位清单里选")
    faults = [Fault(N_("没有这个单位"), place, None, str(one), "", remedy) for one in missing]
    if len({CLASSES.get(row.kind, row.kind) for row in rows}) > 1:
        names = "、".join(row.name for row in rows)[:80]
        remedy = N_("片区只同片区比，部门只同部门比；请分成几个组别")
        faults.append(Fault(N_("不同类的单位不能排在一起"), place, None, names, "", remedy))
    return faults


def _may_edit(session: Session, actor: Actor, unit_id: UUID, on: date) -> bool:
    return any(may(session, actor, verb, unit_id, on) for verb in (DIRECT, ADMINISTER))


def _kept(session: Session, actor: Actor, row: CardScheme, unit_name: str, on: date) -> Kept:
    publishes = may(session, actor, PUBLISH, row.unit_id, on)
    return Kept(row, read_scheme(row.body, kept=True), unit_name, _may_edit(session, actor, row.unit_id, on), publishes)


def _update(session: Session, actor: Actor, row: CardScheme, version: int, changed: dict[str, Any]) -> CardScheme:
    done = session.execute(
        update(CardScheme)
        .where(CardScheme.tenant_id == actor.tenant.id, CardScheme.id == row.id, CardScheme.version == version)
        .values(**changed, version=version + 1)
        .returning(CardScheme.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(row)
    if done is None:
        raise _stale(row)
    return row


def _stale(row: CardScheme) -> Stale:
    message = N_("办法已经是第 {version} 版；请刷新后再办理")
    return Stale(message, version=row.version)
