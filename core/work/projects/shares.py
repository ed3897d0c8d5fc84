"""Who pays which part of the cost (资金分担, 三个出一点): the shares add up to the cost, and nobody pays more than his share.

All money is in fen (分).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.projects.states import DRAFT, PAY, SHARES, SOURCES
from core.work.projects.steps import need_reason, open_kept, refuse_faults, step
from core.work.quantities.writing import read_quantity
from core.work.statistics.measures import plain
from core.work.tables import Project, ProjectShare
from core.work.wording import read_text, shown
from tenants.access import Actor

MOST_SHARES = 40
FEN = 100
MOST_FEN = 10**15  # ten thousand thousand million yuan: no project costs more (ours)


@dataclass(frozen=True, slots=True)
class ShareWish:
    """One share (一份资金): who pays, from which source, how many fen. ``id`` of a share that stands already."""

    payer: str
    source: str
    planned: int
    id: UUID | None = None


def say_yuan(fen: int) -> str:
    """An amount in yuan without its unit: 123456 fen are 1234.56, 200000000 are 2000000."""
    return plain(Decimal(fen) / FEN)


def read_money(text: str, field: str) -> tuple[int | None, str]:
    """An amount as people write it (200万元, 2,000,000, 200余万元) in fen, with its qualifier; None for nothing.

    Raises InvalidInput for what is no amount, a range, or finer than a fen.
    """
    said = text.replace("余万", "万余").replace("多万", "万余").replace("余亿", "亿余")
    read = read_quantity(said, "yuan", field)
    if read.is_empty:
        return None, "exact"
    remedy = N_("请填一个金额，单位元，例如 2000000、200万、200余万")
    if read.value is None or read.unit not in ("", "元"):
        raise InvalidInput(faults=[Fault(N_("不是金额"), field, value=shown(text), remedy=remedy)])
    fen = read.value * FEN
    if fen != fen.to_integral_value() or not 0 <= fen <= MOST_FEN:
        raise InvalidInput(faults=[Fault(N_("金额应精确到分，不能为负"), field, value=shown(text), remedy=remedy)])
    return int(fen), read.qualifier


def read_payment(text: str, field: str) -> int:
    """What was paid, in fen; a leading minus, of either width, takes back. Raises what :func:`read_money` raises."""
    said = text.strip()
    amount = read_money(said.lstrip("-－"), field)[0] or 0
    return -amount if said.startswith(("-", "－")) else amount


def shares_of(session: Session, project_id: UUID) -> Sequence[ProjectShare]:
    """A project's shares, in their order."""
    query = select(ProjectShare).where(ProjectShare.project_id == project_id)
    return session.scalars(query.order_by(ProjectShare.position, ProjectShare.id)).all()


def gap_of(planned: Sequence[int], cost: int | None, field: str) -> list[Fault]:
    """The fault of shares that do not add up to the cost, naming how much is missing or too much; none when they do."""
    total = sum(planned)
    if not planned or total == cost:
        return []
    params = {"total": say_yuan(total), "cost": say_yuan(cost or 0), "gap": say_yuan(abs(total - (cost or 0)))}
    short = total < (cost or 0)
    message = (
        N_("各方合计 {total} 元，比总投资 {cost} 元少 {gap} 元")
        if short
        else N_("各方合计 {total} 元，比总投资 {cost} 元多 {gap} 元")
    )
    return [Fault(message, field, remedy=N_("请改各方金额或总投资，使两者相等"), params=params)]


def set_shares(
    session: Session,
    actor: Actor,
    project_id: UUID,
    rows: Sequence[ShareWish],
    cost: int | None,
    *,
    cost_qualifier: str | None = None,
    reason: str = "",
    version: int,
    now: datetime,
) -> Project:
    """Say who pays what, together with the cost that it adds up to; once the project runs with a reason.

    A share that was paid from stays, and is not made smaller than what was paid. Raises NotFound, Forbidden, Conflict, Stale,
    InvalidInput with every fault; ``row`` counts from 1.
    """
    project, _ = open_kept(session, actor, project_id, now, version)
    known = {one.id: one for one in shares_of(session, project_id)}
    faults = _check(rows, known)
    if project.state != DRAFT:
        need_reason(reason, faults, "reason", N_("启动后的修改要写明原因"))
    faults += gap_of([one.planned for one in rows], cost, "cost")
    refuse_faults(faults)
    before = [[one.payer, one.source, one.planned] for one in known.values()]
    after = [[one.payer.strip(), one.source, one.planned] for one in rows]
    values = {"cost": cost} | ({"cost_qualifier": cost_qualifier} if cost_qualifier else {})
    detail = {"from": before, "to": after, "cost": [project.cost, cost]}
    step(session, actor, project, SHARES, version=version, values=values, note=reason.strip(), detail=detail, now=now)
    _write(session, project, rows, known)
    return project


