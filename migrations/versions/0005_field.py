"""Field: rounds, secret visits, what phones say of time and place, plates, and a district's own form versions."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import APP, HIDDEN, RELEASE, ask_all_once, each_tenant, protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# name, wall, rights, whether a secret round can reach it; in the order of their references.
WALLED: tuple[tuple[str, str, tuple[str, ...], bool], ...] = (
    ("draw", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("draw_seed", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("round_plan", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("round", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("round_event", "tenant", ("SELECT", "INSERT"), True),
    ("round_team", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("round_line", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("round_member", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("round_stop", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("site_gram", "tenant", ("SELECT", "INSERT", "DELETE"), False),
    ("plate", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("citizen_report", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("own_form", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("form_picture", "tenant", ("SELECT", "INSERT"), False),
    ("sheet_entry", "tenant", ("SELECT", "INSERT"), True),
)

# Tables of before that a secret round can reach from now on.
HIDEABLE = ("audit", "file", "file_look")


def upgrade() -> None:
    raw = op.get_bind().exec_driver_sql
    add_tables()
    add_forms()
    add_columns()
    for table, wall, rights, secret in WALLED:
        for statement in protect(table, wall, rights, secret=secret):
            raw(statement)
    for table in HIDEABLE:
        judge(raw, table, f"(tenant_id = app_scope()){HIDDEN}")
    raw(RELEASE)
    raw(f"GRANT EXECUTE ON FUNCTION app_release(uuid) TO {APP}")
    for tenant in each_tenant(raw):
        raw(GRAMS.replace(":tenant", f"{tenant:d}"))
    # Last, so that whatever this version adds asks once as well.
    ask_all_once(raw)


def downgrade() -> None:
    raw = op.get_bind().exec_driver_sql
    refuse_while_hidden(raw)
    raw("DROP FUNCTION app_release(uuid)")
    for table in HIDEABLE:
        judge(raw, table, "tenant_id = app_scope()")
    ask_all_once(raw)
    drop_columns()
    drop_tables()


def judge(raw: Callable[..., Any], table: str, condition: str) -> None:
    """Give a table's policy another condition, for reading and writing."""
    raw(f"ALTER POLICY {table}_wall ON {table} USING ({condition}) WITH CHECK ({condition})")


def refuse_while_hidden(raw: Callable[..., Any]) -> None:
    """Going down would show what is not released, or lose the second copy of a photo: say so instead."""
    twice = "SELECT 1 FROM file GROUP BY original_sha256 HAVING count(*) > 1"
    for tenant in each_tenant(raw):
        for question, reason in (
            ("SELECT 1 FROM round WHERE hidden LIMIT 1", "a secret round is not released"),
            (f"SELECT 1 FROM ({twice}) t LIMIT 1", "a photo is kept for more than one round"),
        ):
            if raw(question).first() is not None:
                raise RuntimeError(f"0005 stays: {reason} (tenant {tenant})")


