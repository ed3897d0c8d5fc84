"""Figures: what the numbers say, kept; and indexes for the lists, a unit's parts and what changed since a day."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import ask_once, each_tenant, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# name, wall, rights, whether a secret round can reach it; in the order of their references.
WALLED: tuple[tuple[str, str, tuple[str, ...], bool], ...] = (
    ("score_run", "tenant", ("SELECT", "INSERT"), False),
    ("enabled_edition", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("statistic", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("observation", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("locked_value", "tenant", ("SELECT", "INSERT"), False),
    ("observation_event", "tenant", ("SELECT", "INSERT"), False),
    ("notice_addressee", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("day_count", "tenant", ("SELECT", "INSERT", "DELETE"), False),
    ("day_mark", "tenant", ("SELECT", "INSERT", "DELETE"), False),
    ("standing", "addressed", ("SELECT", "INSERT"), False),
    ("appeal", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("appeal_event", "tenant", ("SELECT", "INSERT"), False),
    ("publication_term", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("publication_reminder", "addressed", ("SELECT", "INSERT"), False),
    ("outside_publication", "tenant", ("SELECT", "INSERT"), False),
    ("outside_figure", "tenant", ("SELECT", "INSERT"), False),
)

ADDRESSED = ("publication_grant", "publication", "published_figure")
FIGURE_COLUMNS = ("interval_low", "interval_high", "self_value", "declared_value")


def upgrade() -> None:
    add_tables()
    raw = op.get_bind().exec_driver_sql
    for table, wall, rights, secret in WALLED:
        for statement in protect(table, wall, rights, secret=secret):
            raw(statement)
    for table in addressed() if not has_citus(raw) else ():
        raw(ask_once(table))
    for _tenant in each_tenant(raw):
        fill(raw)
    # An index answers whose part a finding is, and which findings have moved since a day.
    op.drop_index("ix_part_tenant_id_unit_id", table_name="part")
    op.create_index(
        "ix_part_tenant_id_unit_id",
        "part",
        ["tenant_id", "unit_id"],
        postgresql_include=["finding_id", "hidden", "ended_at"],
    )
    op.create_index("ix_finding_tenant_id_changed_at", "finding", ["tenant_id", "changed_at"])
    # One indicator of three thousand districts is three thousand look-ups, one a publication.
    op.create_index(
        "ix_published_figure_code",
        "published_figure",
        ["reader_id", "publication_id", "code"],
        postgresql_include=["tenant_id", "status", "value", "n", "numerator", "denominator"],
    )


def addressed() -> tuple[str, ...]:
    """The tables that are written for a reader, those of this version among them."""
    return (*ADDRESSED, *(table for table, wall, _, _ in WALLED if wall == "addressed"))


def has_citus(raw: Callable[..., Any]) -> bool:
    """Whether the database is distributed: its policies may have no sub-select."""
    return raw("SELECT 1 FROM pg_extension WHERE extname = 'citus'").first() is not None


OPENED = "CAST(timezone('Asia/Shanghai', opened_at) AS date)"
CLOSED = "CAST(timezone('Asia/Shanghai', closed_at) AS date)"


def fill(raw: Callable[..., Any]) -> None:
    """Give one tenant's old papers their addressee: the one unit that each went to."""
    raw(
        "INSERT INTO notice_addressee (tenant_id, notice_id, unit_id, position, unit_name, state, version, read_at, signed_at, "
        "replied_at) SELECT n.tenant_id, n.id, n.unit_id, 1, n.unit_name, n.state, n.version, "
        "min(e.at) FILTER (WHERE e.to_state IN ('read', 'signed', 'replied')), "
        "min(e.at) FILTER (WHERE e.to_state IN ('signed', 'replied')), "
        "max(e.at) FILTER (WHERE e.to_state = 'replied' AND n.state IN ('replied', 'closed')) "
        "FROM notice n LEFT JOIN notice_event e ON e.tenant_id = n.tenant_id AND e.notice_id = n.id "
        "GROUP BY n.tenant_id, n.id"
    )
    # What was entered before is counted in the first night.
    for day, unit, table in (
        ("day", "unit_id", "visit"),
        (OPENED, "unit_id", "finding"),
        (CLOSED, "unit_id", "finding"),
    ):
        raw(
            f"INSERT INTO day_mark (tenant_id, id, day, unit_id) SELECT tenant_id, gen_random_uuid(), day, unit_id "
            f"FROM (SELECT DISTINCT tenant_id, {day} AS day, {unit} FROM {table} WHERE NOT hidden) d WHERE day IS NOT NULL"
        )


