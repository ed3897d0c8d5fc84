"""Canaries (金丝雀): a mark of its own in every text column of one tenant's rows, so that any leak names its column.

Marks look like ``CANARY_<table>_<column>_x1a2b3c``, one for each row. They are written by the superuser, after the tenant
was filled through the product's own functions; a new text column gets its mark without anybody thinking of it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy import Column, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

import core.figures.tables
import core.work.tables  # noqa: F401 - both rooms put their tables into the metadata
from tenants.db import Base

MARK = re.compile(r"CANARY_[A-Za-z0-9_]+?_x[0-9a-f]{6}", re.IGNORECASE)
SLUG = "canary-b"  # of the marked tenant: its slug cannot hold capitals, so it is a mark of its own kind
SLUGS = re.compile(r"canary-b[a-z0-9-]*")
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
MARKS_LOW, IDS_LOW = re.compile(MARK.pattern.lower()), re.compile(IDS.pattern)
HASHES = re.compile(r"\b[0-9a-f]{64}\b")

CODE = "a code of the vocabulary or of a catalogue, or a state's word: the product looks it up and no free text gets in"
CITY = "a row of a city's own, or one that a city writes: no district is its author, and the wall's own tests hold it"
HASH = "a SHA-256 of content; the hashes of the marked tenant are hunted for as they are"
KEPT: dict[str, str] = {
    **dict.fromkeys(
        "tenant.kind tenant.state app_user.locale app_user.state membership.state account_token.purpose "
        "publication_grant.campaign publication_grant.detail publication.campaign publication.edition "
        "publication.period_kind publication.detail publication.vetoes standing.campaign standing.period_kind standing.reader_slug "
        "published_figure.level published_figure.code "
        "published_figure.category published_figure.status unit.tree unit.kind unit_role.role person.state post.role "
        "post.campaign enabled_campaign.campaign enabled_campaign.state enabled_campaign.edition site.state "
        "site_kind.site_type visit.basis answer.question sheet.campaign sheet.form sheet.edition sheet.basis "
        "sheet.vetoes item_result.campaign item_result.form item_result.item item_result.question item_result.basis "
        "item_result.outcome finding.question finding.category finding.state finding.outcome finding_item.campaign "
        "finding_item.form finding_item.item finding_link.campaign finding_link.indicator part.kind "
        "finding_event.verb finding_event.from_state finding_event.to_state file.media_type "
        "attachment.question "
        # duties
        "holding.kind sponsorship.kind sponsorship.campaign sponsor_entry.kind site_post.campaign "
        # findings
        "finding.basis finding.source finding.severity finding.resume_state finding_campaign.campaign part.state signal.kind signal.state "
        # negative list
        "negative_entry.campaign negative_entry.effect negative_entry.state "
        "negative_step.verb negative_step.from_state negative_step.to_state "
        # intake
        "routing_rule.category routing_rule.site_type routing_rule.campaign routing_rule.severity routing_rule.line_role "
        "precedent.category precedent.site_type precedent.campaign campaign_phase.campaign category_set.state "
        "patrol_member.duty notice_chase.rung "
        # charts
        "reorganisation.tree reorganisation.state unit_lineage.kind "
        # whistles
        "whistle.state whistle_event.verb whistle_event.from_state whistle_event.to_state setting.name "
        # cards
        "card_scheme.state card_scheme_change.state card_issue.state card_issue.period_kind "
        "card_event.verb card_event.from_state card_event.to_state "
        # appeals
        "appeal.about appeal.campaign appeal.indicator appeal.period_kind appeal.state appeal.effect "
        "appeal_event.verb appeal_event.from_state appeal_event.to_state "
        # proofs
        "recheck.state sweep.state sweep.category sweep.question contact.kind contact.state hand_on.state "
        # statistics
        "statistic.measure statistic.denominator_measure statistic.frequency statistic.combine statistic.campaign statistic.origin "
        "statistic.unit_kind statistic.parts statistic.bases observation.period_kind observation.basis observation.state "
        "observation.qualifier observation.denominator_qualifier observation.population_precision "
        "locked_value.qualifier locked_value.denominator_qualifier locked_value.population_precision "
        "observation_event.verb observation_event.to_state "
        # editions
        "enabled_edition.campaign enabled_edition.edition enabled_edition.role enabled_edition.source "
        # runs
        "day_count.kind day_count.campaign day_count.code day_count.basis "
        "score_run.campaign score_run.edition score_run.period_kind score_run.body "
        # field
        "file.time_source file.place_source visit.arrival round_plan.kind round_plan.mode round_plan.state "
        "own_form.campaign own_form.code own_form.state sheet_entry.campaign sheet_entry.form "
        "round.kind round.mode round.state round.source round_stop.state "
        "round.campaigns round.forms round_plan.campaigns round_plan.recurrence round_event.verb "
        # splits
        "split.campaign split.state split_row.measure split_share.role split_share.state split_event.verb split_event.to_state "
        # tasks
        "task.source task.campaign task.way task.measure task.state task_event.verb task_event.from_state task_event.to_state "
        # task workbooks
        "task_import.state task_import.options "
        # ranks
        "task_day.campaign task_day.league appraisal_rule.league appraisal_rule.state appraisal.period_kind "
        # projects
        "project.kind project.campaign project.cost_qualifier project.state project_stage.state project_item.flow "
        "project_item.measure project_item.planned_qualifier project_item.done_qualifier project_object.state project_share.source "
        "project_event.verb project_event.from_state project_event.to_state work_photo.subject work_photo.kind "
        # plans
        "plan.kind plan.state plan.days plan.campaign plan.scope plan_event.verb plan_event.from_state plan_event.to_state "
        "quantity_kind.measure quantity_kind.flow quantity_kind.state quantity_kind.campaign "
        # quantities
        "quantity_entry.qualifier quantity_entry.measure quantity_entry.basis quantity_entry.state quantity_entry.precision "
        "quantity_event.verb quantity_event.to_state quantity_event.qualifier quantity_pair.verdict "
        # meetings
        "meeting.kind meeting.campaign meeting.state meeting_event.verb meeting_event.from_state meeting_event.to_state "
        "meeting_item.subject meeting_item.state meeting_presence.state meeting_decision.kind meeting_decision.measure "
        # notices
        "notice.kind notice.state notice_event.verb notice_event.from_state notice_event.to_state notice_addressee.state notice_finding.state".split(),
        CODE,
    ),
    **dict.fromkeys(
        "publication.edition_sha256 publication.sha256 publication.previous_sha256 publication.corrects_sha256 "
        "score_run.edition_sha256 score_run.sha256 enabled_campaign.edition_sha256 enabled_edition.sha256 sheet.form_sha256 sheet.edition_sha256 file.original_sha256 "
        "task_import.sha256 appraisal.sha256 appraisal_signature.sha256 file.sha256 own_form.sha256 sheet_entry.form_sha256 draw.commitment".split(),
        HASH,
    ),
    **dict.fromkeys(
        "publication_term.campaign publication_term.period_kind publication_term.changed_by publication_reminder.reader_slug "
        "publication_reminder.reader_name publication_reminder.city_slug publication_reminder.city_name "
        "publication_reminder.campaign publication_reminder.title_zh publication_reminder.title_en "
        "publication_reminder.period_kind publication_reminder.reminded_by outside_publication.campaign "
        "outside_publication.district_name outside_publication.edition outside_publication.period_kind "
        "outside_publication.source outside_publication.file_name outside_publication.imported_by outside_figure.code "
        "outside_figure.name outside_figure.unit".split(),
        CITY,
    ),
    "app_user.password_hash": "an Argon2 hash; with a mark in its place nobody of that tenant could log in",
    "publication_grant.reader_slug": "names the reader, not the author",
    "publication.reader_slug": "names the reader, not the author",
}
# Rows whose codes are looked up stay as they are; these rows beside them carry the marks (table -> columns by hand).
BESIDE: dict[str, tuple[str, ...]] = {
    "definition": ("sha256", "kind", "campaign", "code", "body"),
    "audit": ("verb", "object_kind", "object_id"),
    "platform_event": ("verb",),
    "throttle": ("key",),
    "serial": ("series",),
    "idempotency": ("key", "body"),
    "sponsorship": ("project",),  # a row names one object: a place or a project
}


def text_columns(table: Table) -> list[Column]:
    """The columns that can hold words."""
    return [c for c in table.columns if isinstance(c.type, Text | JSONB) and not isinstance(c.type, LargeBinary)]


def mark_of(table: str, column: str) -> str:
    """SQL for a row's own mark: its place in the table makes it unlike any other."""
    return f"'CANARY_{table}_{column}_x' || substr(md5(random()::text || ctid::text), 1, 6)"


