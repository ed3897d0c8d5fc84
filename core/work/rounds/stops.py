"""Stops of a round (轮次点位): put in, ordered along their line, moved to another, dropped with a reason, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.rounds.lines import find_line
from core.work.rounds.mutual import refuse_own
from core.work.rounds.steps import OPEN, step, to_change
from core.work.tables import Round, RoundStop, Site
from core.work.wording import read_text
from tenants.access import Actor

PLANNED, DROPPED = "planned", "dropped"
MOST_STOPS = 3000  # of one round (ours)
LONGEST_REASON = 200


def add_sites(
    session: Session,
    actor: Actor,
    round_id: UUID,
    *,
    version: int,
    sites: Sequence[UUID],
    line_id: UUID | None = None,
    stratum: str = "",
    now: datetime,
) -> int:
    """Put sites into a round, behind those that are there; gives how many are new. What was dropped comes back.

    Raises InvalidInput (an unknown or closed site, too many, a mutual check's own unit), NotFound, Forbidden, Conflict, Stale.
    """
    row = to_change(session, actor, round_id, now=now)
    if line_id is not None:
        find_line(session, round_id, line_id)
    wanted = list(dict.fromkeys(sites))
    if not wanted:
        raise InvalidInput(faults=[Fault(N_("没有选点位"), "sites", remedy=N_("请至少选一个点位"))])
    known = set(session.scalars(select(Site.id).where(Site.id.in_(wanted), Site.state == "active")))
    if strange := [one for one in wanted if one not in known]:
        remedy = N_("请从点位清单里选在用的点位")
        raise InvalidInput(faults=[Fault(N_("没有这个点位"), "sites", value=str(strange[0]), remedy=remedy)])
    fresh = enter_stops(session, row, [(one, line_id, stratum) for one in wanted])
    refuse_own(session, row, local_day(now))
    step(session, actor, row, "sites", version=version, now=now, detail={"added": fresh, "stratum": stratum})
    return fresh


def enter_stops(session: Session, of: Round, wanted: Sequence[tuple[UUID, UUID | None, str]]) -> int:
    """Write stops: site, line and stratum; those that are there already keep their place. Gives how many are new."""
    there = {one.site_id: one for one in session.scalars(select(RoundStop).where(RoundStop.round_id == of.id))}
    last = max((one.position for one in there.values()), default=0)
    fresh = [one for one in wanted if one[0] not in there]
    if len(there) + len(fresh) > MOST_STOPS:
        remedy, most = N_("一个轮次最多 {most} 个点位"), {"most": MOST_STOPS}
        raise InvalidInput(faults=[Fault(N_("点位过多"), "sites", None, str(len(wanted)), "", remedy, most)])
    back = 0
    for site, line, stratum in wanted:
        old = there.get(site)
        if old is not None and old.state == DROPPED:
            old.state, old.reason, old.line_id, old.stratum = PLANNED, "", line, stratum or old.stratum
            back += 1
    session.add_all(
        RoundStop(
            round_id=of.id,
            site_id=site,
            line_id=line,
            stratum=stratum,
            position=last + n,
            state=PLANNED,
            hidden=of.hidden,
        )
        for n, (site, line, stratum) in enumerate(fresh, 1)
    )
    session.flush()
    return len(fresh) + back


def order_stops(
    session: Session, actor: Actor, round_id: UUID, *, version: int, order: Sequence[UUID], now: datetime
) -> Round:
    """Set the order of stops: those named come first, in this order; the others stay behind them as they were."""
    row = to_change(session, actor, round_id, now=now)
    stops = _planned(session, round_id)
    known = {one.site_id: one for one in stops}
    if strange := [one for one in order if one not in known]:
        raise InvalidInput(
            faults=[Fault(N_("没有这个点位"), "order", value=str(strange[0]), remedy=N_("请刷新后重试"))]
        )
    named = list(dict.fromkeys(order))
    rest = [one.site_id for one in stops if one.site_id not in set(named)]
    for position, site in enumerate([*named, *rest], 1):
        known[site].position = position
    return step(session, actor, row, "order", version=version, now=now, detail={"stops": len(named)})


def move_stops(
    session: Session,
    actor: Actor,
    round_id: UUID,
    *,
    version: int,
    sites: Sequence[UUID],
    line_id: UUID | None,
    now: datetime,
) -> Round:
    """Move stops to another line, or to none."""
    row = to_change(session, actor, round_id, now=now)
    line = find_line(session, round_id, line_id) if line_id is not None else None
    if not sites:
        raise InvalidInput(faults=[Fault(N_("没有选点位"), "sites", remedy=N_("请至少选一个点位"))])
    moved = session.execute(
        update(RoundStop)
        .where(RoundStop.round_id == round_id, RoundStop.site_id.in_(set(sites)), RoundStop.state == PLANNED)
        .values(line_id=line_id)
    )
    refuse_own(session, row, local_day(now))
    said = {"stops": moved.rowcount, "line": line.name if line else ""}  # type: ignore[attr-defined]  # a cursor's result
    return step(session, actor, row, "move", version=version, now=now, detail=said)


def drop_stop(
    session: Session, actor: Actor, round_id: UUID, site_id: UUID, *, version: int, reason: str, now: datetime
) -> Round:
    """Drop a stop with its reason (不去了); it stays in the list as dropped, and counts for nothing that is missing."""
    row = to_change(session, actor, round_id, now=now)
    faults: list[Fault] = []
    said = read_text(reason, "reason", faults, LONGEST_REASON)
    if not said and not faults and row.state == OPEN:
        faults.append(Fault(N_("缺少这一项"), "reason", remedy=N_("请写明为什么不去")))
    if faults:
        raise InvalidInput(faults=faults)
    stop = _stop(session, round_id, site_id)
    if stop.state == DROPPED:
        raise Conflict(N_("这个点位已经去掉了"))
    stop.state, stop.reason = DROPPED, said
    return step(session, actor, row, "drop", version=version, now=now, note=said, detail={"site": str(site_id)})


def take_back(session: Session, actor: Actor, round_id: UUID, site_id: UUID, *, version: int, now: datetime) -> Round:
    """Put a dropped stop back."""
    row = to_change(session, actor, round_id, now=now)
    stop = _stop(session, round_id, site_id)
    if stop.state == PLANNED:
        raise Conflict(N_("这个点位没有去掉"))
    stop.state, stop.reason = PLANNED, ""
    refuse_own(session, row, local_day(now))
    return step(session, actor, row, "back", version=version, now=now, detail={"site": str(site_id)})


def count_stops(session: Session, round_id: UUID) -> int:
    """How many stops a round has that were not dropped."""
    asked = (RoundStop.round_id == round_id, RoundStop.state == PLANNED)
    return session.scalar(select(func.count()).select_from(RoundStop).where(*asked)) or 0


def _planned(session: Session, round_id: UUID) -> list[RoundStop]:
    query = select(RoundStop).where(RoundStop.round_id == round_id, RoundStop.state == PLANNED)
    return list(session.scalars(query.order_by(RoundStop.position, RoundStop.site_id)))


def _stop(session: Session, round_id: UUID, site_id: UUID) -> RoundStop:
    found = session.scalars(
        select(RoundStop).where(RoundStop.round_id == round_id, RoundStop.site_id == site_id)
    ).first()
    if found is None:
        raise NotFound
    return found
