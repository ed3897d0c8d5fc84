"""Quantities for the routes' world (工作量): a kind, a total with a part, a pair that was settled, and fresh ones for each write."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from core.work.quantities.entering import QuantityWish, enter
from core.work.quantities.kinds import KindWish, add_kind
from core.work.quantities.settling import declare_disjoint
from core.work.quantities.steps import set_total
from core.work.tables import QuantityEntry, QuantityKind
from tenants.access import Actor
from tenants.db import now
from tenants.models import Unit
from tenants.scope import ScopedSession

if TYPE_CHECKING:
    from tests.routes.world import World


def give_quantities(session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor]) -> dict[str, str]:
    """A kind with a total, a part of it and an entry that was declared disjoint from the total, at the world's unit."""
    office, unit = actors["hq_office"], UUID(ids["unit_id"])
    kind = _kind(session, office)
    total, part, other = (_entry(session, office, kind, unit, amount) for amount in ("3182", "3121", "6570"))
    set_total(session, office, part.id, total.id, 1, now=now())
    declare_disjoint(session, office, total.id, other.id, reason="两次统计", now=now())
    return {"quantity_id": str(total.id), "quantity_kind_id": str(kind.id)}


def new_quantity(session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor]) -> dict[str, str]:
    """A quantity of version 1 that nobody has judged."""
    office = actors["hq_office"]
    made = _entry(session, office, _kind(session, office), UUID(ids["unit_id"]), "2770")
    return {"quantity_id": str(made.id)}


def new_kind(session: ScopedSession, actors: Mapping[str, Actor]) -> dict[str, str]:
    """A kind of version 1 in which nothing was reported."""
    return {"quantity_kind_id": str(_kind(session, actors["hq_office"]).id)}


def new_quantity_rows(world: World) -> str:
    """A file with a quantity of A's own kind to be entered, waiting for its confirmation."""
    with world.session() as session:
        kind = _kind(session, world.a.actors["hq_office"])
        unit = session.get(Unit, (session.tenant_id, UUID(world.a.ids["unit_id"])))
        assert unit is not None
        data = f"科目,填报单位,数量\n{kind.code},{unit.name},12\n".encode()
        session.commit()
    digest = sha256(data).hexdigest()
    folder = world.files / str(world.a.ref.id) / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / digest).write_bytes(data)
    return digest


def _kind(session: ScopedSession, office: Actor) -> QuantityKind:
    code = f"own_{secrets.token_hex(4)}"
    return add_kind(
        session, office, KindWish(code, f"科目{code}", "operator", "stock", name_en=f"Kind {code}"), now=now()
    )


def _entry(session: ScopedSession, office: Actor, kind: QuantityKind, unit: UUID, amount: str) -> QuantityEntry:
    said = {"scope": f"范围{amount}", "period": "2026", "document": "汇报", "note": "说明"}
    return enter(session, office, QuantityWish(kind.id, unit, amount, **said), now=now())