def owner_column(table: Table) -> str | None:
    """The column that says whose row it is."""
    return "tenant_id" if "tenant_id" in table.columns else None


def where_theirs(table: Table, tenant_id: int) -> str | None:
    """The condition for the rows of one tenant; platform rows are the marked tenant's by its slug, login or detail."""
    if owner_column(table):
        return f"tenant_id = {tenant_id}"
    theirs = f"SELECT user_id FROM membership WHERE tenant_id = {tenant_id}"
    return {
        "tenant": f"id = {tenant_id}",
        "app_user": f"id IN ({theirs})",
        "login_session": f"user_id IN ({theirs})",
        "platform_event": f"user_id IN ({theirs}) OR verb LIKE 'CANARY%'",
        "throttle": "key LIKE 'CANARY%'",
    }.get(table.name)


def plant(connection: psycopg.Connection, tenant_id: int) -> None:
    """Put a mark into every text column of a tenant's rows that is not in KEPT or beside."""
    for table in Base.metadata.sorted_tables:
        where = where_theirs(table, tenant_id)
        if where is None:
            continue
        for column in text_columns(table):
            name = f"{table.name}.{column.name}"
            if (
                name in KEPT
                or column.name in BESIDE.get(table.name, ())
                or name.endswith("_slug")
                or name == "tenant.slug"
            ):
                continue
            mark = mark_of(table.name, column.name)
            if isinstance(column.type, JSONB):
                value = f"{column.name} || jsonb_build_object({mark}, 1)"
            else:
                value = mark
            connection.execute(f"UPDATE {table.name} SET {column.name} = {value} WHERE {where}")


