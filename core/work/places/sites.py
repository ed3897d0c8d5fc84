"""Sites (点位): adding and changing the places that are assessed; types are dated, nothing is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import func, select

from core.campaigns.registry import Registry, installed
from core.campaigns.terms import SiteType
from core.campaigns.vocabulary import load_vocabulary
from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.enabling import enabled
from core.work.journal import record
from core.work.names import narrow, pinyin_key, tidy
from core.work.permits import require
from core.work.places.grams import index_sites
from core.work.places.site_attrs import check_attrs, check_place
from core.work.places.site_lists import get_site
from core.work.roles import KEEP_SITES
from core.work.tables import Site, SiteKind
from tenants.access import Actor, root_unit
from tenants.models import Unit
from tenants.scope import ScopedSession

LONGEST_NAME, LONGEST_ADDRESS, LONGEST_CODE, LONGEST_ZONE = 80, 200, 40, 40
STATES = ("active", "closed")
NEEDED = ("name", "unit_id", "types")
SOUGHT = frozenset({"name", "pinyin", "code", "address"})  # what a search finds it by
PLACED = ("unit_id", "state")  # what a later look at a past day asks the trail for


class SiteFields(TypedDict, total=False):
    """What is known of a site; a field left out stays as it is, None or '' empties it where that is possible.

    ``types`` are site-type codes; ``attrs`` are merged into what is there, a None in them removes one.
    """

    name: str
    code: str | None
    address: str
    zone: str
    unit_id: UUID
    operator_unit_id: UUID | None
    types: Iterable[str]
    attrs: Mapping[str, Any]
    longitude: object
    latitude: object
    state: str


def site_types(session: ScopedSession, registry: Registry | None = None) -> Mapping[str, SiteType]:
    """The site types that may be used here (可用点位类型): the shared ones and those of the campaigns in force."""
    own = [t for c in enabled(session, installed() if registry is None else registry) for t in c.site_types]
    return load_vocabulary().with_own(own).site_types


def add_site(
    session: ScopedSession,
    actor: Actor | None,
    *,
    today: date,
    registry: Registry | None = None,
    **fields: Unpack[SiteFields],
) -> Site:
    """Add a site (新增点位): name, unit and at least one type are needed.

    Raises InvalidInput with a fault a field, Conflict (code, or name in the same unit, is taken) and Forbidden.
    """
    faults: list[Fault] = []
    _need(fields, NEEDED, faults)
    values, types = check_fields(session, fields, site_types(session, registry), faults, today)
    if faults:
        raise InvalidInput(faults=faults)
    require(session, actor, KEEP_SITES, values["unit_id"], today)
    values["attrs"] = {code: value for code, value in values.get("attrs", {}).items() if value is not None}
    return write_site(session, actor, values, types or (), today)


def write_site(
    session: ScopedSession, actor: Actor | None, values: dict[str, Any], types: Iterable[str], today: date
) -> Site:
    """Write a site whose fields were checked. Raises Conflict when the code, or the name in the unit, is taken."""
    refuse_twin(session, None, values)
    site = Site(**values)
    session.add(site)
    session.flush()
    session.add_all(SiteKind(site_id=site.id, site_type=kind, valid_from=today) for kind in dict.fromkeys(types))
    index_sites(session, [site.id])
    record(session, actor, "site.add", "site", site.id, name=site.name, types=sorted(types))
    return site


def change_site(
    session: ScopedSession,
    actor: Actor | None,
    site_id: UUID,
    *,
    today: date,
    registry: Registry | None = None,
    **fields: Unpack[SiteFields],
) -> Site:
    """Change a site (修改点位); what is given like it is changes nothing.

    Moving it to another unit needs the right at both. Raises NotFound, InvalidInput, Conflict and Forbidden.
    """
    row = get_site(session, actor, site_id, today=today)
    require(session, actor, KEEP_SITES, row.unit_id, today)
    site = session.get_one(Site, (session.tenant_id, site_id))
    faults: list[Fault] = []
    _need(fields, [field for field in NEEDED if field in fields], faults)
    values, types = check_fields(session, fields, site_types(session, registry), faults, today)
    if faults:
        raise InvalidInput(faults=faults)
    if "unit_id" in values:
        require(session, actor, KEEP_SITES, values["unit_id"], today)
    apply_changes(session, actor, site, row.types, values, types, today)
    return site


def apply_changes(
    session: ScopedSession,
    actor: Actor | None,
    site: Site,
    standing_types: Iterable[str],
    values: dict[str, Any],
    types: tuple[str, ...] | None,
    today: date,
) -> bool:
    """Write checked changes to a site and tell whether anything differed."""
    if "attrs" in values:
        merged = {**site.attrs, **values["attrs"]}
        values["attrs"] = {code: value for code, value in merged.items() if value is not None}
    changed = {field: value for field, value in values.items() if getattr(site, field) != value}
    was = {field: str(getattr(site, field)) for field in PLACED if field in changed}
    if changed:
        refuse_twin(session, site, {"name": site.name, "unit_id": site.unit_id} | changed)
        for field, value in changed.items():
            setattr(site, field, value)
    retyped = types is not None and set(types) != set(standing_types)
    if retyped:
        _retype(session, site.id, set(types or ()), today)
    if changed or retyped:
        session.flush()
        if not SOUGHT.isdisjoint(changed):
            index_sites(session, [site.id])
        shown = {field: str(value) for field, value in changed.items() if field != "pinyin"}
        detail = shown | ({"types": ";".join(sorted(types or ()))} if retyped else {})
        record(session, actor, "site.change", "site", site.id, changes=detail, **({"before": was} if was else {}))
    return bool(changed or retyped)


def _retype(session: ScopedSession, site_id: UUID, wanted: set[str], today: date) -> None:
    """Close the types that are gone and open the new ones from today; one closed today is opened again."""
    rows = list(session.scalars(select(SiteKind).where(SiteKind.site_id == site_id)))
    for row in rows:
        if row.valid_to is None and row.site_type not in wanted:
            row.valid_to = max(today, row.valid_from)
    standing = {row.site_type for row in rows if row.valid_to is None}
    begun_today = {row.site_type: row for row in rows if row.valid_from == today}
    for kind in wanted - standing:
        if kind in begun_today:
            begun_today[kind].valid_to = None
        else:
            session.add(SiteKind(site_id=site_id, site_type=kind, valid_from=today))


def refuse_twin(session: ScopedSession, site: Site | None, values: Mapping[str, Any]) -> None:
    """Raise Conflict when another active site has the code, or the same name in the same unit.

    Whoever writes such a name or code at the same time waits here until this transaction ends, and then finds what it wrote.
    """
    _one_at_a_time(session, values)
    chosen = select(Site.name).where(Site.state == "active")
    if site is not None:
        chosen = chosen.where(Site.id != site.id)
    code = values.get("code")
    if code and (twin := session.scalars(chosen.where(Site.code == code)).first()):
        fault = Fault(N_("编号重复"), field="code", value=code, remedy=N_("请换一个编号，或修改已有的点位"))
        raise Conflict(N_("编号 {code} 已属于{name}"), faults=[fault], code=code, name=twin)
    here = chosen.where(Site.name == values["name"], Site.unit_id == values["unit_id"])
    if session.scalars(here).first():
        remedy = N_("请修改已有的点位，或在名称里加以区分")
        fault = Fault(N_("名称重复"), field="name", value=values["name"], remedy=remedy)
        raise Conflict(N_("这个单位已有点位{name}"), faults=[fault], name=values["name"])


def _one_at_a_time(session: ScopedSession, values: Mapping[str, Any]) -> None:
    """Take turns with others who write the same name in the same unit, or the same code, and with an import of workbooks.

    Always in the same order, so that two never wait for each other.
    """
    root = select(Unit.id).where(Unit.id == root_unit(session).id)
    session.execute(root.with_for_update(read=True))  # an import holds that row until it is over
    said = [f"site name {values['unit_id']} {narrow(values['name']).casefold()}"]
    said += [f"site code {values['code']}"] if values.get("code") else []
    for one in sorted(said):
        key = func.hashtextextended(f"{session.tenant_id} {one}", 0)
        session.execute(select(func.pg_advisory_xact_lock(key)))


def check_fields(
    session: ScopedSession, fields: SiteFields, known: Mapping[str, SiteType], faults: list[Fault], today: date
) -> tuple[dict[str, Any], tuple[str, ...] | None]:
    """Read the given fields as column values and types; every bad one becomes a fault."""
    values = check_values({**fields}, faults)
    for field in ("unit_id", "operator_unit_id"):
        unit_id = values.get(field)
        if unit_id and not _stands(session, unit_id, today):
            remedy = N_("请从单位树里选一个现有的单位")
            faults.append(Fault(N_("没有这个单位"), field=field, value=str(unit_id), remedy=remedy))
    types = tuple(dict.fromkeys(fields["types"])) if "types" in fields else None
    faults.extend(unknown_type(kind) for kind in types or () if kind not in known)
    return values, types


def _need(fields: SiteFields, needed: Iterable[str], faults: list[Fault]) -> None:
    """Note the needed fields that are empty."""
    given: dict[str, Any] = dict(fields)
    empty = [f for f in needed if not given.get(f) or (f == "name" and not tidy(str(given[f])))]
    faults.extend(Fault(N_("不能为空"), field=f, remedy=N_("请填写这一项")) for f in empty)


def unknown_type(kind: str) -> Fault:
    """The fault for a site type that is neither shared nor a campaign's in force."""
    remedy = N_("请用代码表里的点位类型，例如农贸市场 produce_market；活动自有的类型要先启用该活动")
    return Fault(N_("没有这种点位类型"), field="types", value=kind[:40], remedy=remedy)


