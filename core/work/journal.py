"""Keeps the audit trail (操作日志): who did what to which object, in the same transaction as the act itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.work.tables import Audit
from tenants.access import Actor
from tenants.db import now


def record(session: Session, actor: Actor | None, verb: str, kind: str, object_id: object = "", **detail: Any) -> None:
    """Write one line of the audit trail; ``actor`` is None for the installation itself (a command or a job).

    ``detail`` is plain JSON and never carries a tenant's number, a password or a token.
    """
    record_at(session, now(), actor, verb, kind, object_id, **detail)


def record_at(
    session: Session,
    moment: datetime,
    actor: Actor | None,
    verb: str,
    kind: str,
    object_id: object = "",
    **detail: Any,
) -> None:
    """The same as of a moment that others read off the trail: when it took effect."""
    session.add(Audit(**line_at(moment, actor, verb, kind, object_id, **detail)))


def line(actor: Actor | None, verb: str, kind: str, object_id: object = "", **detail: Any) -> dict[str, Any]:
    """One line of the trail as a row, for whoever writes it in one statement with the act itself."""
    return line_at(now(), actor, verb, kind, object_id, **detail)


def line_at(
    moment: datetime, actor: Actor | None, verb: str, kind: str, object_id: object = "", **detail: Any
) -> dict[str, Any]:
    """The same as of a moment."""
    return {
        "at": moment,
        "person_id": actor.person_id if actor else None,
        "person_name": actor.name if actor else "",
        "verb": verb,
        "object_kind": kind,
        "object_id": str(object_id),
        "detail": detail,
        "request_id": actor.request_id if actor else "",
    }