def lacking(connection: psycopg.Connection, tenant_id: int) -> list[str]:
    """The text columns that carry no mark although they should, and entries of KEPT that name no column."""
    found, known = [], set()
    for table in Base.metadata.sorted_tables:
        where = where_theirs(table, tenant_id)
        for column in text_columns(table):
            name = f"{table.name}.{column.name}"
            known.add(name)
            if name in KEPT:
                continue
            if where is None:
                found.append(f"{name}: nobody says which rows of this table are the marked tenant's (where_theirs)")
                continue
            marked = connection.execute(
                f"SELECT count(*) FROM {table.name} WHERE ({where}) AND {column.name}::text ILIKE '%canary%'"
            ).fetchone()
            if not marked or not marked[0]:
                found.append(f"{name}: no mark; fill a row of it in tests/routes/world.py or say in KEPT why not")
    return found + [f"{name}: named in KEPT, but there is no such column" for name in KEPT if name not in known]


def marks_in(connection: psycopg.Connection, table: str, where: str) -> set[str]:
    """Every mark and id in some rows of a table."""
    rows = connection.execute(SQL("SELECT t::text FROM {} t WHERE " + where).format(Identifier(table))).fetchall()
    return set().union(*(hunt(row[0]) for row in rows)) if rows else set()


def ids_of(connection: psycopg.Connection, tenant_id: int) -> set[str]:
    """Every id and content hash in the tenant's rows, as text."""
    found: set[str] = set()
    for table in Base.metadata.sorted_tables:
        where = where_theirs(table, tenant_id)
        if where is None:
            continue
        for column in table.columns:
            if isinstance(column.type, Uuid):
                chosen = f"SELECT DISTINCT {column.name}::text FROM {table.name} WHERE ({where}) AND {column.name} IS NOT NULL"
                found |= {row[0] for row in connection.execute(chosen)}
    for name in ("original_sha256", "sha256"):
        found |= {row[0] for row in connection.execute(f"SELECT {name} FROM file WHERE tenant_id = {tenant_id}")}
    found |= {row[0] for row in connection.execute(f"SELECT sha256 FROM publication WHERE tenant_id = {tenant_id}")}
    return found


def hunt(text: str) -> set[str]:
    """Every mark, id and hash in a text."""
    low = text.lower()  # patterns that heed the case are much faster
    marks = {found.upper() for found in MARKS_LOW.findall(low)}
    return marks | set(SLUGS.findall(text)) | set(IDS_LOW.findall(low)) | set(HASHES.findall(text))


def readable(data: bytes) -> str:
    """A body as text: packed documents are opened, so that nothing hides in them."""
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    return data.decode("utf-8", "replace")


def row_counts(connection: psycopg.Connection, tenant_id: int) -> dict[str, int]:
    """How many rows of each table are a tenant's."""
    counted = {}
    for table in Base.metadata.sorted_tables:
        if owner_column(table):
            chosen = SQL("SELECT count(*) FROM {} WHERE tenant_id = {}").format(
                Identifier(table.name), Literal(tenant_id)
            )
            counted[table.name] = connection.execute(chosen).fetchone()[0]
    return counted


def digest(connection: psycopg.Connection, tenant_id: int) -> dict[str, str]:
    """A hash over all rows of a tenant, table by table: not one value may change."""
    found = {}
    for table in Base.metadata.sorted_tables:
        if owner_column(table):
            chosen = f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table.name} t WHERE tenant_id = {tenant_id}"
            found[table.name] = connection.execute(chosen).fetchone()[0]
    return found


def as_ids(values: Iterable[UUID | str]) -> list[str]:
    """Ids as text."""
    return [str(value) for value in values]
