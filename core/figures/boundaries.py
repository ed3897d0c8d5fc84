"""The outlines that a bureau keeps of its districts (区县边界): from its own GeoJSON file, for its own map page only.

No map of third parties comes with the product. What was uploaded is kept by content among the definitions, insert only, in
the coarse form that a page draws; a setting says which one is shown.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.errors import N_, Fault, Forbidden, InvalidInput, TooLarge
from core.figures.outlines import Outline, Ring, draw_outlines
from core.figures.tables import Publication, PublicationGrant
from core.work.calendar import local_day
from core.work.journal import record
from core.work.roles import ADMINISTER
from core.work.tables import Definition, Setting
from tenants.access import Actor, may, root_unit
from tenants.scope import ScopedSession

NAME = "boundaries"
BIGGEST = 10 * 1024 * 1024  # bytes of a file (ours)
MOST = 10_000  # features of a file (ours): the nation has 2 978 districts
FARTHEST = 85  # degrees of latitude: nearer to a pole nothing can be drawn like this
PROPERTIES = ("code", "adcode", "slug")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")
_LONG = re.compile(r"[0-9]{6}0{6}")  # a statistical code of a district: twelve digits, the last six zero
_EMPTY = N_("请补上边界，或删去这个要素")
_DEGREES = N_("请用经纬度（度），经度在前；投影坐标（米）请先换算")


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The outlines in force (现用边界) by code, with what the page says of them; none of a bureau that never uploaded."""

    outlines: Mapping[str, Outline] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    file: str = ""
    changed_at: datetime | None = None

    def code_of(self, *codes: str | None) -> str | None:
        """The first of a district's codes that has an outline."""
        return next((code for code in codes if code and code in self.outlines), None)