def add_tables() -> None:
    """In the order of their references."""
    op.create_table(
        "draw",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("outside", sa.Text(), nullable=False),
        sa.Column("outside_value", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_draw")),
        sa.UniqueConstraint("tenant_id", "number", name="uq_draw_number"),
    )
    op.create_table(
        "draw_seed",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("draw_id", sa.Uuid(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("frame", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sizes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "draw_id"], ["draw.tenant_id", "draw.id"], name=op.f("fk_draw_seed_draw_id_draw")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "draw_id", name=op.f("pk_draw_seed")),
    )
    op.create_table(
        "round_plan",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("campaigns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recurrence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("template", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("made_until", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("mode IN ('announced', 'secret')", name=op.f("ck_round_plan_mode")),
        sa.CheckConstraint("state IN ('active', 'paused', 'ended')", name=op.f("ck_round_plan_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_round_plan_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_round_plan")),
    )
    op.create_table(
        "round",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("draw_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("campaigns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("forms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("sampling", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("mode IN ('announced', 'secret')", name=op.f("ck_round_mode")),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'closed', 'released', 'cancelled')", name=op.f("ck_round_state")
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_round_days")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "draw_id"], ["draw.tenant_id", "draw.id"], name=op.f("fk_round_draw_id_draw")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"],
            ["round_plan.tenant_id", "round_plan.id"],
            name=op.f("fk_round_plan_id_round_plan"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_round_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_round")),
        sa.UniqueConstraint("tenant_id", "plan_id", "starts_on", name="uq_round_plan_day"),
    )
    op.create_index("ix_round_tenant_id_starts_on", "round", ["tenant_id", "starts_on"], unique=False)
    op.create_table(
        "round_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "round_id"], ["round.tenant_id", "round.id"], name=op.f("fk_round_event_round_id_round")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_round_event")),
    )
    op.create_index("ix_round_event_tenant_id_round_id", "round_event", ["tenant_id", "round_id"], unique=False)
    op.create_table(
        "round_team",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "round_id"], ["round.tenant_id", "round.id"], name=op.f("fk_round_team_round_id_round")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_round_team")),
    )
    op.create_index("ix_round_team_tenant_id_round_id", "round_team", ["tenant_id", "round_id"], unique=False)
    op.create_table(
        "round_line",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("visits_min", sa.Integer(), nullable=False),
        sa.Column("visits_max", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("visits_min >= 1 AND visits_max >= visits_min", name=op.f("ck_round_line_visits")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "round_id"], ["round.tenant_id", "round.id"], name=op.f("fk_round_line_round_id_round")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "team_id"],
            ["round_team.tenant_id", "round_team.id"],
            name=op.f("fk_round_line_team_id_round_team"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_round_line")),
    )
    op.create_index("ix_round_line_tenant_id_round_id", "round_line", ["tenant_id", "round_id"], unique=False)
    op.create_table(
        "round_member",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("leads", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_round_member_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "round_id"], ["round.tenant_id", "round.id"], name=op.f("fk_round_member_round_id_round")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "team_id"],
            ["round_team.tenant_id", "round_team.id"],
            name=op.f("fk_round_member_team_id_round_team"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "round_id", "person_id", name=op.f("pk_round_member")),
    )
    op.create_index("ix_round_member_tenant_id_person_id", "round_member", ["tenant_id", "person_id"], unique=False)
    op.create_table(
        "round_stop",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("state IN ('planned', 'skipped', 'dropped')", name=op.f("ck_round_stop_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"],
            ["round_line.tenant_id", "round_line.id"],
            name=op.f("fk_round_stop_line_id_round_line"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "round_id"], ["round.tenant_id", "round.id"], name=op.f("fk_round_stop_round_id_round")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_round_stop_site_id_site")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "round_id", "site_id", name=op.f("pk_round_stop")),
    )
    op.create_index("ix_round_stop_tenant_id_site_id", "round_stop", ["tenant_id", "site_id"], unique=False)
    add_places()


def add_places() -> None:
    """What finding a place by its name needs, plates, and what citizens report at them."""
    op.create_table(
        "site_gram",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("gram", sa.Text(collation="C"), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "gram", "site_id", name=op.f("pk_site_gram")),
    )
    op.create_index(
        "ix_site_gram_tenant_id_site_id",
        "site_gram",
        ["tenant_id", "site_id"],
        unique=False,
        postgresql_where=sa.text("rank >= 0"),
    )
    op.create_table(
        "plate",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("duties", sa.Text(), server_default="", nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_plate_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_plate_site_id_site")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_plate")),
    )
    op.create_index("ix_plate_tenant_id_code", "plate", ["tenant_id", "code"], unique=True)
    op.create_index(
        "ix_plate_tenant_id_site_id",
        "plate",
        ["tenant_id", "site_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "citizen_report",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("plate_id", sa.Uuid(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"],
            ["finding.tenant_id", "finding.id"],
            name=op.f("fk_citizen_report_finding_id_finding"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plate_id"], ["plate.tenant_id", "plate.id"], name=op.f("fk_citizen_report_plate_id_plate")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "finding_id", name=op.f("pk_citizen_report")),
    )
    op.create_index("ix_citizen_report_tenant_id_receipt", "citizen_report", ["tenant_id", "receipt"], unique=True)


# The sites that stand are found from the first moment on; as core.work.places.grams writes it, frozen here.
GRAMS = """
INSERT INTO site_gram (tenant_id, gram, site_id, rank)
WITH said AS (
  SELECT id, fold[1] AS name, fold[2] AS code, fold[3] AS address, syllables, (
    SELECT coalesce(string_agg(CASE WHEN left(s, 1) BETWEEN '0' AND '9' THEN s ELSE left(s, 1) END, '' ORDER BY i), '')
    FROM unnest(syllables) WITH ORDINALITY AS u(s, i)
  ) AS initials
  FROM (
    SELECT id, string_to_array(translate(pinyin, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), ' ') AS syllables, (
      SELECT array_agg(translate(replace(normalize(x, NFKC), ' ', ''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                                 'abcdefghijklmnopqrstuvwxyz') ORDER BY i)
      FROM unnest(ARRAY[name, coalesce(code, ''), address]) WITH ORDINALITY AS f(x, i)
    ) AS fold
    FROM site WHERE tenant_id = :tenant
  ) s
)
SELECT :tenant, gram, id, min(rank) FROM (
  SELECT id, substr(code, n, 12) AS gram, CASE n WHEN 1 THEN 0 ELSE 4 END AS rank FROM said, generate_series(1, length(code)) n
  UNION ALL
  SELECT id, substr(name, n, 12), CASE n WHEN 1 THEN 1 ELSE 4 END FROM said, generate_series(1, length(name)) n
  UNION ALL
  SELECT id, substr(initials, n, 12), CASE n WHEN 1 THEN 2 ELSE 5 END FROM said, generate_series(1, length(initials)) n
  UNION ALL
  SELECT id, left(array_to_string(syllables[n:], ''), 12), CASE n WHEN 1 THEN 3 ELSE 5 END
  FROM said, generate_series(1, cardinality(syllables)) n
  UNION ALL
  SELECT id, substr(address, n, 12), 6 FROM said, generate_series(1, length(address)) n
) g WHERE gram <> '' GROUP BY id, gram
"""


def add_forms() -> None:
    """A district's own forms, their illustrations, and what they ask beside the items."""
    op.create_table(
        "own_form",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'published', 'replaced', 'withdrawn', 'dropped')", name=op.f("ck_own_form_state")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_own_form")),
        sa.UniqueConstraint("tenant_id", "campaign", "code", "number", name="uq_own_form_number"),
    )
    op.create_index(
        "ix_own_form_published",
        "own_form",
        ["tenant_id", "campaign", "code"],
        unique=True,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_table(
        "form_picture",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"], ["file.tenant_id", "file.id"], name=op.f("fk_form_picture_file_id_file")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_form_picture")),
    )
    op.create_index("ix_form_picture_tenant_id_name", "form_picture", ["tenant_id", "name"])
    op.create_table(
        "sheet_entry",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("form_sha256", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "visit_id"], ["visit.tenant_id", "visit.id"], name=op.f("fk_sheet_entry_visit_id_visit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "visit_id", "campaign", "form", name=op.f("pk_sheet_entry")),
    )
    op.create_index("ix_sheet_entry_tenant_id_form", "sheet_entry", ["tenant_id", "campaign", "form"])


def drop_tables() -> None:
    """In the opposite order."""
    for table, *_ in reversed(WALLED):
        op.drop_table(table)


def add_columns() -> None:
    """What tables of before gained."""
    failed = sa.text("outcome = 'fail'")
    op.create_index(
        "ix_item_result_failed", "item_result", ["tenant_id", "item"], unique=False, postgresql_where=failed
    )
    op.add_column("audit", sa.Column("sealed_for", sa.Uuid(), nullable=True))
    op.add_column("audit", sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False))
    op.create_index(
        "ix_audit_tenant_id_sealed_for",
        "audit",
        ["tenant_id", "sealed_for"],
        unique=False,
        postgresql_where=sa.text("sealed_for IS NOT NULL"),
    )
    op.add_column("file", sa.Column("sealed_for", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_file_tenant_id_sealed_for",
        "file",
        ["tenant_id", "sealed_for"],
        unique=False,
        postgresql_where=sa.text("sealed_for IS NOT NULL"),
    )
    op.add_column("file", sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False))
    op.drop_index(op.f("ix_file_tenant_id_original"), table_name="file")
    op.create_index(
        "ix_file_tenant_id_original",
        "file",
        ["tenant_id", "original_sha256", "sealed_for"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.add_column("file_look", sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("visit", sa.Column("round_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_visit_tenant_id_round_id",
        "visit",
        ["tenant_id", "round_id"],
        unique=False,
        postgresql_where=sa.text("round_id IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_visit_round_id_round"), "visit", "round", ["tenant_id", "round_id"], ["tenant_id", "id"]
    )
    # What phones say of when (PHONE).
    op.add_column("visit", sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("visit", sa.Column("device_skew_seconds", sa.Integer(), nullable=True))
    op.add_column("visit", sa.Column("arrival", sa.Text(), server_default="", nullable=False))
    op.create_check_constraint(op.f("ck_visit_arrival"), "visit", "arrival IN ('', 'late', 'undated')")
    op.add_column(
        "patrol",
        sa.Column("track", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )
    add_what_devices_say()


def add_what_devices_say() -> None:
    """Who read when and where a photo was taken, and what the device that sent it says of itself (PHOTOS)."""
    for source in ("time_source", "place_source"):
        op.add_column("file", sa.Column(source, sa.Text(), server_default="", nullable=False))
        op.create_check_constraint(op.f(f"ck_file_{source}"), "file", f"{source} IN ('', 'exif', 'device')")
    op.add_column("file", sa.Column("device_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("file", sa.Column("device_longitude", sa.Numeric(precision=10, scale=6), nullable=True))
    op.add_column("file", sa.Column("device_latitude", sa.Numeric(precision=10, scale=6), nullable=True))
    op.add_column("file", sa.Column("device_accuracy_m", sa.Integer(), nullable=True))
    op.add_column("file", sa.Column("device_skew_seconds", sa.Integer(), nullable=True))
    raw = op.get_bind().exec_driver_sql
    for tenant in each_tenant(raw):  # until now only what stood in the bytes was kept
        raw(
            "UPDATE file SET time_source = CASE WHEN taken_at IS NULL THEN '' ELSE 'exif' END,"
            " place_source = CASE WHEN longitude IS NULL THEN '' ELSE 'exif' END"
            f" WHERE tenant_id = {tenant:d} AND (taken_at IS NOT NULL OR longitude IS NOT NULL)"
        )


def drop_what_devices_say() -> None:
    """0004 knows only what stood in the bytes."""
    for column in ("device_skew_seconds", "device_accuracy_m", "device_latitude", "device_longitude", "device_at"):
        op.drop_column("file", column)
    for source in ("place_source", "time_source"):
        op.drop_constraint(op.f(f"ck_file_{source}"), "file", type_="check")
        op.drop_column("file", source)


def drop_columns() -> None:
    """In the opposite order."""
    drop_what_devices_say()
    op.drop_column("patrol", "track")
    op.drop_constraint(op.f("ck_visit_arrival"), "visit", type_="check")
    op.drop_column("visit", "arrival")
    op.drop_column("visit", "device_skew_seconds")
    op.drop_column("visit", "finished_at")
    op.drop_constraint(op.f("fk_visit_round_id_round"), "visit", type_="foreignkey")
    op.drop_index("ix_visit_tenant_id_round_id", table_name="visit", postgresql_where=sa.text("round_id IS NOT NULL"))
    op.drop_column("visit", "round_id")
    op.drop_column("file_look", "hidden")
    op.drop_index("ix_file_tenant_id_original", table_name="file", postgresql_nulls_not_distinct=True)
    op.create_index(op.f("ix_file_tenant_id_original"), "file", ["tenant_id", "original_sha256"], unique=True)
    op.drop_index("ix_file_tenant_id_sealed_for", table_name="file", postgresql_where=sa.text("sealed_for IS NOT NULL"))
    op.drop_column("file", "hidden")
    op.drop_column("file", "sealed_for")
    op.drop_index(
        "ix_audit_tenant_id_sealed_for", table_name="audit", postgresql_where=sa.text("sealed_for IS NOT NULL")
    )
    op.drop_column("audit", "hidden")
    op.drop_column("audit", "sealed_for")
    failed = sa.text("outcome = 'fail'")
    op.drop_index("ix_item_result_failed", table_name="item_result", postgresql_where=failed)
