"""Quantities against their targets (目标完成量): what was reported under a plan, in the target's own unit, scope by scope.

Added is by the rule of :mod:`core.work.quantities.sums`, as on the quantities' own pages: one kind, one unit of measure, one
basis, nothing that overlaps, no part beside its total, nothing rounded. Here scopes in words stand apart as well, and inputs
apart from what came out. Entries in another unit than the kind's own are counted beside it and never converted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from core.work.quantities.ground import Ground, ground_of
from core.work.quantities.sight import sees_entry
from core.work.quantities.sums import Total, sum_of
from core.work.quantities.words import LIVE, basis_of
from core.work.tables import PlanTarget, QuantityEntry, QuantityKind
from tenants.access import Actor

FLOWS = ("input", "output", "outcome", "stock")


@dataclass(frozen=True, slots=True)
class Reported:
    """What was reported of a kind in one scope and on one basis (填报汇总); its total has a reason where there is no sum."""

    scope: str
    basis: str
    total: Total


@dataclass(frozen=True, slots=True)
class TargetSum:
    """A kind under a plan (目标与完成): ``planned`` None where nothing was aimed at; one row a scope and basis, never added up.

    ``foreign`` are entries in another unit than the kind's own, which count for nothing here.
    """

    kind: QuantityKind
    line_id: UUID | None
    planned: Decimal | None
    rows: Sequence[Reported]
    foreign: int

    @property
    def reached(self) -> Decimal | None:
        """What stands against the target: the one row's number; None where there is none, or where several stand apart."""
        return self.rows[0].total.value if len(self.rows) == 1 else None


def read_targets(session: Session, actor: Actor, plan_ids: Collection[UUID], day: date) -> list[TargetSum]:
    """The kinds with a target or a report under some plans, inputs apart from what came out, by code."""
    targets = list(session.scalars(select(PlanTarget).where(PlanTarget.plan_id.in_(plan_ids))))
    of_kind = and_(QuantityKind.tenant_id == QuantityEntry.tenant_id, QuantityKind.id == QuantityEntry.kind_id)
    standing = (QuantityEntry.plan_id.in_(plan_ids), QuantityEntry.state.in_(LIVE), sees_entry(actor, day))
    entries = list(session.scalars(select(QuantityEntry).join(QuantityKind, of_kind).where(*standing)))
    ground = ground_of(session, entries, day)
    aims = {(one.kind_id, one.line_id): one.planned for one in targets}
    aimed = {one.kind_id for one in targets}
    keys = {*aims, *((one.kind_id, None) for one in entries if one.kind_id not in aimed)}
    wanted = {kind for kind, _ in keys}
    kinds = {one.id: one for one in session.scalars(select(QuantityKind).where(QuantityKind.id.in_(wanted)))}
    found = []
    for kind_id, line_id in keys:
        kind = kinds[kind_id]
        mine = [one for one in entries if one.kind_id == kind_id and line_id in (None, one.line_id)]
        own = [one for one in mine if one.measure == kind.measure]
        aim = aims.get((kind_id, line_id))
        found.append(TargetSum(kind, line_id, aim, _by_scope(own, ground), len(mine) - len(own)))
    return sorted(found, key=lambda one: (FLOWS.index(one.kind.flow), one.kind.code, str(one.line_id or "")))


def _by_scope(entries: Sequence[QuantityEntry], ground: Ground) -> list[Reported]:
    """One row a scope and basis."""
    groups: dict[tuple[str, str], list[QuantityEntry]] = defaultdict(list)
    for one in entries:
        groups[one.scope.strip(), basis_of(one.state, one.basis)].append(one)
    return [Reported(*key, sum_of(rows, ground)) for key, rows in sorted(groups.items())]
