"""Publications as a city receives them: sealed in the sender's own scope, with exactly the figures that a test names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from core.figures.periods import Period
from core.figures.seals import SEAL_VERSION, content_of, seal_of
from core.figures.tables import Publication, PublishedFigure
from tenants.access import TenantRef
from tenants.db import new_id
from tenants.scope import Wall

OLD = ("2024", "a" * 64)
NEW = ("2026", "b" * 64)


@dataclass(frozen=True)
class Figure:
    """One heading or indicator: its value is of 10 points, 9.5 of 10 is 95 %."""

    code: str
    value: str | None
    numerator: int | None = None
    denominator: int | None = None
    level: str = "indicator"
    category: str = ""
    unit: str = "%"
    self_value: str | None = None


def send(
    wall: Wall,
    city: TenantRef,
    sender: TenantRef,
    period: Period,
    *,
    earned: int = 800,
    assessed: int = 1000,
    visits: int = 100,
    edition: tuple[str, str] = NEW,
    detail: str = "indicators",
    figures: Sequence[Figure] = (),
    interval: tuple[str, str] | None = None,
    warnings: Sequence[dict[str, Any]] = (),
    is_demo: bool = False,
    late: int = 0,
    campaign: str = "civilized_city",
) -> Publication:
    """Seal one publication and give it; points are of 1/100, ``late`` the days after the period at which it was cut off."""
    at = datetime.combine(period.end + timedelta(days=1 + late), time(1), UTC)
    with wall.open(sender.id) as session:
        mine = (Publication.reader_id == city.id, Publication.tenant_id == sender.id)
        last = session.execute(
            select(Publication.sequence, Publication.sha256).where(*mine).order_by(Publication.sequence.desc()).limit(1)
        ).first()
        assert session.scalar(select(func.count()).select_from(Publication).where(*mine)) == (last[0] if last else 0)
        row = Publication(
            id=new_id(),
            reader_id=city.id,
            tenant_id=sender.id,
            sequence=last[0] + 1 if last else 1,
            previous_sha256=last[1] if last else None,
            reader_slug=city.slug,
            reader_name=city.name,
            district_slug=sender.slug,
            district_code=sender.code,
            district_name=sender.name,
            campaign=campaign,
            title_zh="全国文明城市",
            title_en="National Civilized City",
            edition=edition[0],
            edition_sha256=edition[1],
            period_kind=period.kind,
            period_start=period.start,
            period_end=period.end,
            cut_off=at,
            detail=detail,
            earned=earned,
            assessed=assessed,
            total=10000,
            visits=visits,
            sites=12,
            findings={"found": 3},
            vetoes=[],
            is_demo=is_demo,
            interval_low=Decimal(interval[0]) if interval else None,
            interval_high=Decimal(interval[1]) if interval else None,
            interval_seed="",
            warnings=list(warnings),
            seal_version=SEAL_VERSION,
            reason="",
            published_by="测试员",
            published_at=at,
        )
        rows = [_figure(row, one, n) for n, one in enumerate(figures, 1)]
        row.content_sha256 = content_of(row, rows)
        row.sha256 = seal_of(row, rows)
        session.add(row)
        session.flush()
        session.add_all(rows)
        session.commit()
        return row


def _figure(row: Publication, one: Figure, position: int) -> PublishedFigure:
    value = None if one.value is None else Decimal(one.value)
    return PublishedFigure(
        id=new_id(),
        reader_id=row.reader_id,
        tenant_id=row.tenant_id,
        publication_id=row.id,
        period_start=row.period_start,
        position=position,
        level=one.level,
        code=one.code,
        category=one.category,
        name_zh=f"项目{one.code}",
        name_en=f"Item {one.code}",
        status="not_assessed" if value is None else "assessed",
        reason="" if value is not None else "没有检查",
        reason_en="" if value is not None else "no visit",
        numerator=None if one.numerator is None else Decimal(one.numerator),
        denominator=None if one.denominator is None else Decimal(one.denominator),
        value=value,
        unit=one.unit,
        target=">= 95" if one.unit == "%" else "",
        earned=None if value is None else int(value * 10),
        assessed=0 if value is None else 1000,
        possible=1000,
        n=one.denominator or 0,
        self_value=None if one.self_value is None else Decimal(one.self_value),
    )
