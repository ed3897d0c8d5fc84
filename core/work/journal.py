"""Keeps the audit trail (操作日志): who did what to which object, in the same transaction as the act itself.

What is done for a secret round (暗访) leaves lines that are hidden until its release: a session says for which round it works
(:func:`sealed`), and every line that is recorded meanwhile is sealed for that one, whoever writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.work.tables import Audit
from tenants.access import Actor
from tenants.db import now

_SEALED = "sealed_for"


@contextmanager
def sealed(session: Session, round_id: UUID | None) -> Iterator[None]:
    """Seal every line of the trail that is recorded meanwhile for a secret round; None changes nothing.

    Raises ValueError when the session works for another secret round already: one line cannot wait for two releases.
    """
    before = session.info.get(_SEALED)
    if round_id is not None and before not in (None, round_id):
        raise ValueError("the session works for another secret round")
    session.info[_SEALED] = round_id or before
    try:
        yield
    finally:
        session.info[_SEALED] = before


def seal_of(session: Session) -> dict[str, Any]:
    """The columns of a line or photo that a session writes now, where it works for a secret round; else none.

    For whoever writes :func:`line` in a statement of his own.
    """
    round_id = session.info.get(_SEALED)
    return {} if round_id is None else {"sealed_for": round_id, "hidden": True}


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
    session.add(Audit(**line_at(moment, actor, verb, kind, object_id, **detail), **seal_of(session)))


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
