"""Answers: what is reported without a form goes with the round that one stands in."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import RELEASE, RELEASE_6, ask_all_once, each_tenant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OF_ROUND = sa.text("round_id IS NOT NULL")
# What was taken away stays away: its name's earlier pictures go with it.
FORGET_PICTURES = """
DELETE FROM form_picture old USING form_picture gone
WHERE gone.file_id IS NULL AND old.tenant_id = gone.tenant_id AND old.name = gone.name
  AND (old.created_at, old.id) <= (gone.created_at, gone.id)
"""


def upgrade() -> None:
    raw = op.get_bind().exec_driver_sql
    add_columns()
    raw(RELEASE_6)
    # Last, so that whatever this version adds asks once as well.
    ask_all_once(raw)


def downgrade() -> None:
    raw = op.get_bind().exec_driver_sql
    for tenant in each_tenant(raw):
        if raw("SELECT 1 FROM finding WHERE hidden AND round_id IS NOT NULL LIMIT 1").first() is not None:
            raise RuntimeError(f"0006 stays: a secret round is not released (tenant {tenant})")
        raw(FORGET_PICTURES)
    raw(RELEASE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    drop_columns()


def add_columns() -> None:
    """The round of a finding that no visit found; an illustration that was taken away."""
    op.add_column("finding", sa.Column("round_id", sa.Uuid(), nullable=True))
    op.create_index("ix_finding_tenant_id_round_id", "finding", ["tenant_id", "round_id"], postgresql_where=_OF_ROUND)
    op.create_foreign_key(
        op.f("fk_finding_round_id_round"), "finding", "round", ["tenant_id", "round_id"], ["tenant_id", "id"]
    )
    op.alter_column("form_picture", "file_id", existing_type=sa.Uuid(), nullable=True)


def drop_columns() -> None:
    """In the opposite order."""
    op.alter_column("form_picture", "file_id", existing_type=sa.Uuid(), nullable=False)
    op.drop_constraint(op.f("fk_finding_round_id_round"), "finding", type_="foreignkey")
    op.drop_index("ix_finding_tenant_id_round_id", table_name="finding", postgresql_where=_OF_ROUND)
    op.drop_column("finding", "round_id")
