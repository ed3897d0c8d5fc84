"""Publications as JSON (发布件的应答结构): the header with its seal, and the figures in their order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.api.fields import Body, Day, Flag, Id, ListOf, Mapping, Moment, Number, OneOf, Part, Text, Whole
from core.api.replies import hundredths
from core.figures.grants import DETAILS
from core.figures.model import percent
from core.figures.publishing import Copy, Preview
from core.figures.sealed_effects import EFFECT, effects_of, share_of
from core.figures.sealed_rows import SITE, UNIT
from core.figures.shelf import period_of
from core.figures.tables import Publication, PublishedFigure
from core.work.marks.negative_moves import EFFECTS

LEVELS = ("category", "indicator", UNIT, SITE)


class HeaderShape(Body):
    """What a publication says in sum (发布件内容); points and shares are decimal text."""

    reader_slug = Text(required=True)
    reader_name = Text(required=True)
    district_slug = Text(required=True)
    district_name = Text(required=True)
    campaign = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    edition = Text(required=True)
    edition_sha256 = Text(required=True)
    period = Text(required=True)
    period_start = Day(required=True)
    period_end = Day(required=True)
    cut_off = Moment(required=True)
    detail = Text(required=True, validate=OneOf(DETAILS))
    earned = Number(required=True)
    assessed = Number(required=True)
    total = Number(required=True)
    percent_of_assessed = Number(required=True, allow_none=True)
    percent_of_all = Number(required=True, allow_none=True)
    coverage = Number(required=True, allow_none=True)
    visits = Whole(required=True)
    sites = Whole(required=True)
    findings = Mapping(required=True, metadata={"additionalProperties": {"type": "integer"}})
    vetoes = ListOf(Text(), required=True)
    is_demo = Flag(required=True)
    interval_low = Number(required=True, allow_none=True, metadata={"description": "95 %, of assessed points"})
    interval_high = Number(required=True, allow_none=True)
    interval_seed = Text(required=True)
    warnings = ListOf(Mapping(), required=True, metadata={"description": "machine codes with numbers"})
    content_sha256 = Text(required=True, metadata={"description": "the same whenever the same is said"})
    corrects_sha256 = Text(required=True, allow_none=True)


class PublicationShape(HeaderShape):
    """A sealed publication (发布件); a correction names the seal that it corrects."""

    id = Id(required=True)
    sequence = Whole(required=True)
    sha256 = Text(required=True)
    previous_sha256 = Text(required=True, allow_none=True)
    reason = Text(required=True)
    published_by = Text(required=True)
    published_at = Moment(required=True)


class PublicationList(Body):
    """Publications, the newest first (发布件列表)."""

    items = ListOf(Part(PublicationShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class PublishedShape(Body):
    """One sealed figure: a heading, an indicator, a unit or a site (已发布数值).

    Of a unit or site ``n`` are its visits, ``numerator`` its findings and ``denominator`` its sites.
    """

    position = Whole(required=True)
    level = Text(required=True, validate=OneOf(LEVELS))
    code = Text(required=True)
    category = Text(required=True)
    name_zh = Text(required=True)
    name_en = Text(required=True)
    status = Text(required=True, validate=OneOf(("assessed", "not_assessed")))
    reason = Text(required=True)
    reason_en = Text(required=True)
    numerator = Number(required=True, allow_none=True)
    denominator = Number(required=True, allow_none=True)
    value = Number(required=True, allow_none=True)
    unit = Text(required=True)
    target = Text(required=True)
    earned = Number(required=True, allow_none=True)
    assessed = Number(required=True)
    possible = Number(required=True)
    n = Whole(required=True)
    interval_low = Number(required=True, allow_none=True)
    interval_high = Number(required=True, allow_none=True)
    self_value = Number(required=True, allow_none=True, metadata={"description": "self-checked; beside, never mixed"})
    declared_value = Number(required=True, allow_none=True)


class SealedEffectShape(Body):
    """What the negative list took from the total, as sealed; after a bar there is none (已发布的影响)."""

    title = Text(required=True)
    document = Text(required=True)
    effect = Text(required=True, validate=OneOf(tuple(EFFECTS)))
    points = Number(required=True)
    before = Number(required=True)
    after = Number(required=True, allow_none=True)


class PublicationDetail(PublicationShape):
    """A publication with its figures (发布件与数值); ``seal_holds`` says that they still give its hash."""

    seal_holds = Flag(required=True)
    figures = ListOf(Part(PublishedShape), required=True)
    effects = ListOf(Part(SealedEffectShape), required=True)


class CopyShape(HeaderShape):
    """What one reader would get (送达副本)."""

    says_the_same = Flag(required=True, metadata={"description": "as the publication that it corrects"})
    is_own = Flag(required=True)
    figures = ListOf(Part(PublishedShape), required=True)
    effects = ListOf(Part(SealedEffectShape), required=True)


class PreviewShape(Body):
    """Exactly what would leave now (发布预览); a correction needs a reason."""

    is_correction = Flag(required=True)
    copies = ListOf(Part(CopyShape), required=True)


class SentShape(Body):
    """What was published: the district's own copy, and all copies (发布结果)."""

    id = Id(required=True, metadata={"description": "the district's own copy"})
    copies = ListOf(Part(PublicationShape), required=True)


def shape_header(row: Publication) -> dict[str, Any]:
    """The sums of a publication as JSON."""
    computed = {
        "period": period_of(row).key,
        "earned": hundredths(row.earned),
        "assessed": hundredths(row.assessed),
        "total": hundredths(row.total),
        "percent_of_assessed": share_of(row, row.assessed),
        "percent_of_all": share_of(row, row.total),
        "coverage": percent(row.assessed, row.total),
    }
    plain = HeaderShape.names() - computed.keys()
    return {name: getattr(row, name) for name in plain} | computed


def shape_publication(row: Publication) -> dict[str, Any]:
    """A publication as JSON."""
    plain = PublicationShape.names() - HeaderShape.names()
    return shape_header(row) | {name: getattr(row, name) for name in plain}


def shape_figures(figures: Iterable[PublishedFigure]) -> list[dict[str, Any]]:
    """Sealed headings, indicators, units and sites as JSON."""
    points, plain = ("earned", "assessed", "possible"), [one for one in figures if one.level != EFFECT]
    return [PublishedShape.pick(one) | {name: hundredths(getattr(one, name)) for name in points} for one in plain]


def shape_effects(figures: Iterable[PublishedFigure]) -> list[dict[str, Any]]:
    """Sealed effects of the negative list as JSON."""
    return [SealedEffectShape.pick(one) for one in effects_of(figures)]


def shape_preview(found: Preview) -> dict[str, Any]:
    """A preview as JSON."""
    return {"is_correction": found.is_correction, "copies": [*map(_copy, found.copies)]}


def _copy(one: Copy) -> dict[str, Any]:
    return shape_header(one.publication) | {
        "is_own": one.is_own,
        "says_the_same": one.says_the_same,
        "figures": shape_figures(one.figures),
        "effects": shape_effects(one.figures),
    }
