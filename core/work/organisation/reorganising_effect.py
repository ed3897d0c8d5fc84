"""A reorganisation takes effect (机构调整生效): the chart is drawn anew from a day on, and what is open follows.

Some dozens of statements whatever the size of the tree. History keeps the old names: events and papers carry theirs, visits
and findings the unit that they were stamped with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from core.errors import N_, Conflict
from core.work.names import pinyin_key
from core.work.organisation.chart_checks import faults_of
from core.work.organisation.chart_drafts import (
    Draft,
    Fate,
    Seat,
    fate_words,
    read_draft,
    rebase,
    standing_chart,
    write_draft,
)
from core.work.organisation.closure import last_change, lock_chart, parents_on, replant, under
from core.work.organisation.lineage import Descent, write_lineage
from core.work.organisation.part_shares import Share, count_open, move_shares
from core.work.organisation.succession import Succession, hand_over
from core.work.organisation.units import Node, rename_on
from core.work.tables import Reorganisation, Site
from tenants.access import Actor
from tenants.models import Unit
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a draft changes, by unit (调整内容): opened seats, parents, names, who takes over from whom."""

    opened: tuple[Seat, ...] = ()
    parents: Mapping[UUID, UUID] = field(default_factory=dict)
    names: Mapping[UUID, str] = field(default_factory=dict)
    moved: tuple[UUID, ...] = ()
    heirs: Mapping[UUID, UUID] = field(default_factory=dict)
    shares: Mapping[UUID, Share] = field(default_factory=dict)
    lineage: tuple[Descent, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many units are opened, closed, renamed and moved."""
        return {
            "opened": len(self.opened),
            "closed": len(self.heirs),
            "renamed": len(self.names),
            "moved": len(self.moved),
        }


def outcome_of(draft: Draft, standing: Mapping[UUID, Node], root: UUID) -> Outcome:
    """What a draft without faults would do (调整内容)."""
    kept = draft.kept()
    ids = {key: seat.unit_id for key, seat in draft.seats.items()}
    shares = {unit: _share(unit, fate, ids) for unit, fate in draft.fates.items()}
    heirs = {unit: share.heir for unit, share in shares.items() if unit not in kept}
    parents = {ids[key]: ids[seat.parent] if seat.parent else root for key, seat in draft.seats.items()}
    parents.pop(root, None)
    names = {unit: seat.name for unit, seat in kept.items() if seat.name != standing[unit].name}
    before = {node.id: node.parent or root for node in standing.values()}
    return Outcome(
        opened=tuple(seat for seat, _ in draft.ordered() if seat.id is None),
        parents=parents | heirs,
        names=names,
        moved=tuple(unit for unit in kept if unit != root and parents[unit] != before[unit]),
        heirs=heirs,
        shares=shares,
        lineage=tuple(_lines(draft, shares, names)),
    )


def _share(unit: UUID, fate: Fate, ids: Mapping[str, UUID]) -> Share:
    by_site = {rule.id: ids[rule.to] for rule in fate.rules if rule.scope == "site"}
    by_unit = {rule.id: ids[rule.to] for rule in fate.rules if rule.scope == "unit"}
    return Share(unit, ids[fate.heir], tuple(ids[key] for key in fate.to), by_site, by_unit)


def _lines(draft: Draft, shares: Mapping[UUID, Share], names: Mapping[UUID, str]) -> list[Descent]:
    words = fate_words(draft, shares)
    kinds = {"split": "split", "merged": "merge", "succeeded": "succeed"}
    lines = [
        Descent(unit, target, kinds[words[unit]])
        for unit, share in shares.items()
        for target in share.targets
        if target != unit
    ]
    return lines + [Descent(unit, unit, "rename") for unit in names]


def take_effect(session: ScopedSession, actor: Actor | None, row: Reorganisation, today: date, now: datetime) -> None:
    """Let an approved reorganisation take effect as of its day, or as of today when the chart changed since that day.

    Raises Conflict naming the faults when the chart changed so that the proposal no longer fits.
    """
    root = lock_chart(session)
    standing = standing_chart(session, row.tree, today)
    draft = read_draft(row.tree, row.body)
    rebase(draft, standing)
    if faults := faults_of(draft, standing):
        raise Conflict(N_("这次调整与现在的组织对不上"), faults=faults)
    outcome = outcome_of(draft, standing, root.id)
    on = _day(session, row.effective_on, outcome, today)
    row.body, row.moved = write_draft(draft), _apply(session, actor, row, outcome, on, now)
    row.state, row.applied_at, row.version = "in_force", now, row.version + 1
    session.flush()


def _day(session: ScopedSession, wished: date, outcome: Outcome, today: date) -> date:
    touched = under([*outcome.parents, *outcome.heirs], parents_on(session, today))
    last = last_change(session, touched)
    return today if last is not None and last > wished else wished


def _apply(
    session: ScopedSession, actor: Actor | None, row: Reorganisation, outcome: Outcome, on: date, now: datetime
) -> dict[str, Any]:
    _open(session, row.tree, outcome, on)
    replant(session, outcome.parents, on)
    for unit_id, name in outcome.names.items():
        rename_on(session, session.get_one(Unit, (session.tenant_id, unit_id)), name, on)
    _close(session, outcome, on)
    parents = parents_on(session, on)
    sites = _shared_sites(session, outcome)
    targets = {unit: share.targets for unit, share in outcome.shares.items()}
    before = count_open(session, outcome.shares)
    work = Succession(on, now, row.title, outcome.heirs, targets, sites)
    moved = hand_over(session, actor, work)
    move_shares(session, actor, outcome.shares, parents, note=row.title, now=now)
    write_lineage(session, outcome.lineage, on, row.id)
    found = before - count_open(session, outcome.shares)
    return {"on": on.isoformat(), "units": outcome.counts(), "findings": found} | moved


def _open(session: ScopedSession, grove: str, outcome: Outcome, on: date) -> None:
    rows = [
        {"id": seat.unit_id, "tenant_id": session.tenant_id, "tree": grove, "kind": seat.kind, "name": seat.name}
        | {"pinyin": pinyin_key(seat.name), "valid_from": on}
        for seat in outcome.opened
    ]
    if rows:
        session.execute(insert(Unit), rows)


def _close(session: ScopedSession, outcome: Outcome, on: date) -> None:
    if outcome.heirs:
        statement = update(Unit).where(Unit.id.in_(outcome.heirs)).values(valid_to=on)
        session.execute(statement.execution_options(synchronize_session="fetch"))


def _shared_sites(session: ScopedSession, outcome: Outcome) -> dict[UUID, UUID]:
    """The sites directly in a split unit that a rule gives to another part than the heir."""
    split = {unit: share for unit, share in outcome.shares.items() if share.by_site}
    if not split:
        return {}
    rows = session.execute(select(Site.id, Site.unit_id).where(Site.unit_id.in_(split)))
    wanted = {site: split[unit].by_site.get(site) for site, unit in rows}
    return {site: unit for site, unit in wanted.items() if unit is not None}
