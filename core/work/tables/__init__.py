"""What people do, as rows (业务数据表): one module a room; importing this one knows them all."""

from core.work.tables.charts import AreaMember, Reorganisation, SiteGrid, UnitLineage
from core.work.tables.duties import Handover, SitePost, SponsorEntry, Sponsorship
from core.work.tables.files import Attachment, File, FileLook
from core.work.tables.findings import Finding, FindingCampaign, FindingEvent, FindingItem, FindingLink, Part
from core.work.tables.journal import Audit, CalendarDay, Definition, Idempotency, Serial
from core.work.tables.marks import CardEvent, CardIssue, CardScheme, NegativeEntry, NegativeStep, RankDay
from core.work.tables.notices import Chase, Note, Notice, NoticeEvent, NoticeFinding, Outbox, Setting
from core.work.tables.proofs import Contact, ContactLink, HandOn, Recheck, RecheckSample, Signal, Sweep, SweepSite
from core.work.tables.routes import (
    CampaignPhase,
    CategorySet,
    Patrol,
    PatrolMember,
    Precedent,
    RoutingRule,
    SavedFilter,
)
from core.work.tables.sites import Site, SiteKind
from core.work.tables.visits import AnswerRow, ItemResult, Sheet, Visit
from core.work.tables.whistles import Whistle, WhistleCall, WhistleEvent

__all__ = [
    "AnswerRow",
    "AreaMember",
    "Attachment",
    "Audit",
    "CalendarDay",
    "CampaignPhase",
    "CardEvent",
    "CardIssue",
    "CardScheme",
    "CategorySet",
    "Chase",
    "Contact",
    "ContactLink",
    "Definition",
    "File",
    "FileLook",
    "Finding",
    "FindingCampaign",
    "FindingEvent",
    "FindingItem",
    "FindingLink",
    "HandOn",
    "Handover",
    "Idempotency",
    "ItemResult",
    "NegativeEntry",
    "NegativeStep",
    "Note",
    "Notice",
    "NoticeEvent",
    "NoticeFinding",
    "Outbox",
    "Part",
    "Patrol",
    "PatrolMember",
    "Precedent",
    "RankDay",
    "Recheck",
    "RecheckSample",
    "Reorganisation",
    "RoutingRule",
    "SavedFilter",
    "Serial",
    "Setting",
    "Sheet",
    "Signal",
    "Site",
    "SiteGrid",
    "SiteKind",
    "SitePost",
    "SponsorEntry",
    "Sponsorship",
    "Sweep",
    "SweepSite",
    "UnitLineage",
    "Visit",
    "Whistle",
    "WhistleCall",
    "WhistleEvent",
]
