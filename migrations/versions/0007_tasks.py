"""Tasks: decomposition, plans, tasks, projects, quantities, meetings, standings and appraisals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import ask_all_once, protect

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# name, wall, rights, whether a secret round can reach it; in the order of their references.
WALLED: tuple[tuple[str, str, tuple[str, ...], bool], ...] = (
    ("appraisal_rule", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("appraisal", "tenant", ("SELECT", "INSERT"), False),
    ("appraisal_signature", "tenant", ("SELECT", "INSERT"), False),
    ("task_day", "tenant", ("SELECT", "INSERT"), False),
    ("quantity_kind", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("plan", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("plan_event", "tenant", ("SELECT", "INSERT"), False),
    ("plan_line", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("plan_target", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("task", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("task_assist", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("task_event", "tenant", ("SELECT", "INSERT"), False),
    ("task_report", "tenant", ("SELECT", "INSERT"), False),
    ("task_import", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("work_photo", "tenant", ("SELECT", "INSERT"), False),
    ("split", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("split_event", "tenant", ("SELECT", "INSERT"), False),
    ("split_row", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("split_share", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("meeting", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("meeting_event", "tenant", ("SELECT", "INSERT"), False),
    ("meeting_item", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("meeting_presence", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("meeting_decision", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("project", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("project_event", "tenant", ("SELECT", "INSERT"), False),
    ("project_finding", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("project_item", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("project_share", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("project_stage", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("project_object", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("quantity_entry", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("quantity_event", "tenant", ("SELECT", "INSERT"), False),
    ("quantity_pair", "tenant", ("SELECT", "INSERT"), False),
)


def upgrade() -> None:
    raw = op.get_bind().exec_driver_sql
    add_appraisals()
    add_dictionary()
    add_plans()
    add_tasks()
    add_splits()
    add_meetings()
    add_projects()
    add_quantities()
    for table, wall, rights, secret in WALLED:
        for statement in protect(table, wall, rights, secret=secret):
            raw(statement)
    # Last, so that whatever this version adds asks once as well.
    ask_all_once(raw)


def downgrade() -> None:
    for table, *_ in reversed(WALLED):
        op.drop_table(table)


def add_appraisals() -> None:
    """Each day's standings by tasks; declared roll-ups, frozen and signed."""
    op.create_table(
        "appraisal_rule",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("league", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'active', 'retired')", name=op.f("ck_appraisal_rule_state")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_appraisal_rule")),
    )
    op.create_table(
        "appraisal",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("period_kind", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("frozen_by", sa.Uuid(), nullable=True),
        sa.Column("frozen_name", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "period_kind IN ('week', 'month', 'quarter', 'year')", name=op.f("ck_appraisal_period_kind")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "replaces_id"],
            ["appraisal.tenant_id", "appraisal.id"],
            name=op.f("fk_appraisal_replaces_id_appraisal"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "rule_id"],
            ["appraisal_rule.tenant_id", "appraisal_rule.id"],
            name=op.f("fk_appraisal_rule_id_appraisal_rule"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_appraisal")),
        sa.UniqueConstraint(
            "tenant_id",
            "rule_id",
            "period_kind",
            "period_start",
            "sequence",
            name=op.f("uq_appraisal_tenant_id_rule_id_period_kind_period_start_sequence"),
        ),
    )
    op.create_table(
        "appraisal_signature",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("appraisal_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "appraisal_id"],
            ["appraisal.tenant_id", "appraisal.id"],
            name=op.f("fk_appraisal_signature_appraisal_id_appraisal"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_appraisal_signature_person_id_person"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "appraisal_id", "person_id", name=op.f("pk_appraisal_signature")),
    )
    op.create_table(
        "task_day",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("league", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("numerator", sa.Integer(), nullable=False),
        sa.Column("denominator", sa.Integer(), nullable=False),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("at_risk", sa.Integer(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("league IN ('area', 'department')", name=op.f("ck_task_day_league")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_task_day_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "day", "revision", "campaign", "league", "unit_id", name=op.f("pk_task_day")
        ),
    )
    op.create_index("ix_task_day_tenant_id_unit_id", "task_day", ["tenant_id", "unit_id", "day"], unique=False)


def add_dictionary() -> None:
    """What is counted, in which unit."""
    op.create_table(
        "quantity_kind",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("flow IN ('input', 'output', 'outcome', 'stock')", name=op.f("ck_quantity_kind_flow")),
        sa.CheckConstraint("state IN ('active', 'retired')", name=op.f("ck_quantity_kind_state")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_quantity_kind")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_quantity_kind_tenant_id_code")),
    )


def add_plans() -> None:
    """Plans, drives, sprints and their lines."""
    op.create_table(
        "plan",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Text(), nullable=False),
        sa.Column("scope", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("days IN ('calendar', 'working')", name=op.f("ck_plan_days_rule")),
        sa.CheckConstraint("kind IN ('three_year', 'annual', 'drive', 'sprint')", name=op.f("ck_plan_kind")),
        sa.CheckConstraint(
            "state IN ('draft', 'active', 'closed', 'replaced', 'cancelled')", name=op.f("ck_plan_state")
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_plan_days")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"], ["plan.tenant_id", "plan.id"], name=op.f("fk_plan_parent_id_plan")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_plan_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "replaces_id"], ["plan.tenant_id", "plan.id"], name=op.f("fk_plan_replaces_id_plan")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_plan_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_plan")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_plan_tenant_id_number")),
    )
    op.create_table(
        "plan_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"], ["plan.tenant_id", "plan.id"], name=op.f("fk_plan_event_plan_id_plan")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "plan_id", "version", name=op.f("pk_plan_event")),
    )
    op.create_table(
        "plan_line",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("milestone", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("reached_on", sa.Date(), nullable=True),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"],
            ["plan_line.tenant_id", "plan_line.id"],
            name=op.f("fk_plan_line_parent_id_plan_line"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_plan_line_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"], ["plan.tenant_id", "plan.id"], name=op.f("fk_plan_line_plan_id_plan")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_plan_line_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_plan_line")),
    )
    op.create_index("ix_plan_line_tenant_id_plan_id", "plan_line", ["tenant_id", "plan_id"], unique=False)
    op.create_table(
        "plan_target",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("kind_id", sa.Uuid(), nullable=False),
        sa.Column("planned", sa.Numeric(), nullable=False),
        sa.CheckConstraint("planned > 0", name=op.f("ck_plan_target_planned")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "kind_id"],
            ["quantity_kind.tenant_id", "quantity_kind.id"],
            name=op.f("fk_plan_target_kind_id_quantity_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"],
            ["plan_line.tenant_id", "plan_line.id"],
            name=op.f("fk_plan_target_line_id_plan_line"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"], ["plan.tenant_id", "plan.id"], name=op.f("fk_plan_target_plan_id_plan")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_plan_target")),
    )
    op.create_index("ix_plan_target_tenant_id_plan_id", "plan_target", ["tenant_id", "plan_id"], unique=False)


