"""In which order sites come that were sought (点位检索排序): the best match first, or the nearest; positions as people send them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from math import cos, radians

from sqlalchemy import ColumnElement, Float, Select, case, cast, func, literal, select

from core.errors import N_, Fault, InvalidInput
from core.work.names import narrow
from core.work.places.grams import matching, words_of
from core.work.places.nearby import Point
from core.work.tables import Site

MATCH, NEAR = "match", "near"
RANKED = (MATCH, NEAR)
DEEPEST = 10_000  # rows behind which nobody reads on in a ranked list (ours)


def read_point(said: str, field: str = "near") -> Point | None:
    """A position as ``latitude,longitude`` in WGS-84 degrees (坐标), longitude first in the answer; none of an empty text.

    Raises InvalidInput for what is none.
    """
    if not said.strip():
        return None
    try:
        latitude, longitude = (Decimal(part).quantize(Decimal("0.000001")) for part in narrow(said).split(","))
        fits = abs(latitude) <= 90 and abs(longitude) <= 180
    except (ValueError, InvalidOperation):
        fits = False
    if not fits:
        remedy = N_("请写成“纬度,经度”，例如 37.857014,112.549248")
        raise InvalidInput(faults=[Fault(N_("坐标不对"), field, value=said[:40], remedy=remedy)])
    return longitude, latitude


def usual_sort(sort: str | None, said: str, near: Point | None) -> str:
    """The order of a list that asks for none: by name; the best match, or the nearest, for who says where he stands."""
    if sort:
        return sort
    if near is None:
        return "name"
    return MATCH if words_of(said) else NEAR


def ranked(chosen: Select[Site], tenant_id: int, sort: str, said: str, near: Point | None) -> Select[Site]:
    """Order sites by how well they match, or by how near they are; what is alike by the other, then by name.

    Raises InvalidInput when the nearest are asked for and nobody says nearest to what.
    """
    if sort == NEAR and near is None:
        remedy = N_("请同时给出 near=纬度,经度")
        raise InvalidInput(faults=[Fault(N_("没有给出位置"), "near", value=sort, remedy=remedy)])
    away = [distance(near).asc().nulls_last()] if near else []
    words = words_of(said)
    best: list[ColumnElement[int]] = []
    if words and sort == MATCH:
        parts = matching(tenant_id, words[0]).subquery()
        ranks = func.min(parts.c.rank).label("rank")
        found = select(parts.c.site_id, ranks).group_by(parts.c.site_id).subquery()
        chosen = chosen.join(found, found.c.site_id == Site.id)
        exact = case((func.lower(Site.code) == words[0], literal(0)), else_=literal(1))
        best = [exact, found.c.rank]
    return chosen.order_by(*best, *away, Site.pinyin, Site.id)


def distance(near: Point) -> ColumnElement[float]:
    """How far a site is, in square degrees of latitude: for the order alone, metres are computed of what is shown."""
    longitude, latitude = (float(one) for one in near)
    across = (cast(Site.longitude, Float) - longitude) * cos(radians(latitude))
    up = cast(Site.latitude, Float) - latitude
    return across * across + up * up
