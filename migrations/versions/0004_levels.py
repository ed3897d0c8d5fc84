"""Provinces and the nation above cities, and what the figures need to be fast."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import ask_all_once, ask_each_row, each_tenant, sign_scope

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Those asked once since 0003.
ADDRESSED = ("publication_grant", "publication", "published_figure", "standing", "publication_reminder")


def upgrade() -> None:
    add_levels()
    count_visits()
    remember_reminders()
    lay_ranks()
    keep_sites()
    op.create_index("ix_api_token_token_sha256", "api_token", ["token_sha256"])
    # Last, so that whatever this version adds asks once as well.
    ask_all_once(op.get_bind().exec_driver_sql)


def downgrade() -> None:
    ask_each_row(op.get_bind().exec_driver_sql, but=ADDRESSED)
    op.drop_index("ix_api_token_token_sha256", table_name="api_token")
    forget_sites()
    clear_ranks()
    drop_levels()
    forget_reminders()
    forget_visits()


def add_levels() -> None:
    """A city's province and a province's nation stand where only a district's city stood; rows keep what they have."""
    op.drop_constraint(op.f("ck_tenant_kind"), "tenant")
    op.create_check_constraint(op.f("ck_tenant_kind"), "tenant", "kind IN ('district', 'city', 'province', 'nation')")
    op.alter_column("tenant", "city_id", new_column_name="upper_id")
    # A district that has granted and not yet published stands under its city and province too.
    op.add_column("publication_grant", sa.Column("district_code", sa.Text(), nullable=True))


def drop_levels() -> None:
    """Refuse while a province or nation stands: 0003 has no place for it, and its people and papers would lose theirs."""
    raw = op.get_bind().exec_driver_sql
    sign_scope(raw, 0)
    standing = [row[0] for row in raw("SELECT slug FROM tenant WHERE kind IN ('province', 'nation') ORDER BY slug")]
    raw("SELECT set_config('app.scope', '', true)")
    if standing:
        raise RuntimeError(
            f"0004 stays: version 0003 knows no provinces and no nation, and here stand {', '.join(standing)}"
        )
    op.drop_column("publication_grant", "district_code")
    op.alter_column("tenant", "upper_id", new_column_name="city_id")
    op.drop_constraint(op.f("ck_tenant_kind"), "tenant")
    op.create_check_constraint(op.f("ck_tenant_kind"), "tenant", "kind IN ('district', 'city')")


KINDS = "kind IN ('item', 'form', 'opened', 'closed')"


def count_visits() -> None:
    """Visits are counted by the day, too; every day that has some is counted again in the first ten minutes."""
    raw = op.get_bind().exec_driver_sql
    op.drop_constraint(op.f("ck_day_count_kind"), "day_count")
    op.create_check_constraint(op.f("ck_day_count_kind"), "day_count", KINDS.replace("'form'", "'form', 'visit'"))
    for _tenant in each_tenant(raw):
        raw(
            "INSERT INTO day_mark (tenant_id, id, day, unit_id) SELECT tenant_id, gen_random_uuid(), day, unit_id "
            "FROM (SELECT DISTINCT tenant_id, day, unit_id FROM visit WHERE NOT hidden) d"
        )


def forget_visits() -> None:
    """What 0003 does not count goes; its other counts stand."""
    raw = op.get_bind().exec_driver_sql
    for _tenant in each_tenant(raw):
        raw("DELETE FROM day_count WHERE kind = 'visit'")
    op.drop_constraint(op.f("ck_day_count_kind"), "day_count")
    op.create_check_constraint(op.f("ck_day_count_kind"), "day_count", KINDS)


NAMES = ["id", "district_slug", "district_name", "district_code", "edition", "edition_sha256", "is_demo"]
CODE = ["publication_id", "status", "value", "n", "numerator", "denominator"]


def lay_ranks() -> None:
    """One indicator of one period lies together in an index, whatever was published before: a figure says its period."""
    raw = op.get_bind().exec_driver_sql
    op.add_column("published_figure", sa.Column("period_start", sa.Date(), nullable=True))
    for tenant in each_tenant(raw):
        raw(
            "UPDATE published_figure f SET period_start = p.period_start FROM publication p WHERE p.reader_id = f.reader_id"
            f" AND p.tenant_id = f.tenant_id AND p.id = f.publication_id AND f.tenant_id = {tenant:d}"
        )
    op.alter_column("published_figure", "period_start", nullable=False)
    op.drop_index("ix_published_figure_code", table_name="published_figure")
    op.create_index(
        "ix_published_figure_code",
        "published_figure",
        ["reader_id", "code", "period_start", "tenant_id"],
        postgresql_include=CODE,
    )
    effects = {"postgresql_where": sa.text("level = 'effect'")}
    op.create_index("ix_published_figure_effect", "published_figure", ["reader_id", "period_start"], **effects)
    op.drop_index("ix_publication_reader_period", table_name="publication")
    op.create_index(
        "ix_publication_reader_period",
        "publication",
        ["reader_id", "campaign", "period_kind", "period_start", "tenant_id", "sequence"],
        postgresql_include=NAMES,
    )
    first = {"postgresql_where": sa.text("sequence = 1")}
    op.create_index("ix_publication_first", "publication", ["reader_id", "tenant_id"], **first)


def clear_ranks() -> None:
    """The indexes of 0003 again."""
    op.drop_index("ix_publication_first", table_name="publication")
    op.drop_index("ix_publication_reader_period", table_name="publication")
    op.create_index("ix_publication_reader_period", "publication", ["reader_id", "campaign", "period_start"])
    op.drop_index("ix_published_figure_effect", table_name="published_figure")
    op.drop_index("ix_published_figure_code", table_name="published_figure")
    op.drop_column("published_figure", "period_start")
    op.create_index(
        "ix_published_figure_code",
        "published_figure",
        ["reader_id", "publication_id", "code"],
        postgresql_include=["tenant_id", *CODE[1:]],
    )


def keep_sites() -> None:
    """A visit keeps what its site was; those that stand know it no more."""
    op.add_column("visit", sa.Column("site_then", postgresql.JSONB(astext_type=sa.Text()), nullable=True))


def forget_sites() -> None:
    """Regrading reads today's sites again."""
    op.drop_column("visit", "site_then")


def remember_reminders() -> None:
    """The due day about which those who answer for a number were last reminded."""
    op.add_column("statistic", sa.Column("reminded_on", sa.Date(), nullable=True))


def forget_reminders() -> None:
    """0003 reminds of no numbers."""
    op.drop_column("statistic", "reminded_on")
