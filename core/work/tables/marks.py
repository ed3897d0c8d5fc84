"""Cards and marks (亮牌与负面清单): schemes, daily ranks, issued cards, the negative list."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, TenantRow, new_id, now, tenant_reference, uuid_key


class CardScheme(TenantRow, Base):
    """How cards are given here (亮牌办法), as data: ``body`` is read by :mod:`core.work.marks.card_schemes`; a change is a new version.

    ``unit_id`` is the unit whose scheme it is: the district's own, or a street office's for its shops. ``proposed_to`` is
    the last day of the last period whose cards the night has put forward.
    """

    __tablename__ = "card_scheme"
    __table_args__ = (
        tenant_reference("unit_id", "unit"),
        CheckConstraint("state IN ('draft', 'active', 'retired')", name="state"),
    )

    id: Mapped[UUID] = uuid_key()
    name: Mapped[str]
    unit_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    proposed_to: Mapped[date | None] = mapped_column(default=None)


class CardSchemeChange(TenantRow, Base):
    """A scheme as each version left it (办法版本), so that a day that is over keeps the rules of that day; insert only."""

    __tablename__ = "card_scheme_change"
    __table_args__ = (
        tenant_reference("scheme_id", "card_scheme"),
        CheckConstraint("state IN ('draft', 'active', 'retired')", name="state"),
    )
    rights = APPEND_ONLY

    scheme_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(default=now)


class RankDay(TenantRow, Base):
    """One subject's place on one day in one league (逐日排名), as computed that day with the facts it came from; insert only.

    ``revision`` counts recomputations: the highest one is shown, the earlier ones stay to be compared. The basis is an exact
    ratio ``numerator / denominator``; a subject without data has no denominator and no place.
    """

    __tablename__ = "rank_day"
    __table_args__ = (tenant_reference("scheme_id", "card_scheme"),)
    rights = APPEND_ONLY

    scheme_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    league: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_kind: Mapped[str]
    subject_name: Mapped[str]
    rank: Mapped[int | None] = mapped_column(default=None)
    numerator: Mapped[int] = mapped_column(BigInteger)
    denominator: Mapped[int] = mapped_column(BigInteger)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    computed_at: Mapped[datetime] = mapped_column(default=now)


class CardIssue(TenantRow, Base):
    """A card of one subject for one period (亮牌): proposed, confirmed by a named person, shown, appealed, withdrawn.

    ``reason`` holds the places, the cut and the rule that gave the colour; ``sponsors`` who sponsored the subject then.
    ``appeal_due_at`` is by when an appeal is to be decided.
    """

    __tablename__ = "card_issue"
    __table_args__ = (
        tenant_reference("scheme_id", "card_scheme"),
        tenant_reference("corrects_id", "card_issue"),
        Index("ix_card_issue_tenant_id_scheme_id_period_start", "tenant_id", "scheme_id", "period_start"),
        Index("ix_card_issue_tenant_id_subject_id", "tenant_id", "subject_id", "period_start"),
        CheckConstraint(
            "state IN ('proposed', 'dropped', 'confirmed', 'shown', 'appealed', 'upheld', 'withdrawn')", name="state"
        ),
    )

    id: Mapped[UUID] = uuid_key()
    scheme_id: Mapped[UUID]
    scheme_version: Mapped[int]
    period_kind: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    league: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    subject_name: Mapped[str]
    colour: Mapped[str]
    state: Mapped[str] = mapped_column(default="proposed")
    version: Mapped[int] = mapped_column(default=1)
    rank: Mapped[int | None] = mapped_column(default=None)
    reason: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sponsors: Mapped[dict[str, Any]] = mapped_column(default=dict)
    confirmed_by: Mapped[str] = mapped_column(default="")
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    shown_at: Mapped[datetime | None] = mapped_column(default=None)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    appeal_due_at: Mapped[datetime | None] = mapped_column(default=None)
    corrects_id: Mapped[UUID | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class CardEvent(TenantRow, Base):
    """One step in a card's life (亮牌记录); insert only."""

    __tablename__ = "card_event"
    __table_args__ = (tenant_reference("card_id", "card_issue"),)
    rights = APPEND_ONLY

    card_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=new_id)
    at: Mapped[datetime] = mapped_column(default=now)
    verb: Mapped[str]
    from_state: Mapped[str | None] = mapped_column(default=None)
    to_state: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class NegativeEntry(TenantRow, Base):
    """An entry of the negative list (负面清单): an event with its date, source and effect; watched, triggered, cleared.

    ``effect``: ``deduct`` (``points`` of 1/100 off the campaign's total), ``cap`` (the total is at most ``points``) or ``bar``
    (no total counts). It touches the score of a period when it is in force on the period's last day, or on the day of the
    cut-off where that comes first: ``triggered_on`` is not later, and ``cleared_on`` is empty or later (a period that ended
    before the clearing keeps the effect). Without ``unit_id`` it touches the district's total alone, else also the totals of
    that unit and of those above it. Deductions come first, then the lowest cap (scaled to the assessed points), then bars.
    ``behind`` is the number of the finding or notice of which the event came.
    """

    __tablename__ = "negative_entry"
    __table_args__ = (
        tenant_reference("unit_id", "unit"),
        Index("ix_negative_entry_tenant_id_campaign", "tenant_id", "campaign", "state"),
        CheckConstraint("state IN ('watched', 'triggered', 'cleared')", name="state"),
        CheckConstraint("effect IN ('deduct', 'cap', 'bar')", name="effect"),
    )

    id: Mapped[UUID] = uuid_key()
    campaign: Mapped[str]
    title: Mapped[str]
    happened_on: Mapped[date]
    source: Mapped[str] = mapped_column(default="")
    document: Mapped[str] = mapped_column(default="")
    behind: Mapped[str] = mapped_column(default="", server_default="")
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    effect: Mapped[str]
    points: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="watched")
    version: Mapped[int] = mapped_column(default=1)
    triggered_on: Mapped[date | None] = mapped_column(default=None)
    cleared_on: Mapped[date | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class NegativeStep(TenantRow, Base):
    """One step of an entry (负面清单记录): why it was triggered or cleared, with its document; insert only."""

    __tablename__ = "negative_step"
    __table_args__ = (tenant_reference("entry_id", "negative_entry"),)
    rights = APPEND_ONLY

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=new_id)
    at: Mapped[datetime] = mapped_column(default=now)
    verb: Mapped[str]
    from_state: Mapped[str | None] = mapped_column(default=None)
    to_state: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    document: Mapped[str] = mapped_column(default="")
