"""What people do, as rows (业务数据表): sites, visits, findings, files, and the journal that remembers who did what."""

from core.work.tables.files import Attachment, File
from core.work.tables.findings import Finding, FindingEvent, FindingItem, FindingLink, Part
from core.work.tables.journal import Audit, CalendarDay, Definition, Idempotency, Serial
from core.work.tables.sites import Site, SiteKind
from core.work.tables.visits import AnswerRow, ItemResult, Sheet, Visit

__all__ = [
    "AnswerRow",
    "Attachment",
    "Audit",
    "CalendarDay",
    "Definition",
    "File",
    "Finding",
    "FindingEvent",
    "FindingItem",
    "FindingLink",
    "Idempotency",
    "ItemResult",
    "Part",
    "Serial",
    "Sheet",
    "Site",
    "SiteKind",
    "Visit",
]
