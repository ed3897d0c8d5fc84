"""Sealed draws of sites (密封抽样): the commitment is public before, the seed after; every commitment has its number.

Nobody here chooses a seed, and who commits again and again until the sample pleases him leaves as many numbered lines, each
of which is to be revealed one day. Where that is not enough, an outside number that is drawn later (a lottery's) is named with
the commitment and mixed in. What the commitment is made of is hidden: writing and reading it takes a cleared session.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.journal import record
from core.work.permits import require
from core.work.roles import DIRECT
from core.work.rounds.sealed_sample import METHOD, commitment, sample
from core.work.serials import take_serials
from core.work.tables import Draw, DrawSeed, Round, Site
from core.work.wording import read_text, shown
from tenants.access import Actor, root_unit
from tenants.db import new_id

MOST_SITES = 100_000
LONGEST = 120
KIND = "draw"


@dataclass(frozen=True, slots=True)
class Opened:
    """A draw with what it was made of (抽样底账), as anybody may recompute it once it is revealed.

    ``frame`` maps a stratum to site ids, ``drawn`` to those drawn in order; ``names`` are today's names of the sites, for people.
    ``holds`` says whether the commitment is that of seed, frame and sizes.
    """

    row: Draw
    seed: str
    frame: Mapping[str, Sequence[str]]
    sizes: Mapping[str, int]
    drawn: Mapping[str, Sequence[str]]
    holds: bool
    names: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """What is handed out for recomputing (复算文件)."""
        return {
            "method": METHOD,
            "number": self.row.number,
            "commitment": self.row.commitment,
            "committed_at": self.row.committed_at.isoformat(),
            "outside": self.row.outside,
            "outside_value": self.row.outside_value,
            "seed": self.seed,
            "sizes": dict(self.sizes),
            "frame": {stratum: list(ids) for stratum, ids in self.frame.items()},
            "drawn": {stratum: list(ids) for stratum, ids in self.drawn.items()},
            "names": dict(self.names),
        }


def commit(
    session: Session,
    actor: Actor,
    *,
    frame: Mapping[str, Sequence[UUID]],
    sizes: Mapping[str, int],
    outside: str = "",
    now: datetime,
) -> Draw:
    """Publish the commitment of a draw (公布承诺值): ``frame`` maps a stratum to its sites, ``sizes`` to how many are drawn.

    ``outside`` names a public number that nobody here can choose, and when it is drawn. Needs a cleared session. Raises
    Forbidden, InvalidInput (an empty frame, a size beyond its stratum, a site in two strata).
    """
    require(session, actor, DIRECT, root_unit(session).id, local_day(now))
    faults = _faults(frame, sizes)
    said = read_text(outside, "outside", faults, LONGEST)
    if faults:
        raise InvalidInput(faults=faults)
    plain = {stratum: sorted(str(one) for one in ids) for stratum, ids in frame.items()}
    seed = secrets.token_hex(32)
    serial = take_serials(session, actor, f"draw-{local_day(now).year}")[0]
    row = Draw(
        id=new_id(),
        number=f"{local_day(now).year}-{serial:03d}",
        commitment=commitment(seed, plain, sizes, said),
        outside=said,
        committed_at=now,
    )
    session.add(row)
    session.flush()
    session.add(DrawSeed(draw_id=row.id, seed=seed, frame=dict(plain), sizes=dict(sizes), hidden=True))
    record(session, actor, "draw.commit", KIND, row.id, number=row.number, commitment=row.commitment)
    session.flush()
    return row


def draw(
    session: Session, actor: Actor, draw_id: UUID, *, outside_value: str = "", now: datetime
) -> Mapping[str, list[UUID]]:
    """The sites that a committed draw gives, by stratum in order (开抽); asking again gives the same ones.

    An outside number is entered once. Needs a cleared session. Raises NotFound, Forbidden, Conflict (another number was entered),
    InvalidInput (the number is missing, or none was named).
    """
    require(session, actor, DIRECT, root_unit(session).id, local_day(now))
    row, ground = _ground(session, draw_id)
    value = outside_value.strip()
    if bool(row.outside) != bool(value or row.outside_value):
        remedy = N_("请填写公布的结果") if row.outside else N_("承诺时没有约定场外数字，请留空")
        raise InvalidInput(faults=[Fault(N_("场外数字不对"), "outside_value", value=shown(value), remedy=remedy)])
    if value and row.outside_value and value != row.outside_value:
        raise Conflict(N_("场外数字已经登记过，不能再改"))
    if value and not row.outside_value:
        faults: list[Fault] = []
        row.outside_value = read_text(value, "outside_value", faults, LONGEST)
        if faults:
            raise InvalidInput(faults=faults)
        record(session, actor, "draw.outside", KIND, row.id, value=row.outside_value)
        session.flush()
    found = sample(ground.seed, row.outside_value, ground.frame, ground.sizes)
    return {stratum: [UUID(one) for one in ids] for stratum, ids in found.items()}


def reveal(session: Session, actor: Actor, draw_id: UUID, *, now: datetime) -> Draw:
    """Publish seed, frame and sizes (揭示种子); from then on anybody recomputes the draw.

    Needs a cleared session. Raises NotFound, Forbidden, Conflict while a secret round that was drawn by it is not released.
    """
    require(session, actor, DIRECT, root_unit(session).id, local_day(now))
    row, _ = _ground(session, draw_id)
    hidden = select(Round.id).where(Round.draw_id == draw_id, Round.hidden, Round.state != "cancelled").limit(1)
    if session.scalar(hidden) is not None:
        raise Conflict(N_("用它抽样的暗访还没有解密，解密时会一并公布种子"))
    show_seed(session, row, now)
    record(session, actor, "draw.reveal", KIND, row.id, number=row.number)
    session.flush()
    return row


def show_seed(session: Session, row: Draw, now: datetime) -> None:
    """Un-hide what a draw was made of, in a cleared session; once revealed it stays so."""
    if row.revealed_at is None:
        row.revealed_at = now
        session.execute(update(DrawSeed).where(DrawSeed.draw_id == row.id).values(hidden=False))
        session.flush()


def opened(session: Session, draw_id: UUID) -> Opened | None:
    """A draw's ground and result, when this session may see it; None before it is revealed. Raises NotFound."""
    row = get_draw(session, draw_id)
    ground = session.scalars(select(DrawSeed).where(DrawSeed.draw_id == draw_id)).first()
    if ground is None or (row.outside and not row.outside_value):
        return None
    drawn = sample(ground.seed, row.outside_value, ground.frame, ground.sizes)
    ids = [UUID(one) for listed in drawn.values() for one in listed]
    names = {str(key): name for key, name in session.execute(select(Site.id, Site.name).where(Site.id.in_(ids)))}
    holds = commitment(ground.seed, ground.frame, ground.sizes, row.outside) == row.commitment
    return Opened(row, ground.seed, ground.frame, ground.sizes, drawn, holds, names)