def add_tasks() -> None:
    """Tasks with their reports, photos and imports."""
    op.create_table(
        "task",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("requirement", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("target", sa.Numeric(), nullable=True),
        sa.Column("done", sa.Numeric(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=False),
        sa.Column("wanted_due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "source IN ('clause', 'meeting', 'pledge', 'leader', 'plan', 'drive', 'project', 'finding', 'own')",
            name=op.f("ck_task_source"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'issued', 'returned', 'accepted', 'doing', 'done', 'verified', 'closed', 'cancelled')",
            name=op.f("ck_task_state"),
        ),
        sa.CheckConstraint("way = 'percent' OR target > 0", name=op.f("ck_task_target")),
        sa.CheckConstraint("way IN ('percent', 'count', 'quantity')", name=op.f("ck_task_way")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_task_parent")),
        sa.CheckConstraint("progress BETWEEN 0 AND 10000", name=op.f("ck_task_progress")),
        sa.CheckConstraint("weight > 0", name=op.f("ck_task_weight")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"], ["plan_line.tenant_id", "plan_line.id"], name=op.f("fk_task_line_id_plan_line")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"], ["task.tenant_id", "task.id"], name=op.f("fk_task_parent_id_task")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_task_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"], ["plan.tenant_id", "plan.id"], name=op.f("fk_task_plan_id_plan")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_task_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_task")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_task_tenant_id_code")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_task_tenant_id_number")),
    )
    op.create_index("ix_task_tenant_id_due_on", "task", ["tenant_id", "due_on", "id"], unique=False)
    op.create_index(
        "ix_task_tenant_id_parent_id",
        "task",
        ["tenant_id", "parent_id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index("ix_task_tenant_id_person_id", "task", ["tenant_id", "person_id", "due_on"], unique=False)
    op.create_index(
        "ix_task_tenant_id_plan_id",
        "task",
        ["tenant_id", "plan_id"],
        unique=False,
        postgresql_where=sa.text("plan_id IS NOT NULL"),
    )
    op.create_index(
        "ix_task_tenant_id_source_id",
        "task",
        ["tenant_id", "source_id"],
        unique=False,
        postgresql_where=sa.text("source_id IS NOT NULL"),
    )
    op.create_index(
        "ix_task_tenant_id_counted",
        "task",
        ["tenant_id", "state", "due_on", "unit_id"],
        unique=False,
        postgresql_where=sa.text("leaf"),
    )
    op.create_index(
        "ix_task_tenant_id_open",
        "task",
        ["tenant_id", "unit_id", "state", "due_on", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('issued', 'returned', 'accepted', 'doing')"),
    )
    op.create_index(
        "ix_task_tenant_id_urgent",
        "task",
        ["tenant_id", "due_on", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('issued', 'returned', 'accepted', 'doing')"),
    )
    op.create_index(
        "ix_task_tenant_id_wanted",
        "task",
        ["tenant_id", "due_on"],
        unique=False,
        postgresql_where=sa.text("wanted_due_on IS NOT NULL"),
    )
    op.create_index("ix_task_tenant_id_state_due_on", "task", ["tenant_id", "state", "due_on", "id"], unique=False)
    op.create_index("ix_task_tenant_id_unit_id", "task", ["tenant_id", "unit_id", "due_on", "id"], unique=False)
    op.create_table(
        "task_assist",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["task.tenant_id", "task.id"], name=op.f("fk_task_assist_task_id_task")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_task_assist_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "task_id", "unit_id", name=op.f("pk_task_assist")),
    )
    op.create_index("ix_task_assist_tenant_id_unit_id", "task_assist", ["tenant_id", "unit_id"], unique=False)
    op.create_table(
        "task_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["task.tenant_id", "task.id"], name=op.f("fk_task_event_task_id_task")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "task_id", "version", name=op.f("pk_task_event")),
    )
    op.create_index("ix_task_event_tenant_id_at", "task_event", ["tenant_id", "at"], unique=False)
    op.create_table(
        "task_report",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("done", sa.Numeric(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("progress BETWEEN 0 AND 10000", name=op.f("ck_task_report_progress")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["task.tenant_id", "task.id"], name=op.f("fk_task_report_task_id_task")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_task_report_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "task_id", "sequence", name=op.f("pk_task_report")),
    )
    op.create_index("ix_task_report_tenant_id_day", "task_report", ["tenant_id", "day"], unique=False)
    op.create_table(
        "task_import",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'reading', 'tried', 'writing', 'finished', 'failed')",
            name=op.f("ck_task_import_state"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_task_import")),
    )
    op.create_table(
        "work_photo",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('proof', 'before', 'after', 'signature', 'sheet', 'void')", name=op.f("ck_work_photo_kind")
        ),
        sa.CheckConstraint("subject IN ('task', 'project', 'meeting', 'quantity')", name=op.f("ck_work_photo_subject")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"], ["file.tenant_id", "file.id"], name=op.f("fk_work_photo_file_id_file")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_work_photo")),
    )
    op.create_index("ix_work_photo_tenant_id_file_id", "work_photo", ["tenant_id", "file_id"], unique=False)
    op.create_index("ix_work_photo_tenant_id_subject_id", "work_photo", ["tenant_id", "subject_id"], unique=False)


def add_splits() -> None:
    """The decomposition of an edition's clauses over the units."""
    op.create_table(
        "split",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("edition_sha256", sa.Text(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'issued', 'replaced', 'dropped')", name=op.f("ck_split_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "replaces_id"], ["split.tenant_id", "split.id"], name=op.f("fk_split_replaces_id_split")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_split")),
        sa.UniqueConstraint("tenant_id", "campaign", "issue", name=op.f("uq_split_tenant_id_campaign_issue")),
    )
    op.create_table(
        "split_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("split_id", sa.Uuid(), nullable=False),
        sa.Column("share_id", sa.Uuid(), nullable=True),
        sa.Column("row_code", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "split_id"], ["split.tenant_id", "split.id"], name=op.f("fk_split_event_split_id_split")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_split_event")),
    )
    op.create_index("ix_split_event_tenant_id_split_id", "split_event", ["tenant_id", "split_id"], unique=False)
    op.create_table(
        "split_row",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("split_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("requirement", sa.Text(), nullable=False),
        sa.Column("owner_unit_id", sa.Uuid(), nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.CheckConstraint("points >= 0", name=op.f("ck_split_row_points")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_split_row_owner_unit_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "split_id"], ["split.tenant_id", "split.id"], name=op.f("fk_split_row_split_id_split")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_split_row")),
        sa.UniqueConstraint("tenant_id", "split_id", "code", name=op.f("uq_split_row_tenant_id_split_id_code")),
    )
    op.create_table(
        "split_share",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("split_id", sa.Uuid(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('lead', 'assist')", name=op.f("ck_split_share_role")),
        sa.CheckConstraint("state IN ('draft', 'issued', 'accepted', 'returned')", name=op.f("ck_split_share_state")),
        sa.CheckConstraint("points >= 0", name=op.f("ck_split_share_points")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_split_share_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "row_id"],
            ["split_row.tenant_id", "split_row.id"],
            name=op.f("fk_split_share_row_id_split_row"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "split_id"], ["split.tenant_id", "split.id"], name=op.f("fk_split_share_split_id_split")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["task.tenant_id", "task.id"], name=op.f("fk_split_share_task_id_task")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_split_share_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_split_share")),
        sa.UniqueConstraint("tenant_id", "row_id", "unit_id", name=op.f("uq_split_share_tenant_id_row_id_unit_id")),
    )
    op.create_index("ix_split_share_tenant_id_split_id", "split_share", ["tenant_id", "split_id"], unique=False)
    op.create_index("ix_split_share_tenant_id_unit_id", "split_share", ["tenant_id", "unit_id", "state"], unique=False)


def add_meetings() -> None:
    """Meetings, agenda, attendance, decisions."""
    op.create_table(
        "meeting",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("chair_id", sa.Uuid(), nullable=True),
        sa.Column("chair_name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minuted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'held', 'minuted', 'cancelled')", name=op.f("ck_meeting_state")),
        sa.CheckConstraint("tier BETWEEN 1 AND 5", name=op.f("ck_meeting_tier")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "chair_id"], ["person.tenant_id", "person.id"], name=op.f("fk_meeting_chair_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "previous_id"],
            ["meeting.tenant_id", "meeting.id"],
            name=op.f("fk_meeting_previous_id_meeting"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_meeting_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_meeting")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_meeting_tenant_id_number")),
    )
    op.create_index("ix_meeting_tenant_id_held_on", "meeting", ["tenant_id", "held_on"], unique=False)
    op.create_table(
        "meeting_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "meeting_id"],
            ["meeting.tenant_id", "meeting.id"],
            name=op.f("fk_meeting_event_meeting_id_meeting"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "meeting_id", "version", name=op.f("pk_meeting_event")),
    )
    op.create_table(
        "meeting_item",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("state IN ('open', 'decided', 'deferred')", name=op.f("ck_meeting_item_state")),
        sa.CheckConstraint(
            "subject IN ('', 'task', 'finding', 'decision', 'project', 'plan')", name=op.f("ck_meeting_item_subject")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "meeting_id"],
            ["meeting.tenant_id", "meeting.id"],
            name=op.f("fk_meeting_item_meeting_id_meeting"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_meeting_item_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_meeting_item")),
    )
    op.create_index("ix_meeting_item_tenant_id_meeting_id", "meeting_item", ["tenant_id", "meeting_id"], unique=False)
    op.create_table(
        "meeting_presence",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("speaks", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('expected', 'present', 'substitute', 'excused', 'absent')",
            name=op.f("ck_meeting_presence_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "meeting_id"],
            ["meeting.tenant_id", "meeting.id"],
            name=op.f("fk_meeting_presence_meeting_id_meeting"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_meeting_presence_person_id_person"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_meeting_presence_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_meeting_presence")),
        sa.UniqueConstraint(
            "tenant_id",
            "meeting_id",
            "unit_id",
            "name",
            name=op.f("uq_meeting_presence_tenant_id_meeting_id_unit_id_name"),
        ),
    )
    op.create_table(
        "meeting_decision",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("target", sa.Numeric(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('decision', 'pledge')", name=op.f("ck_meeting_decision_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"],
            ["meeting_item.tenant_id", "meeting_item.id"],
            name=op.f("fk_meeting_decision_item_id_meeting_item"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "meeting_id"],
            ["meeting.tenant_id", "meeting.id"],
            name=op.f("fk_meeting_decision_meeting_id_meeting"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_meeting_decision_person_id_person"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["task.tenant_id", "task.id"], name=op.f("fk_meeting_decision_task_id_task")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_meeting_decision_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_meeting_decision")),
    )
    op.create_index(
        "ix_meeting_decision_tenant_id_meeting_id", "meeting_decision", ["tenant_id", "meeting_id"], unique=False
    )


def add_projects() -> None:
    """Projects with stages, quantities, money, objects."""
    op.create_table(
        "project",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("contractor", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("cost_qualifier", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("acceptance_unit_id", sa.Uuid(), nullable=True),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("owner_signed_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('works', 'resettlement', 'objects', 'site_file')", name=op.f("ck_project_kind")),
        sa.CheckConstraint(
            "state IN ('draft', 'running', 'finished', 'accepted', 'closed', 'stopped')", name=op.f("ck_project_state")
        ),
        sa.CheckConstraint("cost >= 0", name=op.f("ck_project_cost")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_project_days")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acceptance_unit_id"],
            ["unit.tenant_id", "unit.id"],
            name=op.f("fk_project_acceptance_unit_id_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"], ["plan_line.tenant_id", "plan_line.id"], name=op.f("fk_project_line_id_plan_line")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_project_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"], ["plan.tenant_id", "plan.id"], name=op.f("fk_project_plan_id_plan")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_project_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["task.tenant_id", "task.id"], name=op.f("fk_project_task_id_task")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_project_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_project")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_project_tenant_id_number")),
    )
    op.create_index("ix_project_tenant_id_plan_id", "project", ["tenant_id", "plan_id"], unique=False)
    op.create_index("ix_project_tenant_id_site_id", "project", ["tenant_id", "site_id"], unique=False)
    op.create_index("ix_project_tenant_id_unit_id", "project", ["tenant_id", "unit_id"], unique=False)
    op.create_table(
        "project_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["project.tenant_id", "project.id"],
            name=op.f("fk_project_event_project_id_project"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "project_id", "version", name=op.f("pk_project_event")),
    )
    op.create_table(
        "project_finding",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"],
            ["finding.tenant_id", "finding.id"],
            name=op.f("fk_project_finding_finding_id_finding"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["project.tenant_id", "project.id"],
            name=op.f("fk_project_finding_project_id_project"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "project_id", "finding_id", name=op.f("pk_project_finding")),
    )
    op.create_index(
        "ix_project_finding_tenant_id_finding_id", "project_finding", ["tenant_id", "finding_id"], unique=False
    )
    op.create_table(
        "project_item",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind_id", sa.Uuid(), nullable=True),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("planned", sa.Numeric(), nullable=False),
        sa.Column("planned_qualifier", sa.Text(), nullable=False),
        sa.Column("done", sa.Numeric(), nullable=False),
        sa.Column("done_qualifier", sa.Text(), nullable=False),
        sa.CheckConstraint("flow IN ('input', 'output', 'outcome', 'counter')", name=op.f("ck_project_item_flow")),
        sa.CheckConstraint("planned >= 0 AND done >= 0", name=op.f("ck_project_item_amounts")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "kind_id"],
            ["quantity_kind.tenant_id", "quantity_kind.id"],
            name=op.f("fk_project_item_kind_id_quantity_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["project.tenant_id", "project.id"],
            name=op.f("fk_project_item_project_id_project"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_project_item")),
    )
    op.create_index("ix_project_item_tenant_id_project_id", "project_item", ["tenant_id", "project_id"], unique=False)
    op.create_table(
        "project_share",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("planned", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "source IN ('owner', 'society', 'award', 'finance', 'other')", name=op.f("ck_project_share_source")
        ),
        sa.CheckConstraint("planned >= 0 AND paid >= 0", name=op.f("ck_project_share_amounts")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["project.tenant_id", "project.id"],
            name=op.f("fk_project_share_project_id_project"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_project_share")),
    )
    op.create_index("ix_project_share_tenant_id_project_id", "project_share", ["tenant_id", "project_id"], unique=False)
    op.create_table(
        "project_stage",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("needs_photo", sa.Boolean(), nullable=False),
        sa.Column("by_other", sa.Boolean(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("passed_on", sa.Date(), nullable=True),
        sa.Column("passed_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'open', 'passed', 'failed')", name=op.f("ck_project_stage_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["project.tenant_id", "project.id"],
            name=op.f("fk_project_stage_project_id_project"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_project_stage")),
        sa.UniqueConstraint(
            "tenant_id", "project_id", "position", name=op.f("uq_project_stage_tenant_id_project_id_position")
        ),
    )
    op.create_table(
        "project_object",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('todo', 'agreed', 'done', 'dropped')", name=op.f("ck_project_object_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"],
            ["project_item.tenant_id", "project_item.id"],
            name=op.f("fk_project_object_item_id_project_item"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["project.tenant_id", "project.id"],
            name=op.f("fk_project_object_project_id_project"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_project_object")),
    )
    op.create_index("ix_project_object_tenant_id_item_id", "project_object", ["tenant_id", "item_id"], unique=False)


def add_quantities() -> None:
    """Reported quantities and what was decided about doubles."""
    op.create_table(
        "quantity_entry",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("scope_unit_id", sa.Uuid(), nullable=True),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("low", sa.Numeric(), nullable=True),
        sa.Column("high", sa.Numeric(), nullable=True),
        sa.Column("qualifier", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column("period_text", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("total_id", sa.Uuid(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("basis IN ('self', 'verified', 'declared')", name=op.f("ck_quantity_entry_basis")),
        sa.CheckConstraint("precision IN ('day', 'month', 'year', 'none')", name=op.f("ck_quantity_entry_precision")),
        sa.CheckConstraint(
            "state IN ('reported', 'verified', 'withdrawn', 'merged')", name=op.f("ck_quantity_entry_state")
        ),
        sa.CheckConstraint("value IS NULL OR (low IS NULL AND high IS NULL)", name=op.f("ck_quantity_entry_number")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "kind_id"],
            ["quantity_kind.tenant_id", "quantity_kind.id"],
            name=op.f("fk_quantity_entry_kind_id_quantity_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"],
            ["plan_line.tenant_id", "plan_line.id"],
            name=op.f("fk_quantity_entry_line_id_plan_line"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "merged_into_id"],
            ["quantity_entry.tenant_id", "quantity_entry.id"],
            name=op.f("fk_quantity_entry_merged_into_id_quantity_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"], ["plan.tenant_id", "plan.id"], name=op.f("fk_quantity_entry_plan_id_plan")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["project.tenant_id", "project.id"],
            name=op.f("fk_quantity_entry_project_id_project"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "scope_unit_id"],
            ["unit.tenant_id", "unit.id"],
            name=op.f("fk_quantity_entry_scope_unit_id_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_quantity_entry_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["task.tenant_id", "task.id"], name=op.f("fk_quantity_entry_task_id_task")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "total_id"],
            ["quantity_entry.tenant_id", "quantity_entry.id"],
            name=op.f("fk_quantity_entry_total_id_quantity_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_quantity_entry_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_quantity_entry")),
    )
    op.create_index(
        "ix_quantity_entry_tenant_id_kind_id", "quantity_entry", ["tenant_id", "kind_id", "period_start"], unique=False
    )
    op.create_index("ix_quantity_entry_tenant_id_plan_id", "quantity_entry", ["tenant_id", "plan_id"], unique=False)
    op.create_index("ix_quantity_entry_tenant_id_total_id", "quantity_entry", ["tenant_id", "total_id"], unique=False)
    op.create_index("ix_quantity_entry_tenant_id_unit_id", "quantity_entry", ["tenant_id", "unit_id"], unique=False)
    op.create_table(
        "quantity_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("low", sa.Numeric(), nullable=True),
        sa.Column("high", sa.Numeric(), nullable=True),
        sa.Column("qualifier", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["quantity_entry.tenant_id", "quantity_entry.id"],
            name=op.f("fk_quantity_event_entry_id_quantity_entry"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "entry_id", "version", name=op.f("pk_quantity_event")),
    )
    op.create_table(
        "quantity_pair",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict IN ('disjoint', 'merged', 'open')", name=op.f("ck_quantity_pair_verdict")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "first_id"],
            ["quantity_entry.tenant_id", "quantity_entry.id"],
            name=op.f("fk_quantity_pair_first_id_quantity_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "second_id"],
            ["quantity_entry.tenant_id", "quantity_entry.id"],
            name=op.f("fk_quantity_pair_second_id_quantity_entry"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_quantity_pair")),
    )
    op.create_index("ix_quantity_pair_tenant_id_first_id", "quantity_pair", ["tenant_id", "first_id"], unique=False)
    op.create_index("ix_quantity_pair_tenant_id_second_id", "quantity_pair", ["tenant_id", "second_id"], unique=False)
