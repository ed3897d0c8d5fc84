"""Tells of a split (分解提醒): units that a share is to be accepted, the owner group and the HQ office that one came back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import N_
from core.work.papers.notes import tell
from core.work.roles import ANSWER, DIRECT
from core.work.tables import Split, SplitRow, SplitShare
from tenants.access import Actor, root_unit

ISSUED_TEXT = N_("《{title}》已印发，本单位有分工待接收")
AGAIN_TEXT = N_("《{title}》的分工有调整，请重新接收")
RETURNED_TEXT = N_("{unit}退回了《{title}》{code} 的分工：{reason}")


def tell_issued(
    session: Session, actor: Actor, split: Split, units: Iterable[UUID], *, again: bool = False, now: datetime
) -> int:
    """Tell the liaisons of units that shares wait for them; gives how many people were told."""
    return tell(
        session,
        unit_ids=units,
        verb=ANSWER,
        kind="split_issued",
        text=AGAIN_TEXT if again else ISSUED_TEXT,
        params={"title": split.title},
        object_kind="split",
        object_id=split.id,
        now=now,
        campaigns=(split.campaign,),
        but=actor.person_id,
    )


def tell_returned(
    session: Session, actor: Actor, split: Split, row: SplitRow, share: SplitShare, unit: str, *, now: datetime
) -> None:
    """Tell the group that owns the clause and the HQ office that a unit sent its share back."""
    params = {"title": split.title, "unit": unit, "code": row.code, "reason": share.reason[:200]}
    groups = [(row.owner_unit_id, ANSWER)] if row.owner_unit_id else []
    for unit_id, verb in (*groups, (root_unit(session).id, DIRECT)):
        tell(
            session,
            unit_ids=(unit_id,),
            verb=verb,
            kind="split_returned",
            text=RETURNED_TEXT,
            params=params,
            object_kind="split",
            object_id=split.id,
            now=now,
            campaigns=(split.campaign,),
            but=actor.person_id,
        )