def list_draws(session: Session) -> Sequence[Draw]:
    """Every commitment ever published, the newest first; none can be taken back."""
    return session.scalars(select(Draw).order_by(Draw.committed_at.desc(), Draw.id.desc())).all()


def get_draw(session: Session, draw_id: UUID) -> Draw:
    """A commitment by its id. Raises NotFound."""
    row = session.scalars(select(Draw).where(Draw.id == draw_id)).first()
    if row is None:
        raise NotFound
    return row


def _ground(session: Session, draw_id: UUID) -> tuple[Draw, DrawSeed]:
    row = get_draw(session, draw_id)
    ground = session.scalars(select(DrawSeed).where(DrawSeed.draw_id == draw_id)).first()
    if ground is None:  # a session without clearance learns no more than that
        raise NotFound
    return row, ground


def _faults(frame: Mapping[str, Sequence[UUID]], sizes: Mapping[str, int]) -> list[Fault]:
    faults: list[Fault] = []
    seen: set[UUID] = set()
    if not any(sizes.values()):
        faults.append(Fault(N_("没有要抽的数量"), "sizes", remedy=N_("请至少在一层填写要抽几个点位")))
    for stratum, ids in frame.items():
        size = sizes.get(stratum, 0)
        if not 0 <= size <= len(ids):
            remedy, params = N_("这一层有 {most} 个点位"), {"most": len(ids)}
            faults.append(Fault(N_("抽样数量超出范围"), stratum, None, str(size), "", remedy, params))
        if twice := seen & set(ids) or (set(ids) if len(set(ids)) < len(ids) else set()):
            faults.append(
                Fault(N_("同一点位出现两次"), stratum, value=shown(min(twice)), remedy=N_("每个点位只能在一层"))
            )
        seen |= set(ids)
    faults += [Fault(N_("没有这一层"), one, remedy=N_("请核对分层")) for one in sorted(sizes.keys() - frame.keys())]
    if len(seen) > MOST_SITES:
        faults.append(
            Fault(N_("点位过多"), "frame", None, str(len(seen)), "", N_("最多 {most} 个"), {"most": MOST_SITES})
        )
    return faults
