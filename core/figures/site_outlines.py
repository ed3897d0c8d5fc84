"""The outlines that a district keeps under its own map of places (点位地图边界): from its GeoJSON file, given back as GeoJSON.

Read and judged as a bureau's (:mod:`core.figures.boundaries`); kept by content among the definitions, insert only, thinned to
about a metre. A setting says which one is shown. No map of third parties comes with the product.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.errors import N_, Forbidden, InvalidInput, TooLarge
from core.figures.boundaries import read_shapes
from core.figures.outlines import Ring
from core.work.journal import record
from core.work.tables import Definition, Setting
from core.work.tenant_settings import may_set
from tenants.access import Actor
from tenants.scope import ScopedSession

NAME = "map_boundaries"
PLACES = 5  # decimals of a degree: a metre
MOST_POINTS = 60_000  # of all rings together (ours): about 1.2 MB for a phone, before compression


@dataclass(frozen=True, slots=True)
class Kept:
    """What the map's boundaries are (现用边界): a hash for its address, how many outlines, the file, and since when."""

    sha256: str
    count: int
    file: str
    label: str
    changed_at: datetime


def keep_outlines(
    session: ScopedSession, actor: Actor | None, data: bytes, file: str, *, now: datetime, label: str = ""
) -> Kept:
    """Keep a GeoJSON file as the outlines of the district's map, whole or not at all.

    Raises Forbidden, TooLarge, and InvalidInput whose faults name feature (``row``, from 1), property, value and remedy.
    """
    if actor is not None and not may_set(session, actor, now):
        raise Forbidden(N_("这些设置由创建办或管理员修改"))
    plan = read_shapes(data)
    if plan.faults:
        raise InvalidInput(N_("没有保存，请改正后再上传"), faults=plan.faults)
    shapes = {code: [_thin(ring) for ring in rings] for code, rings in plan.shapes.items()}
    if sum(len(ring) for rings in shapes.values() for ring in rings) > MOST_POINTS:
        raise TooLarge(N_("边界超过 {most} 个点；请先简化再上传"), most=MOST_POINTS)
    body = orjson.dumps(_collection(shapes, plan.names)).decode()
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    row = {"sha256": sha256, "kind": NAME, "campaign": "", "code": "", "body": body, "created_at": now}
    session.execute(insert(Definition).on_conflict_do_nothing(), [{"tenant_id": session.tenant_id, **row}])
    said = {"sha256": sha256, "file": file[-120:], "label": label, "count": len(shapes)}
    standing = session.get(Setting, (session.tenant_id, NAME))
    if standing is None:
        session.add(Setting(name=NAME, body=said, changed_at=now))
    else:
        standing.body, standing.version, standing.changed_at = said, standing.version + 1, now
    record(session, actor, "boundaries.keep", "setting", NAME, **said)
    session.flush()
    return Kept(sha256, len(shapes), file[-120:], label, now)


def kept_outlines(session: ScopedSession) -> Kept | None:
    """What is in force; None of a district that never uploaded."""
    row = session.get(Setting, (session.tenant_id, NAME))
    if row is None:
        return None
    body: Mapping[str, Any] = row.body
    return Kept(body["sha256"], body["count"], body["file"], body["label"], row.changed_at)


def read_outlines(session: ScopedSession, sha256: str) -> str | None:
    """The GeoJSON of a hash, if it is one that the district kept."""
    chosen = select(Definition.body).where(Definition.sha256 == sha256, Definition.kind == NAME)
    return session.scalars(chosen).first()


def _thin(ring: Ring) -> list[tuple[float, float]]:
    """A closed ring without points that fall together."""
    kept: list[tuple[float, float]] = []
    for longitude, latitude in ring:
        point = (round(longitude, PLACES), round(latitude, PLACES))
        if not kept or kept[-1] != point:
            kept.append(point)
    return kept if kept[0] == kept[-1] else [*kept, kept[0]]


def _collection(shapes: Mapping[str, Sequence[Ring]], names: Mapping[str, str]) -> dict[str, Any]:
    """Lines, not faces: a hole is drawn as what it is, a border."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": names.get(code, "")},
            "geometry": {"type": "MultiLineString", "coordinates": rings},
        }
        for code, rings in sorted(shapes.items())
    ]
    return {"type": "FeatureCollection", "features": features}