def _write(session: Session, project: Project, rows: Sequence[ShareWish], known: Mapping[UUID, ProjectShare]) -> None:
    kept = {one.id for one in rows if one.id}
    for share_id, share in known.items():
        if share_id not in kept:
            session.delete(share)
    for place, row in enumerate(rows, start=1):
        share = known[row.id] if row.id else ProjectShare(project_id=project.id, payer="", planned=0)
        share.position, share.payer = place, row.payer.strip()
        share.source, share.planned = row.source, row.planned
        session.add(share)
    session.flush()


def _check(rows: Sequence[ShareWish], known: Mapping[UUID, ProjectShare]) -> list[Fault]:
    faults: list[Fault] = []
    if len(rows) > MOST_SHARES:
        faults.append(Fault(N_("资金来源过多"), "shares", value=str(len(rows)), remedy=N_("最多 40 项，请合并")))
    for place, row in enumerate(rows, start=1):
        name, found = f"shares.{place - 1}", list[Fault]()
        read_text(row.payer, f"{name}.payer", found, 200)
        if not row.payer.strip():
            found.append(Fault(N_("缺少出资方"), f"{name}.payer", place, remedy=N_("请填写，例如：经营户")))
        if row.source not in SOURCES:
            found.append(Fault(N_("没有这种资金来源"), f"{name}.source", place, shown(row.source)))
        if row.planned < 0 or row.planned > MOST_FEN:
            found.append(Fault(N_("金额不能为负"), f"{name}.planned", place, remedy=N_("请填不小于 0 的数")))
        share = known.get(row.id) if row.id else None
        if row.id and share is None:
            found.append(Fault(N_("没有找到"), f"{name}.payer", place, remedy=N_("请刷新后再试")))
        elif share is not None and row.planned < share.paid:
            params = {"paid": say_yuan(share.paid)}
            found.append(Fault(N_("已经支付 {paid} 元，计划不能更少"), f"{name}.planned", place, params=params))
        faults += found
    gone = [one for one in known.values() if one.paid and one.id not in {row.id for row in rows}]
    faults += [
        Fault(N_("已经支付过的资金不能删去"), "shares", value=one.payer, remedy=N_("请保留这一项")) for one in gone
    ]
    return faults


def pay(
    session: Session,
    actor: Actor,
    project_id: UUID,
    amounts: Mapping[UUID, int],
    *,
    day: date,
    note: str = "",
    version: int,
    now: datetime,
) -> Project:
    """Enter what was paid on a day, in fen a share; a wrong entry is taken back by a negative amount with a note.

    More than the share's plan is refused with what is left of it. Raises NotFound, Forbidden, Conflict, Stale, InvalidInput.
    """
    project, _ = open_kept(session, actor, project_id, now, version)
    known = {one.id: one for one in shares_of(session, project_id)}
    faults = [] if day <= local_day(now) else [Fault(N_("日期在将来"), "day", value=day.isoformat())]
    given = {share_id: fen for share_id, fen in amounts.items() if fen}
    if not given:
        faults.append(Fault(N_("没有填支付金额"), "paid", remedy=N_("请在本次支付一栏填金额")))
    for share_id, fen in given.items():
        faults += _judge_payment(known.get(share_id), fen, f"paid.{share_id}")
    if any(fen < 0 for fen in given.values()):
        need_reason(note, faults, "note", N_("冲减已支付的金额要写明原因"))
    said = read_text(note, "note", faults)
    refuse_faults(faults)
    moved = [
        {"payer": known[one].payer, "source": known[one].source, "from": known[one].paid, "to": known[one].paid + fen}
        for one, fen in given.items()
    ]
    detail = {"day": day.isoformat(), "shares": moved}
    step(session, actor, project, PAY, version=version, note=said, detail=detail, now=now)
    for share_id, fen in given.items():
        known[share_id].paid += fen
    session.flush()
    return project


def _judge_payment(share: ProjectShare | None, fen: int, field: str) -> list[Fault]:
    if share is None:
        return [Fault(N_("没有找到"), field, remedy=N_("请刷新后再试"))]
    if share.paid + fen < 0:
        return [Fault(N_("冲减超过已支付的 {paid} 元"), field, params={"paid": say_yuan(share.paid)})]
    if share.paid + fen > share.planned:
        rest = {"rest": say_yuan(share.planned - share.paid), "over": say_yuan(share.paid + fen - share.planned)}
        remedy = N_("请核对金额；确需增加的，先调整资金分担")
        return [Fault(N_("超出计划 {over} 元：这一项最多还能支付 {rest} 元"), field, remedy=remedy, params=rest)]
    return []
