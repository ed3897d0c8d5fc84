"""Who sees and who edits a split (分解表权限): the HQ office the whole of it, a group its own clauses, a unit what touches it.

An issued table is read by rows: those of which a unit within reach of SEE has a share, or which such a unit owns. A draft is
seen by those who work on it: who directs at the district's own unit, and the groups that own clauses of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Forbidden, NotFound
from core.work.roles import ANSWER, DIRECT, LEAD, SEE
from core.work.splits.states import DRAFT, DROPPED
from core.work.tables import Split, SplitRow, SplitShare
from tenants.access import Actor, may, reach, root_unit

GROUP_VERBS = frozenset(
    {ANSWER, DIRECT, LEAD}
)  # posts of a group that answer for its split; no inspector's, no assessor's


@dataclass(frozen=True, slots=True)
class Sight:
    """What one actor sees and edits of the splits of a campaign (可见范围): ``own`` the groups he answers for, ``seen`` units."""

    directs: bool
    whole: bool
    own: frozenset[UUID]
    seen: frozenset[UUID]
    answers: frozenset[UUID]

    def sees(self, split: Split, row: SplitRow, units: Collection[UUID]) -> bool:
        """Whether a row with shares of these units is the actor's to read."""
        if self.directs:
            return True
        mine = row.owner_unit_id in self.own
        if split.state == DRAFT:
            return mine
        if split.state == DROPPED:
            return False
        return self.whole or mine or row.owner_unit_id in self.seen or not self.seen.isdisjoint(units)

    def edits(self, row: SplitRow) -> bool:
        """Whether the actor answers for the split of this clause (负责分解): its group, or the HQ office."""
        return self.directs or row.owner_unit_id in self.own


def own_units(actor: Actor, campaign: str) -> frozenset[UUID]:
    """The units at which the actor holds a post that answers for the clauses they own."""
    return frozenset(d.unit_id for d in actor.duties if d.verbs & GROUP_VERBS and d.campaign in (None, campaign))


def sight_of(session: Session, actor: Actor, campaign: str, on: date) -> Sight:
    """What the actor sees of a campaign's splits, in a few queries for whole tables."""
    root = root_unit(session).id
    return Sight(
        may(session, actor, DIRECT, root, on, campaign=campaign),
        may(session, actor, SEE, root, on, campaign=campaign),
        own_units(actor, campaign),
        frozenset(session.scalars(reach(actor, SEE, on, campaign=campaign))),
        frozenset(session.scalars(reach(actor, ANSWER, on, campaign=campaign))),
    )


def directs(session: Session, actor: Actor, campaign: str, on: date) -> bool:
    """Whether the actor makes and issues the splits of a campaign: DIRECT at the district's own unit."""
    return may(session, actor, DIRECT, root_unit(session).id, on, campaign=campaign)


def require_directing(session: Session, actor: Actor, campaign: str, on: date) -> None:
    """Raises Forbidden unless the actor makes and issues the splits of a campaign."""
    if not directs(session, actor, campaign, on):
        raise Forbidden(N_("分解表由区创建办建立和印发"))


def find_split(session: Session, actor: Actor, split_id: UUID, on: date) -> Split:
    """A split of which the actor may read something. Raises NotFound, alike for what is not there."""
    found = session.scalars(select(Split).where(Split.id == split_id)).first()
    if found is None or not _reads(session, actor, found, on):
        raise NotFound
    return found


def _reads(session: Session, actor: Actor, split: Split, on: date) -> bool:
    if not actor.roots(SEE, split.campaign):
        return False
    if split.state not in (DRAFT, DROPPED):
        return True  # that a table is in force is no secret; of its rows each reads what is his
    if directs(session, actor, split.campaign, on):
        return True
    mine = SplitRow.owner_unit_id.in_(own_units(actor, split.campaign))
    return split.state == DRAFT and bool(
        session.scalar(select(SplitRow.id).where(SplitRow.split_id == split.id, mine).limit(1))
    )


def find_share(session: Session, actor: Actor, share_id: UUID, on: date) -> tuple[Split, SplitRow, SplitShare]:
    """A share with its clause and table, locked for a step. Raises NotFound for what is not the actor's to read."""
    share = session.scalars(
        select(SplitShare).where(SplitShare.id == share_id).with_for_update(),
        execution_options={"populate_existing": True},
    ).first()
    if share is None:
        raise NotFound
    split = find_split(session, actor, share.split_id, on)
    row = session.scalars(select(SplitRow).where(SplitRow.id == share.row_id)).one()
    units = session.scalars(select(SplitShare.unit_id).where(SplitShare.row_id == row.id)).all()
    if not sight_of(session, actor, split.campaign, on).sees(split, row, units):
        raise NotFound
    return split, row, share
