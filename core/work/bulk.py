"""Many rows in one go (批量写入): one statement and one round trip for all rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tenants.access import Actor
from tenants.db import Base


def insert_rows(session: Session, actor: Actor, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of a tenant table for the actor's tenant; all rows have the same keys. Nothing happens without rows."""
    if rows:
        tenant = {"tenant_id": actor.tenant.id}
        # Without render_nulls rows are split into a statement for each pattern of empty values.
        statement = insert(table).execution_options(render_nulls=True)
        session.execute(statement, [tenant | row for row in rows])
