"""Requests that may be sent twice (幂等请求): the same key and body replay the first answer, another body is a conflict."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.tables import Idempotency
from tenants.access import Actor
from tenants.db import now as server_now
from tenants.scope import ScopedSession

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request (应答): HTTP status and body; ``replayed`` when it had been given before."""

    status: int
    body: str
    replayed: bool = False


def replay_or_run(
    session: Session, actor: Actor, key: str, request_body: bytes | str, run: Callable[[], tuple[int, str]]
) -> Reply:
    """Answer a request once: ``run`` acts and gives status and body; a repetition gets the same answer without acting.

    A key belongs to one person. ``request_body`` should contain everything that makes the request what it is (method,
    path, body). What ``run`` raises passes through, and the rolled-back transaction forgets the key. Two repetitions at
    the same moment: the second waits for the first. Raises InvalidInput for an illegal key, Conflict for another body.
    """
    if not _KEY.fullmatch(key):
        remedy = N_("请用 1 到 200 个不含空格的 ASCII 字符，例如一个 UUID")
        raise InvalidInput(faults=[Fault(N_("幂等键写法不对"), field="Idempotency-Key", value=key[:40], remedy=remedy)])
    digest = hashlib.sha256(request_body.encode() if isinstance(request_body, str) else request_body).digest()
    if not _claim(session, actor, key, digest):
        return _replay(session, actor, key, digest)
    status, body = run()
    session.execute(
        update(Idempotency)
        .where(*_mine(actor, key))
        .values(status=status, body=body)
        .execution_options(synchronize_session=False)
    )
    return Reply(status, body)


def forget_replies(session: ScopedSession, before: datetime) -> int:
    """Drop the answers given before a moment (a day is kept, ours); returns how many."""
    found = session.execute(
        delete(Idempotency)
        .where(Idempotency.tenant_id == session.tenant_id, Idempotency.created_at < before)
        .returning(Idempotency.key)
        .execution_options(synchronize_session=False)
    )
    return len(found.all())


def _mine(actor: Actor, key: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Idempotency.tenant_id == actor.tenant.id,
        Idempotency.person_id == actor.person_id,
        Idempotency.key == key,
    )


def _claim(session: Session, actor: Actor, key: str, digest: bytes) -> bool:
    """Enter the key; False when somebody has it, after waiting for him to finish."""
    row = {
        "tenant_id": actor.tenant.id,
        "person_id": actor.person_id,
        "key": key,
        "request_sha256": digest,
        "status": 0,
        "body": "",
        "created_at": server_now(),
    }
    claimed = session.execute(
        insert(Idempotency).values(row).on_conflict_do_nothing().returning(Idempotency.key)
    ).scalar_one_or_none()
    return claimed is not None


def _replay(session: Session, actor: Actor, key: str, digest: bytes) -> Reply:
    row = session.execute(
        select(Idempotency.request_sha256, Idempotency.status, Idempotency.body).where(*_mine(actor, key))
    ).one()
    if row.request_sha256 != digest:
        raise Conflict(N_("这个幂等键已用于另一个请求，请换一个新的键"))
    return Reply(row.status, row.body, replayed=True)