def check_values(fields: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """Read the fields that need no look into the database."""
    values: dict[str, Any] = {f: fields[f] for f in ("unit_id", "operator_unit_id") if f in fields}
    lengths = {"name": LONGEST_NAME, "address": LONGEST_ADDRESS, "code": LONGEST_CODE, "zone": LONGEST_ZONE}
    for field, longest in lengths.items():
        if field in fields:
            raw = str(fields.get(field) or "")
            said = narrow(raw) if field == "code" else tidy(raw)
            if len(said) > longest:
                remedy, params = N_("请缩短到 {longest} 个字以内"), {"longest": longest}
                faults.append(Fault(N_("内容过长"), field=field, value=said[:20], remedy=remedy, params=params))
            values[field] = said or None if field == "code" else said
    if "name" in values:
        values["pinyin"] = pinyin_key(values["name"])
    if "attrs" in fields:
        values["attrs"] = check_attrs(fields["attrs"], faults)
    if "longitude" in fields or "latitude" in fields:
        place = check_place(fields.get("longitude"), fields.get("latitude"), faults)
        values["longitude"], values["latitude"] = place
    if "state" in fields:
        values["state"] = fields["state"]
        if fields["state"] not in STATES:
            remedy = N_("可用的状态：active、closed")
            faults.append(Fault(N_("没有这种状态"), field="state", value=str(fields["state"])[:20], remedy=remedy))
    return values


def _stands(session: ScopedSession, unit_id: UUID, on: date) -> bool:
    unit = session.get(Unit, (session.tenant_id, unit_id))
    return unit is not None and unit.valid_from <= on and (unit.valid_to is None or unit.valid_to > on)
