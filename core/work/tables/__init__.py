"""What people do, as rows (业务数据表): one module a room; importing this one knows them all."""

from core.work.tables.appeals import Appeal, AppealEvent
from core.work.tables.charts import AreaMember, Reorganisation, SiteGrid, UnitLineage
from core.work.tables.duties import Handover, SitePost, SponsorEntry, Sponsorship
from core.work.tables.editions import EnabledEdition
from core.work.tables.files import Attachment, File, FileLook
from core.work.tables.findings import Finding, FindingCampaign, FindingEvent, FindingItem, FindingLink, Part
from core.work.tables.journal import Audit, CalendarDay, Definition, Idempotency, Serial
from core.work.tables.marks import (
    CardEvent,
    CardIssue,
    CardScheme,
    CardSchemeChange,
    NegativeEntry,
    NegativeStep,
    RankDay,
)
from core.work.tables.notices import (
    Chase,
    Note,
    Notice,
    NoticeAddressee,
    NoticeChase,
    NoticeEvent,
    NoticeFinding,
    Outbox,
    Setting,
)
from core.work.tables.proofs import (
    Contact,
    ContactLink,
    HandOn,
    NotSame,
    Recheck,
    RecheckSample,
    Signal,
    Sweep,
    SweepSite,
)
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
from core.work.tables.statistics import LockedValue, Observation, ObservationEvent, Statistic
from core.work.tables.tally import DayCount, DayMark
from core.work.tables.visits import AnswerRow, ItemResult, Sheet, Visit
from core.work.tables.whistles import Whistle, WhistleCall, WhistleEvent

__all__ = [
    "AnswerRow",
    "Appeal",
    "AppealEvent",
    "AreaMember",
    "Attachment",
    "Audit",
    "CalendarDay",
    "CampaignPhase",
    "CardEvent",
    "CardIssue",
    "CardScheme",
    "CardSchemeChange",
    "CategorySet",
    "Chase",
    "Contact",
    "ContactLink",
    "DayCount",
    "DayMark",
    "Definition",
    "EnabledEdition",
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
    "LockedValue",
    "NegativeEntry",
    "NegativeStep",
    "NotSame",
    "Note",
    "Notice",
    "NoticeAddressee",
    "NoticeChase",
    "NoticeEvent",
    "NoticeFinding",
    "Observation",
    "ObservationEvent",
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
    "Statistic",
    "Sweep",
    "SweepSite",
    "UnitLineage",
    "Visit",
    "Whistle",
    "WhistleCall",
    "WhistleEvent",
]
