"""Charts for the routes' world (组织架构): an area with a member, a draft with a new unit, and fresh ones for each write."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from core.work.organisation.areas import add_members, members_of
from core.work.organisation.chart_drafts import Draft
from core.work.organisation.chart_editing import add_seat, send_unit
from core.work.organisation.grids import set_grid
from core.work.organisation.reorganising import approve, edit_draft, propose
from core.work.organisation.units import Node, add_unit
from core.work.tables import Reorganisation
from tenants.access import Actor
from tenants.scope import ScopedSession


def give_charts(session: ScopedSession, admin: Actor, name: str, ids: Mapping[str, str], today: date) -> dict[str, str]:
    """An area with a member, a site in a grid, a reorganisation in force and a draft; gives their ids."""
    area = add_unit(session, admin, name=f"{name}片区", kind="area", today=today)
    add_members(session, admin, area.id, units=[UUID(ids["unit_id"])], today=today)
    set_grid(session, admin, UUID(ids["site_id"]), partition="社区网格", unit_id=UUID(ids["unit_id"]), today=today)
    done, _ = draw(session, admin, f"{name}已调整", today)
    approve(session, admin, done.id, version=done.version, today=today)
    row, seat = draw(session, admin, f"{name}调整", today)
    member = members_of(session, area.id, today)[0]
    return {"reorganisation_id": str(row.id), "seat_id": seat, "area_id": str(area.id), "member_id": str(member.id)}


def draw(session: ScopedSession, admin: Actor | None, name: str, today: date) -> tuple[Reorganisation, str]:
    """A draft of the headquarters in which one group gives way to a new one; gives it with the new unit's key."""
    word = secrets.token_hex(4)
    group = add_unit(session, admin, name=f"{name}旧组{word}", kind="work_group", today=today).id
    row = propose(
        session, admin, title=name, grove="headquarters", effective_on=today, today=today, document=f"{name}文"
    )
    keys: list[str] = []

    def change(draft: Draft, standing: Mapping[UUID, Node]) -> None:
        keys.append(add_seat(draft, name=f"{name}新组{word}", kind="work_group", parent=None).key)
        send_unit(draft, standing[group], keys)

    edit_draft(session, admin, row.id, change, version=row.version, today=today)
    return row, keys[0]


def fresh_member(session: ScopedSession, ids: Mapping[str, str], today: date) -> str:
    """A new member of the area: a community of its own."""
    home = add_unit(session, None, name=f"社区{secrets.token_hex(4)}", kind="community", today=today)
    add_members(session, None, UUID(ids["area_id"]), units=[home.id], today=today)
    members = members_of(session, UUID(ids["area_id"]), today)
    return next(str(member.id) for member in members if member.unit_id == home.id)