@dataclass(slots=True)
class Plan:
    """What a file says (读到的边界): rings and names by code, and every fault."""

    faults: list[Fault] = field(default_factory=list)
    shapes: dict[str, list[Ring]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def fault(self, number: int | None, place: str, message: str, remedy: str, value: object = "") -> None:
        """Note what is wrong with a feature."""
        self.faults.append(Fault(message, place, number, _short(value), "", remedy))


def keep_boundaries(
    session: ScopedSession, actor: Actor | None, data: bytes, file: str, *, now: datetime, label: str = ""
) -> Boundaries:
    """Keep a GeoJSON file as the bureau's outlines, whole or not at all; ``label`` is said beside the map.

    Raises Forbidden, TooLarge, and InvalidInput whose faults name feature (``row``, from 1), property, value and remedy.
    """
    if actor and not may_keep(session, actor, now):
        raise Forbidden(N_("区县边界由本单位的管理员上传"))
    plan = read_shapes(data)
    if plan.faults:
        raise InvalidInput(N_("没有保存，请改正后再上传"), faults=plan.faults)
    drawn = {code: asdict(one) for code, one in draw_outlines(plan.shapes).items()}
    body = orjson.dumps({"outlines": drawn, "names": plan.names}, option=orjson.OPT_SORT_KEYS).decode()
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    kept = {"sha256": sha256, "kind": NAME, "campaign": "", "code": "", "body": body, "created_at": now}
    session.execute(insert(Definition).on_conflict_do_nothing(), [{"tenant_id": session.tenant_id, **kept}])
    said = {"sha256": sha256, "file": file[-120:], "label": label}
    row = session.get(Setting, (session.tenant_id, NAME))
    if row is None:
        session.add(Setting(name=NAME, body=said, changed_at=now))
    else:
        row.body, row.version, row.changed_at = said, row.version + 1, now
    upload = hashlib.sha256(data).hexdigest()
    record(session, actor, "boundaries.keep", "setting", NAME, **said, upload=upload, districts=len(drawn))
    session.flush()
    return read_boundaries(session)


def may_keep(session: ScopedSession, actor: Actor, now: datetime) -> bool:
    """Whether the actor administers the whole bureau."""
    return may(session, actor, ADMINISTER, root_unit(session).id, local_day(now))


def read_boundaries(session: ScopedSession) -> Boundaries:
    """The outlines that the map shows (two rows by their keys)."""
    row = session.get(Setting, (session.tenant_id, NAME))
    if row is None:
        return Boundaries()
    key = (Definition.sha256 == row.body["sha256"], Definition.kind == NAME)
    body = orjson.loads(session.scalars(select(Definition.body).where(*key)).one())
    outlines = {code: Outline(**one | {"bounds": tuple(one["bounds"])}) for code, one in body["outlines"].items()}
    return Boundaries(outlines, body["names"], row.body["label"], row.body["file"], row.changed_at)


def unknown_codes(session: ScopedSession, codes: Collection[str]) -> list[str]:
    """Which of the codes belong to no district that ever granted or published to this bureau, in order."""
    known: set[str | None] = set()
    for table in (Publication, PublicationGrant):
        own = (table.reader_id == session.tenant_id, table.tenant_id != session.tenant_id)
        for column in (table.district_slug, table.district_code):
            known.update(session.scalars(select(column).where(*own).distinct()))
    return sorted(code for code in codes if code not in known)


def read_shapes(data: bytes) -> Plan:
    """The rings of each code of a GeoJSON file in degrees, with names and faults. Raises TooLarge, and InvalidInput for no GeoJSON."""
    if len(data) > BIGGEST:
        raise TooLarge(N_("文件超过 {most} MB；请先简化边界再上传"), most=BIGGEST // 1024 // 1024)
    try:
        body = json.loads(data.decode("utf-8-sig"))  # not orjson: a NaN is to be told with its feature
    except (ValueError, RecursionError) as error:
        raise InvalidInput(N_("这不是 GeoJSON 文件；请另存为 UTF-8 编码的 .geojson 再上传")) from error
    features = body.get("features") if isinstance(body, dict) and body.get("type") == "FeatureCollection" else None
    if not isinstance(features, list) or not features:
        raise InvalidInput(N_("文件里没有要素；请上传含面要素的 FeatureCollection"))
    if len(features) > MOST:
        raise TooLarge(N_("要素超过 {most} 个；请只留本单位的区县"), most=MOST)
    plan = Plan()
    for number, feature in enumerate(features, 1):
        _feature(plan, number, feature)
    return plan


def _feature(plan: Plan, number: int, feature: object) -> None:
    if not isinstance(feature, dict):
        plan.fault(number, "features", N_("不是要素"), N_("每项是一个 Feature"), feature)
        return
    properties = feature.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    place = next((name for name in PROPERTIES if properties.get(name) not in (None, "")), None)
    if place is None:
        remedy = N_("请在属性 code（或 adcode、slug）里填区划代码")
        plan.fault(number, "properties.code", N_("没有区划代码"), remedy)
        return
    said = properties[place]
    code = str(said).strip() if isinstance(said, str) or type(said) is int else ""
    if not _CODE.fullmatch(code):
        remedy = N_("请填六位区划代码，例：140105")
        plan.fault(number, f"properties.{place}", N_("区划代码不对"), remedy, said)
        return
    code = code[:6] if _LONG.fullmatch(code) else code
    rings = list(_rings(plan, number, feature.get("geometry")))
    if rings:
        plan.shapes.setdefault(code, []).extend(rings)
        name = properties.get("name")
        if isinstance(name, str) and name.strip():
            plan.names[code] = _clean(name).strip()[:40]


def _rings(plan: Plan, number: int, geometry: object) -> Iterator[Ring]:
    """The rings of a feature, holes among them: what lies inside two of them is drawn as outside."""
    kind = geometry.get("type") if isinstance(geometry, dict) else geometry
    if not isinstance(geometry, dict) or kind not in ("Polygon", "MultiPolygon"):
        remedy = N_("几何类型请用 Polygon 或 MultiPolygon")
        plan.fault(number, "geometry.type", N_("不是面"), remedy, kind)
        return
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons:
        plan.fault(number, "geometry.coordinates", N_("没有坐标"), _EMPTY, polygons)
        return
    for polygon in polygons:
        if not isinstance(polygon, list) or not polygon:
            plan.fault(number, "geometry.coordinates", N_("没有坐标"), _EMPTY, polygon)
            return
        for ring in polygon:
            if (found := _ring(plan, number, ring)) is None:
                return  # one fault a feature is enough to find it by
            yield found


def _ring(plan: Plan, number: int, ring: object) -> Ring | None:
    if not isinstance(ring, list) or len(ring) < 3:
        message, remedy = N_("一圈少于三个点"), N_("请补上边界，或删去这一圈")
        plan.fault(number, "geometry.coordinates", message, remedy, ring)
        return None
    for point in ring:
        if not _is_point(point):
            plan.fault(number, "geometry.coordinates", N_("坐标不对"), _DEGREES, point)
            return None
    return [(float(point[0]), float(point[1])) for point in ring]


def _is_point(point: object) -> bool:
    if not isinstance(point, list) or not 2 <= len(point) <= 4:
        return False
    x, y = point[:2]
    numbers = all(type(one) in (int, float) for one in (x, y))
    return numbers and -180 <= x <= 180 and -FARTHEST <= y <= FARTHEST  # no comparison holds for NaN


def _short(value: Any) -> str:
    """A value as a fault shows it: its beginning, never a whole border."""
    if isinstance(value, list):
        value = value[:3] if not any(isinstance(one, list) for one in value) else [_short(one) for one in value[:2]]
    return _clean(str(value))[:60] if value is not None else "null"


def _clean(text: str) -> str:
    """A text without what a database or an answer cannot hold: NUL and halves of surrogate pairs."""
    return text.replace("\x00", "").encode(errors="ignore").decode()
