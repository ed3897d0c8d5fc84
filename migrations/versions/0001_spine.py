"""The spine: tenants and accounts, units and people, sites, visits, findings, publications; the wall around them."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

from migrations.wall import APP, FUNCTIONS, JOB_DOOR, JOBS, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WALLED = (
    ("account_token", "shared", ("SELECT", "INSERT", "UPDATE"), False),
    ("api_token", "shared", ("SELECT", "INSERT", "UPDATE"), False),
    ("app_user", "platform", ("SELECT", "INSERT", "UPDATE"), False),
    ("audit", "tenant", ("SELECT", "INSERT"), False),
    ("calendar_day", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("definition", "tenant", ("SELECT", "INSERT"), False),
    ("enabled_campaign", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("idempotency", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("login_session", "platform", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("membership", "shared", ("SELECT", "INSERT", "UPDATE"), False),
    ("person", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("platform_event", "platform", ("SELECT", "INSERT"), False),
    ("publication", "addressed", ("SELECT", "INSERT"), False),
    ("publication_grant", "addressed", ("SELECT", "INSERT"), False),
    ("serial", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("tenant", "platform", ("SELECT", "INSERT", "UPDATE"), False),
    ("throttle", "platform", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("unit", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("file", "tenant", ("SELECT", "INSERT"), False),
    ("post", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("published_figure", "addressed", ("SELECT", "INSERT"), False),
    ("site", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("unit_name", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("unit_parent", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("unit_path", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("unit_role", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("holding", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("site_kind", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("visit", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("answer", "tenant", ("SELECT", "INSERT"), True),
    ("finding", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("item_result", "tenant", ("SELECT", "INSERT"), True),
    ("sheet", "tenant", ("SELECT", "INSERT"), True),
    ("attachment", "tenant", ("SELECT", "INSERT"), True),
    ("finding_event", "tenant", ("SELECT", "INSERT"), True),
    ("finding_item", "tenant", ("SELECT", "INSERT"), True),
    ("finding_link", "tenant", ("SELECT", "INSERT"), True),
    ("part", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
)


def upgrade() -> None:
    raw = op.get_bind().exec_driver_sql
    raw(FUNCTIONS)
    raw(f"GRANT USAGE ON SCHEMA public TO {APP}")
    raw(f"GRANT EXECUTE ON FUNCTION app_scope(), app_cleared() TO {APP}")
    create_tables()
    for table, wall, rights, secret in WALLED:
        for statement in protect(table, wall, rights, secret=secret):
            raw(statement)
    raw("CREATE SCHEMA jobs")
    raw("SET LOCAL search_path = jobs, pg_catalog")
    # The driver reads a percent sign as a placeholder.
    raw(SchemaManager.get_schema().replace("%", "%%"))
    raw("SET LOCAL search_path = public, pg_catalog")
    raw(f"GRANT USAGE ON SCHEMA jobs TO {JOBS}")
    raw(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO {JOBS}")
    raw(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO {JOBS}")
    raw(JOB_DOOR)
    raw(f"GRANT EXECUTE ON FUNCTION enqueue(text, text, jsonb, text) TO {APP}")


def create_tables() -> None:
    # In the order of their references.
    op.create_table(
        "account_token",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_account_token")),
        sa.UniqueConstraint("tenant_id", "token_sha256", name=op.f("uq_account_token_tenant_id_token_sha256")),
    )
    op.create_index("ix_account_token_hash", "account_token", ["token_sha256"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("tenant_id", "token_sha256", name=op.f("uq_api_token_tenant_id_token_sha256")),
    )
    op.create_table(
        "app_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("is_operator", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("login", name=op.f("uq_app_user_login")),
    )
    op.create_table(
        "audit",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_tenant_id_at", "audit", ["tenant_id", "at"], unique=False)
    op.create_index("ix_audit_tenant_id_object_id", "audit", ["tenant_id", "object_id"], unique=False)
    op.create_table(
        "calendar_day",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "definition",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name=op.f("pk_definition")),
    )
    op.create_table(
        "enabled_campaign",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("edition_sha256", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('enabled', 'suspended', 'archived')", name=op.f("ck_enabled_campaign_state")),
        sa.PrimaryKeyConstraint("tenant_id", "campaign", name=op.f("pk_enabled_campaign")),
    )
    op.create_table(
        "idempotency",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_index("ix_idempotency_tenant_id_created_at", "idempotency", ["tenant_id", "created_at"], unique=False)
    op.create_table(
        "login_session",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_login_session")),
    )
    op.create_index("ix_login_session_user_id", "login_session", ["user_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("home", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name=op.f("pk_membership")),
        sa.UniqueConstraint("tenant_id", "person_id", name=op.f("uq_membership_tenant_id_person_id")),
    )
    op.create_index("ix_membership_user_id", "membership", ["user_id"], unique=False)
    op.create_table(
        "person",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pinyin", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_person")),
    )
    op.create_table(
        "platform_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_event")),
    )
    op.create_table(
        "publication",
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("reader_slug", sa.Text(), nullable=False),
        sa.Column("reader_name", sa.Text(), nullable=False),
        sa.Column("district_slug", sa.Text(), nullable=False),
        sa.Column("district_code", sa.Text(), nullable=True),
        sa.Column("district_name", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("edition_sha256", sa.Text(), nullable=False),
        sa.Column("period_kind", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("cut_off", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("earned", sa.Integer(), nullable=False),
        sa.Column("assessed", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("sites", sa.Integer(), nullable=False),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("vetoes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("previous_sha256", sa.Text(), nullable=True),
        sa.Column("corrects_sha256", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reader_id", "tenant_id", "id", name=op.f("pk_publication")),
        sa.UniqueConstraint(
            "reader_id", "tenant_id", "sequence", name=op.f("uq_publication_reader_id_tenant_id_sequence")
        ),
    )
    op.create_index(
        "ix_publication_reader_period", "publication", ["reader_id", "campaign", "period_start"], unique=False
    )
    op.create_index("ix_publication_tenant_id", "publication", ["tenant_id", "campaign", "period_start"], unique=False)
    op.create_table(
        "publication_grant",
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("reader_slug", sa.Text(), nullable=False),
        sa.Column("reader_name", sa.Text(), nullable=False),
        sa.Column("district_slug", sa.Text(), nullable=False),
        sa.Column("district_name", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reader_id", "tenant_id", "id", name=op.f("pk_publication_grant")),
    )
    op.create_index("ix_publication_grant_tenant_id", "publication_grant", ["tenant_id", "campaign"], unique=False)
    op.create_table(
        "serial",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "series", name=op.f("pk_serial")),
    )
    op.create_table(
        "tenant",
        sa.Column("id", sa.Integer(), sa.Identity(always=False, start=1), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pinyin", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("code_issuer", sa.Text(), nullable=True),
        sa.Column("city_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('district', 'city')", name=op.f("ck_tenant_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenant_slug")),
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle")),
    )
    op.create_table(
        "unit",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tree", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pinyin", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("code_issuer", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("tree IN ('administration', 'headquarters')", name=op.f("ck_unit_tree")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_unit")),
    )
    op.create_index("ix_unit_tenant_id_code", "unit", ["tenant_id", "code"], unique=False)
    op.create_index("ix_unit_tenant_id_tree_kind", "unit", ["tenant_id", "tree", "kind"], unique=False)
    op.create_table(
        "file",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("original_sha256", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=10, scale=6), nullable=True),
        sa.Column("latitude", sa.Numeric(precision=10, scale=6), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_file_person_id_person")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_file")),
    )
    op.create_index("ix_file_tenant_id_original", "file", ["tenant_id", "original_sha256"], unique=True)
    op.create_table(
        "post",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_post_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_post")),
    )
    op.create_index("ix_post_tenant_id_unit_id", "post", ["tenant_id", "unit_id"], unique=False)
    op.create_table(
        "published_figure",
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_en", sa.Text(), nullable=False),
        sa.Column("numerator", sa.Numeric(), nullable=True),
        sa.Column("denominator", sa.Numeric(), nullable=True),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("earned", sa.Integer(), nullable=True),
        sa.Column("assessed", sa.Integer(), nullable=False),
        sa.Column("possible", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id", "tenant_id", "publication_id"],
            ["publication.reader_id", "publication.tenant_id", "publication.id"],
            name=op.f("fk_published_figure_tenant_id_publication"),
        ),
        sa.PrimaryKeyConstraint("reader_id", "tenant_id", "id", name=op.f("pk_published_figure")),
    )
    op.create_index(
        "ix_published_figure_publication",
        "published_figure",
        ["reader_id", "tenant_id", "publication_id"],
        unique=False,
    )
    op.create_table(
        "site",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pinyin", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("operator_unit_id", sa.Uuid(), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=10, scale=6), nullable=True),
        sa.Column("latitude", sa.Numeric(precision=10, scale=6), nullable=True),
        sa.Column("attrs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "operator_unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_site_operator_unit_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_site_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_site")),
    )
    op.create_index("ix_site_tenant_id_code", "site", ["tenant_id", "code"], unique=False)
    op.create_index("ix_site_tenant_id_pinyin", "site", ["tenant_id", "pinyin"], unique=False)
    op.create_index("ix_site_tenant_id_unit_id", "site", ["tenant_id", "unit_id"], unique=False)
    op.create_table(
        "unit_name",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_unit_name_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "unit_id", "valid_from", name=op.f("pk_unit_name")),
    )
    op.create_table(
        "unit_parent",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_unit_parent_parent_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_unit_parent_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "unit_id", "valid_from", name=op.f("pk_unit_parent")),
    )
    op.create_table(
        "unit_path",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("ancestor_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ancestor_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_unit_path_ancestor_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_unit_path_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "ancestor_id", "unit_id", "valid_from", name=op.f("pk_unit_path")),
    )
    op.create_index("ix_unit_path_tenant_id_unit_id", "unit_path", ["tenant_id", "unit_id"], unique=False)
    op.create_table(
        "unit_role",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_unit_role_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "role", "valid_from", name=op.f("pk_unit_role")),
    )
    op.create_table(
        "holding",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_holding_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "post_id"], ["post.tenant_id", "post.id"], name=op.f("fk_holding_post_id_post")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_holding")),
    )
    op.create_index("ix_holding_tenant_id_person_id", "holding", ["tenant_id", "person_id"], unique=False)
    op.create_table(
        "site_kind",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("site_type", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_site_kind_site_id_site")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "site_id", "site_type", "valid_from", name=op.f("pk_site_kind")),
    )
    op.create_index("ix_site_kind_tenant_id_site_type", "site_kind", ["tenant_id", "site_type"], unique=False)
    op.create_table(
        "visit",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("summary", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("basis IN ('self', 'verified')", name=op.f("ck_visit_basis")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_visit_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_visit_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_visit_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_visit")),
    )
    op.create_index("ix_visit_tenant_id_day", "visit", ["tenant_id", "day"], unique=False)
    op.create_index("ix_visit_tenant_id_site_id_day", "visit", ["tenant_id", "site_id", "day"], unique=False)
    op.create_table(
        "answer",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("na", sa.Boolean(), nullable=False),
        sa.Column("yes", sa.Boolean(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("m", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "visit_id"], ["visit.tenant_id", "visit.id"], name=op.f("fk_answer_visit_id_visit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "visit_id", "question", name=op.f("pk_answer")),
    )
    op.create_table(
        "finding",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key_item", sa.Boolean(), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_finding_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_finding_unit_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "visit_id"], ["visit.tenant_id", "visit.id"], name=op.f("fk_finding_visit_id_visit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_finding")),
    )
    op.create_index("ix_finding_tenant_id_due_at", "finding", ["tenant_id", "due_at"], unique=False)
    op.create_index("ix_finding_tenant_id_opened_at", "finding", ["tenant_id", "opened_at"], unique=False)
    op.create_index("ix_finding_tenant_id_site_id", "finding", ["tenant_id", "site_id"], unique=False)
    op.create_index("ix_finding_tenant_id_state_due_at", "finding", ["tenant_id", "state", "due_at"], unique=False)
    op.create_index("ix_finding_tenant_id_visit_id", "finding", ["tenant_id", "visit_id"], unique=False)
    op.create_table(
        "item_result",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("earned", sa.Integer(), nullable=False),
        sa.Column("possible", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("m", sa.Integer(), nullable=True),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("outcome IN ('pass', 'fail', 'na')", name=op.f("ck_item_result_outcome")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "visit_id"], ["visit.tenant_id", "visit.id"], name=op.f("fk_item_result_visit_id_visit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "visit_id", "campaign", "form", "item", name=op.f("pk_item_result")),
    )
    op.create_index(
        "ix_item_result_tenant_id_campaign_day", "item_result", ["tenant_id", "campaign", "day"], unique=False
    )
    op.create_index("ix_item_result_tenant_id_item_day", "item_result", ["tenant_id", "item", "day"], unique=False)
    op.create_index(
        "ix_item_result_tenant_id_question_day", "item_result", ["tenant_id", "question", "day"], unique=False
    )
    op.create_table(
        "sheet",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("form_sha256", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("edition_sha256", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("earned", sa.Integer(), nullable=False),
        sa.Column("possible", sa.Integer(), nullable=False),
        sa.Column("vetoes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "visit_id"], ["visit.tenant_id", "visit.id"], name=op.f("fk_sheet_visit_id_visit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "visit_id", "campaign", "form", name=op.f("pk_sheet")),
    )
    op.create_index("ix_sheet_tenant_id_campaign_day", "sheet", ["tenant_id", "campaign", "day", "form"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"], ["file.tenant_id", "file.id"], name=op.f("fk_attachment_file_id_file")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"],
            ["finding.tenant_id", "finding.id"],
            name=op.f("fk_attachment_finding_id_finding"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "visit_id"], ["visit.tenant_id", "visit.id"], name=op.f("fk_attachment_visit_id_visit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_attachment")),
    )
    op.create_index("ix_attachment_tenant_id_file_id", "attachment", ["tenant_id", "file_id"], unique=False)
    op.create_index("ix_attachment_tenant_id_finding_id", "attachment", ["tenant_id", "finding_id"], unique=False)
    op.create_index("ix_attachment_tenant_id_visit_id", "attachment", ["tenant_id", "visit_id"], unique=False)
    op.create_table(
        "finding_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"],
            ["finding.tenant_id", "finding.id"],
            name=op.f("fk_finding_event_finding_id_finding"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "finding_id", "version", name=op.f("pk_finding_event")),
    )
    op.create_index("ix_finding_event_tenant_id_at", "finding_event", ["tenant_id", "at"], unique=False)
    op.create_table(
        "finding_item",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"],
            ["finding.tenant_id", "finding.id"],
            name=op.f("fk_finding_item_finding_id_finding"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "finding_id", "campaign", "form", "item", name=op.f("pk_finding_item")),
    )
    op.create_table(
        "finding_link",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("direct", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"],
            ["finding.tenant_id", "finding.id"],
            name=op.f("fk_finding_link_finding_id_finding"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "finding_id", "campaign", "indicator", name=op.f("pk_finding_link")),
    )
    op.create_index("ix_finding_link_tenant_id_indicator", "finding_link", ["tenant_id", "indicator"], unique=False)
    op.create_table(
        "part",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("leading", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("kind IN ('line', 'place', 'assist')", name=op.f("ck_part_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"], ["finding.tenant_id", "finding.id"], name=op.f("fk_part_finding_id_finding")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_part_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "finding_id", "kind", "unit_id", name=op.f("pk_part")),
    )
    op.create_index("ix_part_tenant_id_unit_id", "part", ["tenant_id", "unit_id"], unique=False)


def downgrade() -> None:
    raw = op.get_bind().exec_driver_sql
    raw("DROP FUNCTION enqueue(text, text, jsonb, text)")
    raw("DROP SCHEMA jobs CASCADE")
    drop_tables()
    raw("DROP FUNCTION app_cleared()")
    raw("DROP FUNCTION app_scope()")
    raw("DROP TABLE wall_key")


def drop_tables() -> None:
    # In the order of their references.
    op.drop_index("ix_part_tenant_id_unit_id", table_name="part")
    op.drop_table("part")
    op.drop_index("ix_finding_link_tenant_id_indicator", table_name="finding_link")
    op.drop_table("finding_link")
    op.drop_table("finding_item")
    op.drop_index("ix_finding_event_tenant_id_at", table_name="finding_event")
    op.drop_table("finding_event")
    op.drop_index("ix_attachment_tenant_id_visit_id", table_name="attachment")
    op.drop_index("ix_attachment_tenant_id_finding_id", table_name="attachment")
    op.drop_index("ix_attachment_tenant_id_file_id", table_name="attachment")
    op.drop_table("attachment")
    op.drop_index("ix_sheet_tenant_id_campaign_day", table_name="sheet")
    op.drop_table("sheet")
    op.drop_index("ix_item_result_tenant_id_question_day", table_name="item_result")
    op.drop_index("ix_item_result_tenant_id_item_day", table_name="item_result")
    op.drop_index("ix_item_result_tenant_id_campaign_day", table_name="item_result")
    op.drop_table("item_result")
    op.drop_index("ix_finding_tenant_id_visit_id", table_name="finding")
    op.drop_index("ix_finding_tenant_id_state_due_at", table_name="finding")
    op.drop_index("ix_finding_tenant_id_site_id", table_name="finding")
    op.drop_index("ix_finding_tenant_id_opened_at", table_name="finding")
    op.drop_index("ix_finding_tenant_id_due_at", table_name="finding")
    op.drop_table("finding")
    op.drop_table("answer")
    op.drop_index("ix_visit_tenant_id_site_id_day", table_name="visit")
    op.drop_index("ix_visit_tenant_id_day", table_name="visit")
    op.drop_table("visit")
    op.drop_index("ix_site_kind_tenant_id_site_type", table_name="site_kind")
    op.drop_table("site_kind")
    op.drop_index("ix_holding_tenant_id_person_id", table_name="holding")
    op.drop_table("holding")
    op.drop_table("unit_role")
    op.drop_index("ix_unit_path_tenant_id_unit_id", table_name="unit_path")
    op.drop_table("unit_path")
    op.drop_table("unit_parent")
    op.drop_table("unit_name")
    op.drop_index("ix_site_tenant_id_unit_id", table_name="site")
    op.drop_index("ix_site_tenant_id_pinyin", table_name="site")
    op.drop_index("ix_site_tenant_id_code", table_name="site")
    op.drop_table("site")
    op.drop_index("ix_published_figure_publication", table_name="published_figure")
    op.drop_table("published_figure")
    op.drop_index("ix_post_tenant_id_unit_id", table_name="post")
    op.drop_table("post")
    op.drop_index("ix_file_tenant_id_original", table_name="file")
    op.drop_table("file")
    op.drop_index("ix_unit_tenant_id_tree_kind", table_name="unit")
    op.drop_index("ix_unit_tenant_id_code", table_name="unit")
    op.drop_table("unit")
    op.drop_table("throttle")
    op.drop_table("tenant")
    op.drop_table("serial")
    op.drop_index("ix_publication_grant_tenant_id", table_name="publication_grant")
    op.drop_table("publication_grant")
    op.drop_index("ix_publication_tenant_id", table_name="publication")
    op.drop_index("ix_publication_reader_period", table_name="publication")
    op.drop_table("publication")
    op.drop_table("platform_event")
    op.drop_table("person")
    op.drop_index("ix_membership_user_id", table_name="membership")
    op.drop_table("membership")
    op.drop_index("ix_login_session_user_id", table_name="login_session")
    op.drop_table("login_session")
    op.drop_index("ix_idempotency_tenant_id_created_at", table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_table("enabled_campaign")
    op.drop_table("definition")
    op.drop_table("calendar_day")
    op.drop_index("ix_audit_tenant_id_object_id", table_name="audit")
    op.drop_index("ix_audit_tenant_id_at", table_name="audit")
    op.drop_table("audit")
    op.drop_table("app_user")
    op.drop_table("api_token")
    op.drop_index("ix_account_token_hash", table_name="account_token")
    op.drop_table("account_token")