def downgrade() -> None:
    op.drop_index("ix_published_figure_code", table_name="published_figure")
    for table in ADDRESSED:
        op.execute(f"ALTER POLICY {table}_wall ON {table} USING (reader_id = app_scope() OR tenant_id = app_scope())")
    op.drop_index("ix_finding_tenant_id_changed_at", table_name="finding")
    op.drop_index("ix_part_tenant_id_unit_id", table_name="part")
    op.create_index("ix_part_tenant_id_unit_id", "part", ["tenant_id", "unit_id"])
    drop_tables()


def add_tables() -> None:
    # In the order of their references.
    op.create_table(
        "score_run",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("edition_sha256", sa.Text(), nullable=False),
        sa.Column("period_kind", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("cut_off", sa.DateTime(timezone=True), nullable=False),
        sa.Column("earned", sa.Integer(), nullable=False),
        sa.Column("assessed", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_score_run_unit_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "previous_id"],
            ["score_run.tenant_id", "score_run.id"],
            name=op.f("fk_score_run_previous_id_score_run"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_score_run")),
    )
    op.create_index(
        "ix_score_run_tenant_id_campaign", "score_run", ["tenant_id", "campaign", "period_start", "made_at"]
    )
    op.create_table(
        "enabled_edition",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('in_force', 'shadow')", name=op.f("ck_enabled_edition_role")),
        sa.CheckConstraint("source IN ('shipped', 'private')", name=op.f("ck_enabled_edition_source")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_enabled_edition_days")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign"],
            ["enabled_campaign.tenant_id", "enabled_campaign.campaign"],
            name=op.f("fk_enabled_edition_campaign_enabled_campaign"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "sha256"],
            ["definition.tenant_id", "definition.sha256"],
            name=op.f("fk_enabled_edition_sha256_definition"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_enabled_edition")),
    )
    op.create_index(
        "ix_enabled_edition_tenant_id_campaign",
        "enabled_edition",
        ["tenant_id", "campaign", "role", "valid_from"],
        unique=False,
    )
    op.create_table(
        "statistic",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("denominator_zh", sa.Text(), nullable=False),
        sa.Column("denominator_en", sa.Text(), nullable=False),
        sa.Column("denominator_measure", sa.Text(), nullable=False),
        sa.Column("owner_unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_kind", sa.Text(), nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("due_days", sa.Integer(), nullable=False),
        sa.Column("combine", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("bases", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("needs_population", sa.Boolean(), nullable=False),
        sa.Column("minimum", sa.Numeric(), nullable=True),
        sa.Column("maximum", sa.Numeric(), nullable=True),
        sa.Column("apart", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("combine IN ('sum', 'mean', 'last')", name=op.f("ck_statistic_combine")),
        sa.CheckConstraint(
            "frequency IN ('day', 'week', 'ten_day', 'month', 'quarter', 'year')", name=op.f("ck_statistic_frequency")
        ),
        sa.CheckConstraint("origin IN ('edition', 'own')", name=op.f("ck_statistic_origin")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner_unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_statistic_owner_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_statistic")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_statistic_tenant_id_code")),
    )
    op.create_index("ix_statistic_tenant_id_owner_unit_id", "statistic", ["tenant_id", "owner_unit_id"], unique=False)
    op.create_table(
        "observation",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("statistic_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("period_kind", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("numerator", sa.Numeric(), nullable=True),
        sa.Column("denominator", sa.Numeric(), nullable=True),
        sa.Column("qualifier", sa.Text(), nullable=False),
        sa.Column("denominator_qualifier", sa.Text(), nullable=False),
        sa.Column("declared_rate", sa.Numeric(), nullable=True),
        sa.Column("population_base", sa.Text(), nullable=False),
        sa.Column("population_on", sa.Date(), nullable=True),
        sa.Column("population_precision", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_name", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("basis IN ('self', 'verified', 'declared')", name=op.f("ck_observation_basis")),
        sa.CheckConstraint(
            "denominator_qualifier IN ('exact', 'over', 'about', 'tens_of_thousands', 'at_least')",
            name=op.f("ck_observation_denominator_qualifier"),
        ),
        sa.CheckConstraint(
            "period_kind IN ('day', 'week', 'ten_day', 'month', 'quarter', 'year')",
            name=op.f("ck_observation_period_kind"),
        ),
        sa.CheckConstraint(
            "population_precision IN ('day', 'month', 'year')", name=op.f("ck_observation_population_precision")
        ),
        sa.CheckConstraint(
            "qualifier IN ('exact', 'over', 'about', 'tens_of_thousands', 'at_least')",
            name=op.f("ck_observation_qualifier"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'returned', 'reviewed', 'locked')", name=op.f("ck_observation_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "statistic_id"],
            ["statistic.tenant_id", "statistic.id"],
            name=op.f("fk_observation_statistic_id_statistic"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_observation_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_observation")),
        sa.UniqueConstraint(
            "tenant_id", "statistic_id", "unit_id", "period_start", "period_kind", "basis", name="uq_observation_key"
        ),
    )
    op.create_index("ix_observation_tenant_id_period_start", "observation", ["tenant_id", "period_start"], unique=False)
    op.create_table(
        "locked_value",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("observation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("numerator", sa.Numeric(), nullable=False),
        sa.Column("denominator", sa.Numeric(), nullable=True),
        sa.Column("qualifier", sa.Text(), nullable=False),
        sa.Column("denominator_qualifier", sa.Text(), nullable=False),
        sa.Column("declared_rate", sa.Numeric(), nullable=True),
        sa.Column("population_base", sa.Text(), nullable=False),
        sa.Column("population_on", sa.Date(), nullable=True),
        sa.Column("population_precision", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "observation_id"],
            ["observation.tenant_id", "observation.id"],
            name=op.f("fk_locked_value_observation_id_observation"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_locked_value")),
        sa.UniqueConstraint(
            "tenant_id", "observation_id", "number", name=op.f("uq_locked_value_tenant_id_observation_id_number")
        ),
    )
    op.create_table(
        "observation_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("observation_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "observation_id"],
            ["observation.tenant_id", "observation.id"],
            name=op.f("fk_observation_event_observation_id_observation"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "observation_id", "version", name=op.f("pk_observation_event")),
    )
    op.create_table(
        "notice_addressee",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('issued', 'read', 'signed', 'replied', 'closed', 'cancelled')",
            name=op.f("ck_notice_addressee_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "notice_id"],
            ["notice.tenant_id", "notice.id"],
            name=op.f("fk_notice_addressee_notice_id_notice"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_notice_addressee_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "notice_id", "unit_id", name=op.f("pk_notice_addressee")),
    )
    op.create_index(
        "ix_notice_addressee_tenant_id_unit_id", "notice_addressee", ["tenant_id", "unit_id", "state"], unique=False
    )
    op.add_column("finding", sa.Column("seen_again", sa.Integer(), server_default="0", nullable=False))
    op.add_column("notice_finding", sa.Column("state", sa.Text(), nullable=True))
    op.add_column("notice_event", sa.Column("unit_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_notice_event_unit_id_unit"),
        "notice_event",
        "unit",
        ["tenant_id", "unit_id"],
        ["tenant_id", "id"],
    )

    op.create_table(
        "standing",
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("reader_slug", sa.Text(), nullable=False),
        sa.Column("reader_name", sa.Text(), nullable=False),
        sa.Column("city_slug", sa.Text(), nullable=False),
        sa.Column("city_name", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("edition_sha256", sa.Text(), nullable=False),
        sa.Column("period_kind", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("previous_rank", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("unranked", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(), nullable=True),
        sa.Column("interval_low", sa.Numeric(), nullable=True),
        sa.Column("interval_high", sa.Numeric(), nullable=True),
        sa.Column("best", sa.Integer(), nullable=True),
        sa.Column("worst", sa.Integer(), nullable=True),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("rests_on", sa.Text(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("previous_sha256", sa.Text(), nullable=True),
        sa.Column("corrects_sha256", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reader_id", "tenant_id", "id", name=op.f("pk_standing")),
        sa.UniqueConstraint(
            "reader_id", "tenant_id", "sequence", name=op.f("uq_standing_reader_id_tenant_id_sequence")
        ),
    )
    op.create_index("ix_standing_reader_period", "standing", ["reader_id", "campaign", "period_start"], unique=False)
    op.create_index("ix_standing_tenant_id", "standing", ["tenant_id", "campaign", "period_start"], unique=False)
    add_publication_columns()


def add_publication_columns() -> None:
    """What a seal of version 2 covers besides; older publications keep version 1 and their text."""
    op.add_column("publication", sa.Column("interval_low", sa.Numeric(), nullable=True))
    op.add_column("publication", sa.Column("interval_high", sa.Numeric(), nullable=True))
    op.add_column("publication", sa.Column("interval_seed", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "publication",
        sa.Column("warnings", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )
    op.add_column("publication", sa.Column("seal_version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("publication", sa.Column("content_sha256", sa.Text(), server_default="", nullable=False))
    for name in FIGURE_COLUMNS:
        op.add_column("published_figure", sa.Column(name, sa.Numeric(), nullable=True))
    counts = ("visits", "passed", "earned", "n", "m", "raw")
    op.create_table(
        "day_count",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "campaign", "code", "basis")),
        sa.Column("possible", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sa.CheckConstraint("kind IN ('item', 'form', 'opened', 'closed')", name=op.f("ck_day_count_kind")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "day", "unit_id", "kind", "campaign", "code", "basis", "possible", name=op.f("pk_day_count")
        ),
    )
    op.create_index("ix_day_count_kind", "day_count", ["tenant_id", "kind", "campaign", "day"], unique=False)
    op.create_table(
        "day_mark",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_day_mark")),
    )
    op.create_index("ix_day_mark_tenant_id_day", "day_mark", ["tenant_id", "day", "unit_id"], unique=False)
    add_appeals()
    add_city_tables()


def add_appeals() -> None:
    moment, words = sa.DateTime(timezone=True), postgresql.JSONB(astext_type=sa.Text())
    op.create_table(
        "appeal",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("campaign", "indicator", "period_kind")),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("figure_unit_id", sa.Uuid(), nullable=True),
        sa.Column("facts", words, nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("raised_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("effect_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", words, nullable=False),
        sa.CheckConstraint("state IN ('raised', 'upheld', 'rejected', 'withdrawn')", name=op.f("ck_appeal_state")),
        sa.CheckConstraint("(finding_id IS NULL) = (period_start IS NOT NULL)", name=op.f("ck_appeal_one_thing")),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{target}.tenant_id", f"{target}.id"],
                name=op.f(f"fk_appeal_{column}_{target}"),
            )
            for column, target in (
                ("finding_id", "finding"),
                ("figure_unit_id", "unit"),
                ("unit_id", "unit"),
                ("person_id", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_appeal")),
    )
    op.create_index("ix_appeal_tenant_id_raised_at", "appeal", ["tenant_id", "raised_at", "id"])
    op.create_index("ix_appeal_tenant_id_about", "appeal", ["tenant_id", "about"])
    op.create_index(
        "ix_appeal_open",
        "appeal",
        ["tenant_id", "about", "unit_id"],
        unique=True,
        postgresql_where=sa.text("state = 'raised'"),
    )
    op.create_table(
        "appeal_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("detail", words, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "appeal_id"], ["appeal.tenant_id", "appeal.id"], name=op.f("fk_appeal_event_appeal_id_appeal")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "appeal_id", "version", name=op.f("pk_appeal_event")),
    )


def add_city_tables() -> None:
    """What a city keeps of its own: terms and reminders, and figures of districts outside the installation."""
    moment = sa.DateTime(timezone=True)

    def texts(*names: str) -> list[sa.Column[str]]:
        return [sa.Column(name, sa.Text(), nullable=False) for name in names]

    op.create_table(
        "publication_term",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        *texts("campaign", "period_kind"),
        sa.Column("days_after", sa.Integer(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        *texts("changed_by"),
        sa.Column("changed_at", moment, nullable=False),
        sa.CheckConstraint("days_after BETWEEN 0 AND 366", name=op.f("ck_publication_term_days_after")),
        sa.PrimaryKeyConstraint("tenant_id", "campaign", "period_kind", name=op.f("pk_publication_term")),
    )
    op.create_table(
        "publication_reminder",
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *texts(
            "reader_slug", "reader_name", "city_slug", "city_name", "campaign", "title_zh", "title_en", "period_kind"
        ),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        *texts("reminded_by"),
        sa.Column("reminded_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("reader_id", "tenant_id", "id", name=op.f("pk_publication_reminder")),
        sa.UniqueConstraint(
            "reader_id",
            "tenant_id",
            "campaign",
            "period_kind",
            "period_start",
            name="uq_publication_reminder_period",
        ),
    )
    op.create_index(
        "ix_publication_reminder_tenant_id", "publication_reminder", ["tenant_id", "campaign", "period_start"]
    )
    op.create_table(
        "outside_publication",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *texts("campaign", "district_name", "edition", "period_kind"),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("version", "earned", "assessed", "total", "visits", "sites")
        ),
        *texts("source", "file_name", "imported_by"),
        sa.Column("imported_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_outside_publication")),
        sa.UniqueConstraint(
            "tenant_id",
            "campaign",
            "period_kind",
            "period_start",
            "district_name",
            "version",
            name="uq_outside_publication_version",
        ),
    )
    op.create_index("ix_outside_publication_tenant_id_imported_at", "outside_publication", ["tenant_id", "imported_at"])
    op.create_table(
        "outside_figure",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        *texts("code", "name"),
        *(sa.Column(name, sa.Numeric(), nullable=True) for name in ("numerator", "denominator", "value")),
        *texts("unit"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "publication_id"],
            ["outside_publication.tenant_id", "outside_publication.id"],
            name=op.f("fk_outside_figure_publication_id_outside_publication"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "publication_id", "code", name=op.f("pk_outside_figure")),
    )


def drop_tables() -> None:
    # The other way round.
    for table in ("outside_figure", "outside_publication", "publication_reminder", "publication_term"):
        op.drop_table(table)
    op.drop_table("appeal_event")
    op.drop_table("appeal")
    op.drop_table("score_run")
    op.drop_index("ix_day_mark_tenant_id_day", table_name="day_mark")
    op.drop_table("day_mark")
    op.drop_index("ix_day_count_kind", table_name="day_count")
    op.drop_table("day_count")
    for name in reversed(FIGURE_COLUMNS):
        op.drop_column("published_figure", name)
    for name in ("content_sha256", "seal_version", "warnings", "interval_seed", "interval_high", "interval_low"):
        op.drop_column("publication", name)
    op.drop_index("ix_standing_tenant_id", table_name="standing")
    op.drop_index("ix_standing_reader_period", table_name="standing")
    op.drop_table("standing")
    op.drop_constraint(op.f("fk_notice_event_unit_id_unit"), "notice_event", type_="foreignkey")
    op.drop_column("notice_event", "unit_id")
    op.drop_column("notice_finding", "state")
    op.drop_column("finding", "seen_again")
    op.drop_index("ix_notice_addressee_tenant_id_unit_id", table_name="notice_addressee")
    op.drop_table("notice_addressee")
    op.drop_table("observation_event")
    op.drop_table("locked_value")
    op.drop_index("ix_observation_tenant_id_period_start", table_name="observation")
    op.drop_table("observation")
    op.drop_index("ix_statistic_tenant_id_owner_unit_id", table_name="statistic")
    op.drop_table("statistic")
    op.drop_index("ix_enabled_edition_tenant_id_campaign", table_name="enabled_edition")
    op.drop_table("enabled_edition")
