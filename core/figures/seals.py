"""Seals (封签): a publication's canonical text and its SHA-256, and the check that a chain of them is whole.

The text names districts by slug and code, never by a tenant's number; keys are sorted, decimals are texts. Each seal
contains the one before it for the same reader, so that a changed, swapped or missing publication shows.

Beside the seal stands the hash of the content alone (内容摘要): what is said, without number, reader, moment and chain. Who
says the same twice gets the same content hash. Publications of before (``seal_version`` 1) are sealed over fewer columns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.errors import N_
from core.figures.tables import Publication, PublishedFigure
from tenants.scope import ScopedSession

HEADER = (
    "sequence",
    "reader_slug",
    "reader_name",
    "district_slug",
    "district_code",
    "district_name",
    "campaign",
    "title_zh",
    "title_en",
    "edition",
    "edition_sha256",
    "period_kind",
    "period_start",
    "period_end",
    "cut_off",
    "detail",
    "earned",
    "assessed",
    "total",
    "visits",
    "sites",
    "findings",
    "vetoes",
    "is_demo",
    "previous_sha256",
    "corrects_sha256",
    "reason",
    "published_by",
    "published_at",
)
SEAL_VERSION = 2  # of what is published now; see HEADER_2 and FIGURE_2
HEADER_2 = ("interval_low", "interval_high", "interval_seed", "warnings", "seal_version", "content_sha256")
FIGURE_2 = ("interval_low", "interval_high", "self_value", "declared_value")
# No part of what is said: another number, reader, moment or place in the chain says the same.
MOVING = frozenset(
    {
        *("sequence", "reader_slug", "reader_name", "cut_off", "previous_sha256", "corrects_sha256", "reason"),
        *("published_by", "published_at", "seal_version", "content_sha256"),
    }
)
FIGURE = (
    "position",
    "level",
    "code",
    "category",
    "name_zh",
    "name_en",
    "status",
    "reason",
    "reason_en",
    "numerator",
    "denominator",
    "value",
    "unit",
    "target",
    "earned",
    "assessed",
    "possible",
    "n",
)
SHORT = 12  # characters of a seal that people compare by eye (ours)


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a chain of seals does not hold (封签断点). ``message`` is a Chinese source text."""

    district_slug: str
    reader_slug: str
    sequence: int
    message: str


def seal_text(publication: Publication, figures: Iterable[PublishedFigure]) -> str:
    """The canonical JSON of a publication with its figures in order."""
    return _canonical(publication, figures, header_of(publication))


def content_text(publication: Publication, figures: Iterable[PublishedFigure]) -> str:
    """The canonical JSON of what a publication says, the same before and after it is sealed."""
    return _canonical(publication, figures, [name for name in header_of(publication) if name not in MOVING])


def content_of(publication: Publication, figures: Iterable[PublishedFigure]) -> str:
    """The SHA-256 of the content, in hex."""
    return hashlib.sha256(content_text(publication, figures).encode()).hexdigest()


def header_of(publication: Publication) -> tuple[str, ...]:
    """The columns of the header that a publication's seal covers."""
    return HEADER if publication.seal_version == 1 else HEADER + HEADER_2


def figure_columns(publication: Publication) -> tuple[str, ...]:
    """The columns of each figure that a publication's seal covers."""
    return FIGURE if publication.seal_version == 1 else FIGURE + FIGURE_2


def _canonical(publication: Publication, figures: Iterable[PublishedFigure], header: Iterable[str]) -> str:
    body = {name: plain(getattr(publication, name)) for name in header}
    ordered, columns = sorted(figures, key=lambda f: f.position), figure_columns(publication)
    body["figures"] = [{name: plain(getattr(f, name)) for name in columns} for f in ordered]
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def seal_of(publication: Publication, figures: Iterable[PublishedFigure]) -> str:
    """The SHA-256 of the canonical text, in hex."""
    return hashlib.sha256(seal_text(publication, figures).encode()).hexdigest()


def verify(session: ScopedSession, reader_id: int | None = None) -> list[Break]:
    """Recompute every seal and chain that this tenant sent or received; ``reader_id`` narrows to one reader's copies."""
    query = select(Publication).order_by(Publication.reader_id, Publication.tenant_id, Publication.sequence)
    if reader_id is not None:
        query = query.where(Publication.reader_id == reader_id)
    rows = list(session.scalars(query))
    figures = _figures(session, reader_id)
    found: list[Break] = []
    last: Publication | None = None
    for row in rows:
        follows = last is not None and (last.reader_id, last.tenant_id) == (row.reader_id, row.tenant_id)
        found += _check(row, figures.get((row.reader_id, row.id), []), last if follows else None)
        last = row
    return found


def _figures(session: ScopedSession, reader_id: int | None) -> dict[tuple[int, UUID], list[PublishedFigure]]:
    query = select(PublishedFigure).order_by(PublishedFigure.publication_id, PublishedFigure.position)
    if reader_id is not None:
        query = query.where(PublishedFigure.reader_id == reader_id)
    found: dict[tuple[int, UUID], list[PublishedFigure]] = {}
    for one in session.scalars(query):
        found.setdefault((one.reader_id, one.publication_id), []).append(one)
    return found


def _check(row: Publication, figures: list[PublishedFigure], last: Publication | None) -> list[Break]:
    messages = []
    if seal_of(row, figures) != row.sha256:
        messages.append(N_("内容与封签不符"))
    elif row.seal_version > 1 and content_of(row, figures) != row.content_sha256:
        messages.append(N_("内容摘要与内容不符"))
    if row.sequence != (last.sequence + 1 if last else 1):
        messages.append(N_("编号不连续，前面缺少发布件"))
    if row.previous_sha256 != (last.sha256 if last else None):
        messages.append(N_("与前一份发布件的封签不衔接"))
    return [Break(row.district_slug, row.reader_slug, row.sequence, message) for message in messages]


def plain(value: Any) -> Any:  # one column's value
    """A column's value as plain JSON: decimals and moments as texts."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
