"""The ledger: the whole life of a finding, charts and sponsors, notices, whistles, re-inspections, cards."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import each_tenant, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WALLED = (
    ("campaign_phase", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("category_set", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("outbox", "tenant", ("SELECT", "INSERT", "UPDATE", "DELETE"), False),
    ("recheck_sample", "tenant", ("SELECT", "INSERT"), False),
    ("reorganisation", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("setting", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("card_scheme", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("handover", "tenant", ("SELECT", "INSERT"), False),
    ("negative_entry", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("note", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("notice", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("patrol", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("routing_rule", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("saved_filter", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("unit_lineage", "tenant", ("SELECT", "INSERT"), False),
    ("area_member", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("card_issue", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("contact", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("file_look", "tenant", ("SELECT", "INSERT"), False),
    ("negative_step", "tenant", ("SELECT", "INSERT"), False),
    ("notice_event", "tenant", ("SELECT", "INSERT"), False),
    ("notice_chase", "tenant", ("SELECT", "INSERT"), False),
    ("patrol_member", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("card_scheme_change", "tenant", ("SELECT", "INSERT"), False),
    ("rank_day", "tenant", ("SELECT", "INSERT"), False),
    ("site_grid", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("site_post", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("sponsorship", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("card_event", "tenant", ("SELECT", "INSERT"), False),
    ("contact_link", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("sponsor_entry", "tenant", ("SELECT", "INSERT"), False),
    ("chase", "tenant", ("SELECT", "INSERT"), False),
    ("finding_campaign", "tenant", ("SELECT", "INSERT"), True),
    ("hand_on", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("notice_finding", "tenant", ("SELECT", "INSERT"), False),
    ("precedent", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("recheck", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("signal", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("sweep", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("whistle", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("sweep_site", "tenant", ("SELECT", "INSERT", "UPDATE"), True),
    ("not_same", "tenant", ("SELECT", "INSERT"), True),
    ("whistle_call", "tenant", ("SELECT", "INSERT", "UPDATE"), False),
    ("whistle_event", "tenant", ("SELECT", "INSERT"), False),
)

# Rules of columns that tables of 0001 gained.
RULES = (
    ("ck_finding_basis", "finding", "basis IN ('self', 'verified')"),
    ("ck_finding_severity", "finding", "severity IN ('ordinary', 'serious', 'urgent')"),
    ("ck_part_state", "part", "state IN ('informed', 'open', 'done', 'cosigned', 'declined')"),
    ("ck_holding_kind", "holding", "kind IN ('holder', 'deputy', 'assessor')"),
)
# What 0001 knows of the states that came with this version.
OLD_STATES = {
    "dispatched": ("reported", "accepted", "returned"),
    "rectifying": ("extension_asked", "parking_asked", "parked", "held"),
    "closed": ("stable", "rejected", "cancelled", "merged"),
}
# Rows that hang on a finding without a site, which 0001 cannot keep.
HANGING = ("attachment", "finding_event", "finding_item", "finding_link", "part")


def upgrade() -> None:
    add_tables()
    raw = op.get_bind().exec_driver_sql
    for table, wall, rights, secret in WALLED:
        for statement in protect(table, wall, rights, secret=secret):
            raw(statement)
    for _tenant in each_tenant(raw):
        fill(raw)


def fill(raw: Callable[..., Any]) -> None:
    """Give the findings of one tenant what the new columns and tables say of them."""
    found = raw("SELECT count(*) FROM finding").scalar()
    done = raw(
        "UPDATE finding SET clock_from = opened_at, clock_seconds = working_days * 86400, "
        "limit_seconds = working_days * 86400, basis = coalesce("
        "(SELECT v.basis FROM visit v WHERE v.tenant_id = finding.tenant_id AND v.id = finding.visit_id), 'verified')"
    ).rowcount
    assert done == found, (done, found)
    raw(
        "UPDATE part SET state = CASE WHEN f.state IN ('answered', 'closed') THEN 'done' ELSE 'open' END FROM finding f "
        'WHERE f.tenant_id = part.tenant_id AND f.id = part.finding_id AND part."leading"'
    )
    raw(
        "INSERT INTO finding_campaign (tenant_id, finding_id, campaign, hidden) "
        "SELECT DISTINCT tenant_id, finding_id, campaign, hidden FROM finding_item"
    )


def downgrade() -> None:
    raw = op.get_bind().exec_driver_sql
    # Nothing of the new tables stays; patrols are named by older tables and go with their columns.
    raw(f"TRUNCATE {', '.join(name for name, *_ in WALLED if name != 'patrol')}")
    for _tenant in each_tenant(raw):
        raw("UPDATE finding SET merged_into = NULL WHERE merged_into IS NOT NULL")
        for old, new in OLD_STATES.items():
            listed = ", ".join(f"'{one}'" for one in new)
            raw(f"UPDATE finding SET state = '{old}' WHERE state IN ({listed})")
        for table in HANGING:
            raw(
                f"DELETE FROM {table} USING finding f WHERE f.tenant_id = {table}.tenant_id "
                f"AND f.id = {table}.finding_id AND f.site_id IS NULL"
            )
        raw("DELETE FROM finding WHERE site_id IS NULL")
    drop_tables()


def add_tables() -> None:
    # In the order of their references.
    op.create_table(
        "campaign_phase",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "campaign", "valid_from", name=op.f("pk_campaign_phase")),
    )
    op.create_table(
        "category_set",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_category_set")),
    )
    op.create_table(
        "outbox",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_tenant_id_created_at", "outbox", ["tenant_id", "created_at"], unique=False)
    op.create_table(
        "recheck_sample",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("closed_from", sa.Date(), nullable=False),
        sa.Column("closed_to", sa.Date(), nullable=False),
        sa.Column("rate_percent", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_recheck_sample")),
    )
    op.create_table(
        "reorganisation",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("tree", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("moved", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'approved', 'in_force', 'withdrawn')", name=op.f("ck_reorganisation_state")
        ),
        sa.CheckConstraint("tree IN ('administration', 'headquarters')", name=op.f("ck_reorganisation_tree")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_reorganisation")),
    )
    op.create_table(
        "setting",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_setting")),
    )
    op.create_table(
        "card_scheme",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_to", sa.Date(), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'active', 'retired')", name=op.f("ck_card_scheme_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_card_scheme_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_card_scheme")),
    )
    op.create_table(
        "handover",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "from_id"], ["person.tenant_id", "person.id"], name=op.f("fk_handover_from_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "to_id"], ["person.tenant_id", "person.id"], name=op.f("fk_handover_to_id_person")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_handover")),
    )
    op.create_index("ix_handover_tenant_id_from_id", "handover", ["tenant_id", "from_id"], unique=False)
    op.create_index("ix_handover_tenant_id_to_id", "handover", ["tenant_id", "to_id"], unique=False)
    op.create_table(
        "negative_entry",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("behind", sa.Text(), server_default="", nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("triggered_on", sa.Date(), nullable=True),
        sa.Column("cleared_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("effect IN ('deduct', 'cap', 'bar')", name=op.f("ck_negative_entry_effect")),
        sa.CheckConstraint("state IN ('watched', 'triggered', 'cleared')", name=op.f("ck_negative_entry_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_negative_entry_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_negative_entry")),
    )
    op.create_index(
        "ix_negative_entry_tenant_id_campaign", "negative_entry", ["tenant_id", "campaign", "state"], unique=False
    )
    op.create_table(
        "note",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_note_person_id_person")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_note")),
    )
    op.create_index("ix_note_tenant_id_person_id", "note", ["tenant_id", "person_id", "created_at"], unique=False)
    op.create_table(
        "notice",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("demand", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_days", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("issuer_unit_id", sa.Uuid(), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalates_id", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('issued', 'read', 'signed', 'replied', 'closed', 'cancelled')", name=op.f("ck_notice_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "escalates_id"], ["notice.tenant_id", "notice.id"], name=op.f("fk_notice_escalates_id_notice")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "issuer_unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_notice_issuer_unit_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_notice_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_tenant_id_issued_at", "notice", ["tenant_id", "issued_at"], unique=False)
    op.create_index(
        "ix_notice_tenant_id_kind_year_serial",
        "notice",
        ["tenant_id", "kind", "year", "restricted", "serial"],
        unique=True,
    )
    op.create_index("ix_notice_tenant_id_unit_id", "notice", ["tenant_id", "unit_id", "issued_at"], unique=False)
    op.create_table(
        "patrol",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_patrol_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_patrol_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_patrol")),
    )
    op.create_index("ix_patrol_tenant_id_started_at", "patrol", ["tenant_id", "started_at"], unique=False)
    op.create_table(
        "routing_rule",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("site_type", sa.Text(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("line_unit_id", sa.Uuid(), nullable=True),
        sa.Column("line_role", sa.Text(), nullable=False),
        sa.Column("place_unit_id", sa.Uuid(), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("hours IS NULL OR hours > 0", name=op.f("ck_routing_rule_hours")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_routing_rule_line_unit_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "place_unit_id"],
            ["unit.tenant_id", "unit.id"],
            name=op.f("fk_routing_rule_place_unit_id_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "territory_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_routing_rule_territory_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_routing_rule")),
    )
    op.create_table(
        "saved_filter",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_saved_filter_person_id_person")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_saved_filter")),
    )
    op.create_table(
        "unit_lineage",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reorganisation_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('split', 'merge', 'succeed', 'rename')", name=op.f("ck_unit_lineage_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "from_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_unit_lineage_from_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "reorganisation_id"],
            ["reorganisation.tenant_id", "reorganisation.id"],
            name=op.f("fk_unit_lineage_reorganisation_id_reorganisation"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "to_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_unit_lineage_to_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "from_id", "to_id", "on_day", name=op.f("pk_unit_lineage")),
    )
    op.create_index("ix_unit_lineage_tenant_id_to_id", "unit_lineage", ["tenant_id", "to_id"], unique=False)
    op.create_table(
        "area_member",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("(unit_id IS NULL) <> (site_id IS NULL)", name=op.f("ck_area_member_one")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "area_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_area_member_area_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_area_member_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_area_member_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_area_member")),
    )
    op.create_index("ix_area_member_tenant_id_area_id", "area_member", ["tenant_id", "area_id"], unique=False)
    op.create_index("ix_area_member_tenant_id_site_id", "area_member", ["tenant_id", "site_id"], unique=False)
    op.create_index("ix_area_member_tenant_id_unit_id", "area_member", ["tenant_id", "unit_id"], unique=False)
    op.create_table(
        "card_issue",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scheme_id", sa.Uuid(), nullable=False),
        sa.Column("scheme_version", sa.Integer(), nullable=False),
        sa.Column("period_kind", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("league", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("reason", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sponsors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'dropped', 'confirmed', 'shown', 'appealed', 'upheld', 'withdrawn')",
            name=op.f("ck_card_issue_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "corrects_id"],
            ["card_issue.tenant_id", "card_issue.id"],
            name=op.f("fk_card_issue_corrects_id_card_issue"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "scheme_id"],
            ["card_scheme.tenant_id", "card_scheme.id"],
            name=op.f("fk_card_issue_scheme_id_card_scheme"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_card_issue")),
    )
    op.create_index(
        "ix_card_issue_tenant_id_scheme_id_period_start",
        "card_issue",
        ["tenant_id", "scheme_id", "period_start"],
        unique=False,
    )
    op.create_index(
        "ix_card_issue_tenant_id_subject_id", "card_issue", ["tenant_id", "subject_id", "period_start"], unique=False
    )
    op.create_table(
        "contact",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_contact_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_contact_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_contact")),
    )
    op.create_table(
        "file_look",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"], ["file.tenant_id", "file.id"], name=op.f("fk_file_look_file_id_file")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "file_id", "band", name=op.f("pk_file_look")),
    )
    op.create_index("ix_file_look_tenant_id_band_value", "file_look", ["tenant_id", "band", "value"], unique=False)
    op.create_table(
        "negative_step",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["negative_entry.tenant_id", "negative_entry.id"],
            name=op.f("fk_negative_step_entry_id_negative_entry"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "entry_id", "version", name=op.f("pk_negative_step")),
    )
    op.create_table(
        "notice_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("photos", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "notice_id"], ["notice.tenant_id", "notice.id"], name=op.f("fk_notice_event_notice_id_notice")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "notice_id", "version", name=op.f("pk_notice_event")),
    )
    op.create_table(
        "notice_chase",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "notice_id"], ["notice.tenant_id", "notice.id"], name=op.f("fk_notice_chase_notice_id_notice")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "notice_id", "rung", "due_at", name=op.f("pk_notice_chase")),
    )
    op.create_table(
        "patrol_member",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("patrol_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "patrol_id"],
            ["patrol.tenant_id", "patrol.id"],
            name=op.f("fk_patrol_member_patrol_id_patrol"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_patrol_member_person_id_person"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "patrol_id", "person_id", name=op.f("pk_patrol_member")),
    )
    op.create_table(
        "card_scheme_change",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'active', 'retired')", name=op.f("ck_card_scheme_change_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "scheme_id"],
            ["card_scheme.tenant_id", "card_scheme.id"],
            name=op.f("fk_card_scheme_change_scheme_id_card_scheme"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "scheme_id", "version", name=op.f("pk_card_scheme_change")),
    )
    op.create_table(
        "rank_day",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("league", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "scheme_id"],
            ["card_scheme.tenant_id", "card_scheme.id"],
            name=op.f("fk_rank_day_scheme_id_card_scheme"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "scheme_id", "day", "revision", "league", "subject_id", name=op.f("pk_rank_day")
        ),
    )
    op.create_table(
        "site_grid",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_site_grid_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_site_grid_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "site_id", "partition", "valid_from", name=op.f("pk_site_grid")),
    )
    op.create_index("ix_site_grid_tenant_id_unit_id", "site_grid", ["tenant_id", "unit_id"], unique=False)
    op.create_table(
        "site_post",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "post_id"], ["post.tenant_id", "post.id"], name=op.f("fk_site_post_post_id_post")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_site_post_site_id_site")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "site_id", "campaign", "post_id", "valid_from", name=op.f("pk_site_post")),
    )
    op.create_index("ix_site_post_tenant_id_post_id", "site_post", ["tenant_id", "post_id"], unique=False)
    op.create_table(
        "sponsorship",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("object_unit_id", sa.Uuid(), nullable=True),
        sa.Column("object_site_id", sa.Uuid(), nullable=True),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(object_unit_id IS NOT NULL)::int + (object_site_id IS NOT NULL)::int + (project <> '')::int = 1",
            name=op.f("ck_sponsorship_object"),
        ),
        sa.CheckConstraint("person_id IS NOT NULL OR unit_id IS NOT NULL", name=op.f("ck_sponsorship_sponsor")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "object_site_id"],
            ["site.tenant_id", "site.id"],
            name=op.f("fk_sponsorship_object_site_id_site"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "object_unit_id"],
            ["unit.tenant_id", "unit.id"],
            name=op.f("fk_sponsorship_object_unit_id_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_sponsorship_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_sponsorship_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sponsorship")),
    )
    op.create_index(
        "ix_sponsorship_tenant_id_object_site_id", "sponsorship", ["tenant_id", "object_site_id"], unique=False
    )
    op.create_index(
        "ix_sponsorship_tenant_id_object_unit_id", "sponsorship", ["tenant_id", "object_unit_id"], unique=False
    )
    op.create_index("ix_sponsorship_tenant_id_person_id", "sponsorship", ["tenant_id", "person_id"], unique=False)
    op.create_table(
        "card_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
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
            ["tenant_id", "card_id"],
            ["card_issue.tenant_id", "card_issue.id"],
            name=op.f("fk_card_event_card_id_card_issue"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "card_id", "version", name=op.f("pk_card_event")),
    )
    op.create_table(
        "contact_link",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contact.tenant_id", "contact.id"],
            name=op.f("fk_contact_link_contact_id_contact"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_contact_link")),
    )
    op.create_index(
        "ix_contact_link_tenant_id_token_sha256", "contact_link", ["tenant_id", "token_sha256"], unique=True
    )
    op.create_table(
        "sponsor_entry",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sponsorship_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('visit', 'settled', 'meeting', 'other')", name=op.f("ck_sponsor_entry_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_sponsor_entry_person_id_person"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "sponsorship_id"],
            ["sponsorship.tenant_id", "sponsorship.id"],
            name=op.f("fk_sponsor_entry_sponsorship_id_sponsorship"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sponsor_entry")),
    )
    op.create_index(
        "ix_sponsor_entry_tenant_id_sponsorship_id_day",
        "sponsor_entry",
        ["tenant_id", "sponsorship_id", "day"],
        unique=False,
    )
    op.create_table(
        "chase",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"], ["finding.tenant_id", "finding.id"], name=op.f("fk_chase_finding_id_finding")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "notice_id"],
            ["notice.tenant_id", "notice.id"],
            name=op.f("fk_chase_notice_id_notice"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("tenant_id", "finding_id", "rung", "due_at", name=op.f("pk_chase")),
    )
    op.create_table(
        "finding_campaign",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"],
            ["finding.tenant_id", "finding.id"],
            name=op.f("fk_finding_campaign_finding_id_finding"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "finding_id", "campaign", name=op.f("pk_finding_campaign")),
    )
    op.create_index(
        "ix_finding_campaign_tenant_id_campaign", "finding_campaign", ["tenant_id", "campaign"], unique=False
    )
    op.create_table(
        "hand_on",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("photos", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint(
            "state IN ('sent', 'answered', 'accepted', 'sent_back', 'withdrawn')", name=op.f("ck_hand_on_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"], ["contact.tenant_id", "contact.id"], name=op.f("fk_hand_on_contact_id_contact")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"], ["finding.tenant_id", "finding.id"], name=op.f("fk_hand_on_finding_id_finding")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_hand_on_person_id_person")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_hand_on")),
    )
    op.create_index("ix_hand_on_tenant_id_contact_id", "hand_on", ["tenant_id", "contact_id", "state"], unique=False)
    op.create_index("ix_hand_on_tenant_id_finding_id", "hand_on", ["tenant_id", "finding_id"], unique=False)
    op.create_table(
        "notice_finding",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"],
            ["finding.tenant_id", "finding.id"],
            name=op.f("fk_notice_finding_finding_id_finding"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "notice_id"],
            ["notice.tenant_id", "notice.id"],
            name=op.f("fk_notice_finding_notice_id_notice"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "notice_id", "finding_id", name=op.f("pk_notice_finding")),
    )
    op.create_index(
        "ix_notice_finding_tenant_id_finding_id", "notice_finding", ["tenant_id", "finding_id"], unique=False
    )
    op.create_table(
        "precedent",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("site_type", sa.Text(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"],
            ["finding.tenant_id", "finding.id"],
            name=op.f("fk_precedent_finding_id_finding"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "territory_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_precedent_territory_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_precedent_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_precedent")),
    )
    op.create_index("ix_precedent_tenant_id_category", "precedent", ["tenant_id", "category"], unique=False)
    op.create_table(
        "recheck",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=True),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("state IN ('due', 'stable', 'relapsed', 'dropped')", name=op.f("ck_recheck_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"], ["finding.tenant_id", "finding.id"], name=op.f("fk_recheck_finding_id_finding")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_recheck_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "sample_id"],
            ["recheck_sample.tenant_id", "recheck_sample.id"],
            name=op.f("fk_recheck_sample_id_recheck_sample"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_recheck")),
    )
    op.create_index("ix_recheck_tenant_id_finding_id", "recheck", ["tenant_id", "finding_id"], unique=False)
    op.create_index("ix_recheck_tenant_id_person_id", "recheck", ["tenant_id", "person_id", "state"], unique=False)
    op.create_table(
        "signal",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("state IN ('open', 'explained', 'confirmed')", name=op.f("ck_signal_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"], ["finding.tenant_id", "finding.id"], name=op.f("fk_signal_finding_id_finding")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_signal")),
    )
    op.create_index("ix_signal_tenant_id_key", "signal", ["tenant_id", "key"], unique=True)
    op.create_index("ix_signal_tenant_id_state_raised_at", "signal", ["tenant_id", "state", "raised_at"], unique=False)
    op.create_table(
        "sweep",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"], ["finding.tenant_id", "finding.id"], name=op.f("fk_sweep_finding_id_finding")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sweep")),
    )
    op.create_index("ix_sweep_tenant_id_finding_id", "sweep", ["tenant_id", "finding_id"], unique=False)
    op.create_table(
        "whistle",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("caller_unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("longitude", sa.Numeric(precision=10, scale=6), nullable=True),
        sa.Column("latitude", sa.Numeric(precision=10, scale=6), nullable=True),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrive_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("solve_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overran_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('called', 'on_site', 'solved', 'escalated', 'cancelled')", name=op.f("ck_whistle_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "caller_unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_whistle_caller_unit_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"], ["finding.tenant_id", "finding.id"], name=op.f("fk_whistle_finding_id_finding")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "leader_id"], ["person.tenant_id", "person.id"], name=op.f("fk_whistle_leader_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("fk_whistle_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_whistle_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_whistle_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_whistle")),
    )
    op.create_index("ix_whistle_tenant_id_called_at", "whistle", ["tenant_id", "called_at"], unique=False)
    op.create_table(
        "sweep_site",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("sweep_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_sweep_site_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "sweep_id"], ["sweep.tenant_id", "sweep.id"], name=op.f("fk_sweep_site_sweep_id_sweep")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "visit_id"], ["visit.tenant_id", "visit.id"], name=op.f("fk_sweep_site_visit_id_visit")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "sweep_id", "site_id", name=op.f("pk_sweep_site")),
    )
    op.create_index("ix_sweep_site_tenant_id_site_id", "sweep_site", ["tenant_id", "site_id"], unique=False)
    op.create_table(
        "not_same",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"],
            ["finding.tenant_id", "finding.id"],
            name=op.f("fk_not_same_finding_id_finding"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "other_id"], ["finding.tenant_id", "finding.id"], name=op.f("fk_not_same_other_id_finding")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "finding_id", "other_id", name=op.f("pk_not_same")),
    )
    op.create_table(
        "whistle_call",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("whistle_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_by", sa.Text(), nullable=False),
        sa.Column("requested", sa.Boolean(), nullable=False),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name=op.f("fk_whistle_call_unit_id_unit")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "whistle_id"],
            ["whistle.tenant_id", "whistle.id"],
            name=op.f("fk_whistle_call_whistle_id_whistle"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "whistle_id", "unit_id", name=op.f("pk_whistle_call")),
    )
    op.create_index("ix_whistle_call_tenant_id_unit_id", "whistle_call", ["tenant_id", "unit_id"], unique=False)
    op.create_table(
        "whistle_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("whistle_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "photo_id"], ["file.tenant_id", "file.id"], name=op.f("fk_whistle_event_photo_id_file")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "whistle_id"],
            ["whistle.tenant_id", "whistle.id"],
            name=op.f("fk_whistle_event_whistle_id_whistle"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "whistle_id", "version", name=op.f("pk_whistle_event")),
    )
    op.add_column("file", sa.Column("look", sa.BigInteger(), nullable=True))
    op.add_column("file", sa.Column("contact_name", sa.Text(), server_default="", nullable=False))
    op.add_column("finding", sa.Column("patrol_id", sa.Uuid(), nullable=True))
    op.add_column("finding", sa.Column("source", sa.Text(), server_default="visit", nullable=False))
    op.add_column("finding", sa.Column("basis", sa.Text(), server_default="verified", nullable=False))
    op.add_column("finding", sa.Column("severity", sa.Text(), server_default="ordinary", nullable=False))
    op.add_column("finding", sa.Column("restricted", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("finding", sa.Column("priority", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("finding", sa.Column("asked_by", sa.Text(), server_default="", nullable=False))
    op.add_column("finding", sa.Column("reported_back_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("finding", sa.Column("place", sa.Text(), server_default="", nullable=False))
    op.add_column("finding", sa.Column("longitude", sa.Numeric(precision=10, scale=6), nullable=True))
    op.add_column("finding", sa.Column("latitude", sa.Numeric(precision=10, scale=6), nullable=True))
    op.add_column("finding", sa.Column("relapsed", sa.Integer(), server_default="0", nullable=False))
    op.add_column("finding", sa.Column("returns", sa.Integer(), server_default="0", nullable=False))
    op.add_column("finding", sa.Column("extended_days", sa.Integer(), server_default="0", nullable=False))
    op.add_column("finding", sa.Column("asked_days", sa.Integer(), nullable=True))
    op.add_column("finding", sa.Column("review_on", sa.Date(), nullable=True))
    op.add_column("finding", sa.Column("accept_by", sa.DateTime(timezone=True), nullable=True))
    op.add_column("finding", sa.Column("clock_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("finding", sa.Column("clock_seconds", sa.Integer(), server_default="0", nullable=False))
    op.add_column("finding", sa.Column("limit_seconds", sa.Integer(), server_default="0", nullable=False))
    op.add_column("finding", sa.Column("due_fixed", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("finding", sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("finding", sa.Column("merged_into", sa.Uuid(), nullable=True))
    op.add_column("finding", sa.Column("resume_state", sa.Text(), nullable=True))
    op.alter_column("finding", "site_id", existing_type=sa.UUID(), nullable=True)
    op.create_index(
        "ix_finding_tenant_id_category_opened_at", "finding", ["tenant_id", "category", "opened_at"], unique=False
    )
    op.create_index("ix_finding_tenant_id_closed_at", "finding", ["tenant_id", "closed_at"], unique=False)
    op.create_index("ix_finding_tenant_id_merged_into", "finding", ["tenant_id", "merged_into"], unique=False)
    op.create_index("ix_finding_tenant_id_patrol_id", "finding", ["tenant_id", "patrol_id"], unique=False)
    op.create_index("ix_finding_tenant_id_number", "finding", ["tenant_id", "number"], unique=False)
    op.create_index(
        "ix_finding_unfinished",
        "finding",
        ["tenant_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('closed', 'stable', 'rejected', 'cancelled', 'merged')"),
    )
    op.create_index(
        "ix_finding_restricted", "finding", ["tenant_id", "id"], unique=False, postgresql_where=sa.text("restricted")
    )
    op.create_index("ix_finding_tenant_id_unit_id", "finding", ["tenant_id", "unit_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_finding_patrol_id_patrol"), "finding", "patrol", ["tenant_id", "patrol_id"], ["tenant_id", "id"]
    )
    op.create_foreign_key(
        op.f("fk_finding_merged_into_finding"), "finding", "finding", ["tenant_id", "merged_into"], ["tenant_id", "id"]
    )
    op.add_column("holding", sa.Column("kind", sa.Text(), server_default="holder", nullable=False))
    op.create_index("ix_holding_tenant_id_post_id", "holding", ["tenant_id", "post_id"], unique=False)
    op.add_column("part", sa.Column("state", sa.Text(), server_default="informed", nullable=False))
    op.add_column("part", sa.Column("asked", sa.Text(), server_default="", nullable=False))
    op.add_column("part", sa.Column("due_on", sa.Date(), nullable=True))
    op.add_column("part", sa.Column("assignee_id", sa.Uuid(), nullable=True))
    op.add_column("part", sa.Column("done_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("part", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_part_open",
        "part",
        ["tenant_id", "unit_id"],
        unique=False,
        postgresql_where=sa.text("state = 'open' AND ended_at IS NULL"),
    )
    op.create_index("ix_part_tenant_id_assignee_id", "part", ["tenant_id", "assignee_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_part_assignee_id_person"), "part", "person", ["tenant_id", "assignee_id"], ["tenant_id", "id"]
    )
    op.add_column("site", sa.Column("zone", sa.Text(), server_default="", nullable=False))
    op.add_column("unit", sa.Column("commanded", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("visit", sa.Column("patrol_id", sa.Uuid(), nullable=True))
    op.add_column("visit", sa.Column("replaces_id", sa.Uuid(), nullable=True))
    op.add_column("visit", sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_visit_tenant_id_replaced",
        "visit",
        ["tenant_id", "id"],
        unique=False,
        postgresql_where=sa.text("replaced_at IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_visit_patrol_id_patrol"), "visit", "patrol", ["tenant_id", "patrol_id"], ["tenant_id", "id"]
    )
    op.create_foreign_key(
        op.f("fk_visit_replaces_id_visit"), "visit", "visit", ["tenant_id", "replaces_id"], ["tenant_id", "id"]
    )
    for name, table, rule in RULES:
        op.create_check_constraint(op.f(name), table, rule)


def drop_tables() -> None:
    for name, table, _rule in RULES:
        op.drop_constraint(op.f(name), table, type_="check")
    op.drop_constraint(op.f("fk_visit_replaces_id_visit"), "visit", type_="foreignkey")
    op.drop_constraint(op.f("fk_visit_patrol_id_patrol"), "visit", type_="foreignkey")
    op.drop_index(
        "ix_visit_tenant_id_replaced", table_name="visit", postgresql_where=sa.text("replaced_at IS NOT NULL")
    )
    op.drop_column("visit", "replaced_at")
    op.drop_column("visit", "replaces_id")
    op.drop_column("visit", "patrol_id")
    op.drop_column("unit", "commanded")
    op.drop_column("site", "zone")
    op.drop_constraint(op.f("fk_part_assignee_id_person"), "part", type_="foreignkey")
    op.drop_index("ix_part_tenant_id_assignee_id", table_name="part")
    op.drop_index("ix_part_open", table_name="part")
    op.drop_column("part", "ended_at")
    op.drop_column("part", "done_at")
    op.drop_column("part", "assignee_id")
    op.drop_column("part", "due_on")
    op.drop_column("part", "asked")
    op.drop_column("part", "state")
    op.drop_index("ix_holding_tenant_id_post_id", table_name="holding")
    op.drop_column("holding", "kind")
    op.drop_constraint(op.f("fk_finding_merged_into_finding"), "finding", type_="foreignkey")
    op.drop_constraint(op.f("fk_finding_patrol_id_patrol"), "finding", type_="foreignkey")
    op.drop_index("ix_finding_tenant_id_unit_id", table_name="finding")
    op.drop_index("ix_finding_restricted", table_name="finding")
    op.drop_index("ix_finding_unfinished", table_name="finding")
    op.drop_index("ix_finding_tenant_id_number", table_name="finding")
    op.drop_index("ix_finding_tenant_id_patrol_id", table_name="finding")
    op.drop_index("ix_finding_tenant_id_merged_into", table_name="finding")
    op.drop_index("ix_finding_tenant_id_closed_at", table_name="finding")
    op.drop_index("ix_finding_tenant_id_category_opened_at", table_name="finding")
    op.alter_column("finding", "site_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("finding", "resume_state")
    op.drop_column("finding", "merged_into")
    op.drop_column("finding", "stopped_at")
    op.drop_column("finding", "due_fixed")
    op.drop_column("finding", "limit_seconds")
    op.drop_column("finding", "clock_seconds")
    op.drop_column("finding", "clock_from")
    op.drop_column("finding", "accept_by")
    op.drop_column("finding", "review_on")
    op.drop_column("finding", "asked_days")
    op.drop_column("finding", "extended_days")
    op.drop_column("finding", "returns")
    op.drop_column("finding", "relapsed")
    op.drop_column("finding", "latitude")
    op.drop_column("finding", "longitude")
    op.drop_column("finding", "place")
    op.drop_column("finding", "reported_back_at")
    op.drop_column("finding", "asked_by")
    op.drop_column("finding", "priority")
    op.drop_column("finding", "restricted")
    op.drop_column("finding", "severity")
    op.drop_column("finding", "basis")
    op.drop_column("finding", "source")
    op.drop_column("finding", "patrol_id")
    op.drop_column("file", "contact_name")
    op.drop_column("file", "look")
    op.drop_table("whistle_event")
    op.drop_index("ix_whistle_call_tenant_id_unit_id", table_name="whistle_call")
    op.drop_table("whistle_call")
    op.drop_table("not_same")
    op.drop_index("ix_sweep_site_tenant_id_site_id", table_name="sweep_site")
    op.drop_table("sweep_site")
    op.drop_index("ix_whistle_tenant_id_called_at", table_name="whistle")
    op.drop_table("whistle")
    op.drop_index("ix_sweep_tenant_id_finding_id", table_name="sweep")
    op.drop_table("sweep")
    op.drop_index("ix_signal_tenant_id_state_raised_at", table_name="signal")
    op.drop_index("ix_signal_tenant_id_key", table_name="signal")
    op.drop_table("signal")
    op.drop_index("ix_recheck_tenant_id_person_id", table_name="recheck")
    op.drop_index("ix_recheck_tenant_id_finding_id", table_name="recheck")
    op.drop_table("recheck")
    op.drop_index("ix_precedent_tenant_id_category", table_name="precedent")
    op.drop_table("precedent")
    op.drop_index("ix_notice_finding_tenant_id_finding_id", table_name="notice_finding")
    op.drop_table("notice_finding")
    op.drop_index("ix_hand_on_tenant_id_finding_id", table_name="hand_on")
    op.drop_index("ix_hand_on_tenant_id_contact_id", table_name="hand_on")
    op.drop_table("hand_on")
    op.drop_index("ix_finding_campaign_tenant_id_campaign", table_name="finding_campaign")
    op.drop_table("finding_campaign")
    op.drop_table("chase")
    op.drop_index("ix_sponsor_entry_tenant_id_sponsorship_id_day", table_name="sponsor_entry")
    op.drop_table("sponsor_entry")
    op.drop_index("ix_contact_link_tenant_id_token_sha256", table_name="contact_link")
    op.drop_table("contact_link")
    op.drop_table("card_event")
    op.drop_index("ix_sponsorship_tenant_id_person_id", table_name="sponsorship")
    op.drop_index("ix_sponsorship_tenant_id_object_unit_id", table_name="sponsorship")
    op.drop_index("ix_sponsorship_tenant_id_object_site_id", table_name="sponsorship")
    op.drop_table("sponsorship")
    op.drop_index("ix_site_post_tenant_id_post_id", table_name="site_post")
    op.drop_table("site_post")
    op.drop_index("ix_site_grid_tenant_id_unit_id", table_name="site_grid")
    op.drop_table("site_grid")
    op.drop_table("rank_day")
    op.drop_table("card_scheme_change")
    op.drop_table("patrol_member")
    op.drop_table("notice_chase")
    op.drop_table("notice_event")
    op.drop_table("negative_step")
    op.drop_index("ix_file_look_tenant_id_band_value", table_name="file_look")
    op.drop_table("file_look")
    op.drop_table("contact")
    op.drop_index("ix_card_issue_tenant_id_subject_id", table_name="card_issue")
    op.drop_index("ix_card_issue_tenant_id_scheme_id_period_start", table_name="card_issue")
    op.drop_table("card_issue")
    op.drop_index("ix_area_member_tenant_id_unit_id", table_name="area_member")
    op.drop_index("ix_area_member_tenant_id_site_id", table_name="area_member")
    op.drop_index("ix_area_member_tenant_id_area_id", table_name="area_member")
    op.drop_table("area_member")
    op.drop_index("ix_unit_lineage_tenant_id_to_id", table_name="unit_lineage")
    op.drop_table("unit_lineage")
    op.drop_table("saved_filter")
    op.drop_table("routing_rule")
    op.drop_index("ix_patrol_tenant_id_started_at", table_name="patrol")
    op.drop_table("patrol")
    op.drop_index("ix_notice_tenant_id_unit_id", table_name="notice")
    op.drop_index("ix_notice_tenant_id_kind_year_serial", table_name="notice")
    op.drop_index("ix_notice_tenant_id_issued_at", table_name="notice")
    op.drop_table("notice")
    op.drop_index("ix_note_tenant_id_person_id", table_name="note")
    op.drop_table("note")
    op.drop_index("ix_negative_entry_tenant_id_campaign", table_name="negative_entry")
    op.drop_table("negative_entry")
    op.drop_index("ix_handover_tenant_id_to_id", table_name="handover")
    op.drop_index("ix_handover_tenant_id_from_id", table_name="handover")
    op.drop_table("handover")
    op.drop_table("card_scheme")
    op.drop_table("setting")
    op.drop_table("reorganisation")
    op.drop_table("recheck_sample")
    op.drop_index("ix_outbox_tenant_id_created_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("category_set")
    op.drop_table("campaign_phase")
