"""Tenants as the platform lists them (租户登记): one slug space for districts and cities, a code with its issuer or none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.accounts import tenant_ref
from core.work.divisions import CODE_ISSUER, Division, get
from core.work.names import narrow, pinyin_key, tidy
from tenants.access import TenantRef
from tenants.accounts import PlatformEvent, Tenant

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Claim:
    """What a tenant is to be (租户资料), checked: kind, slug, name, and the division when there is one."""

    kind: str
    slug: str
    name: str
    division: Division | None = None


def check_slug(slug: str) -> str:
    """The slug (网址代号) of a tenant: small letters, digits and hyphens, 1 to 40 of them. Raises InvalidInput."""
    said = narrow(slug)
    if not _SLUG.fullmatch(said):
        remedy = N_("只用小写字母、数字和连字符，最多 40 个，首尾不用连字符，例如 xiaodian")
        raise InvalidInput(faults=[Fault(N_("网址代号无效"), field="slug", value=slug, remedy=remedy)])
    return said


def claim(kind: str, levels: tuple[str, ...], division: str | None, name: str | None, slug: str | None) -> Claim:
    """Check what a tenant is to be. The default slug is the division's code, the default name its name.

    Raises InvalidInput: unknown division, one of another level, neither division nor name with slug.
    """
    found = get(division) if division else None
    if found is not None and found.level not in levels:
        remedy = N_("区县请用六位代码，地市请用四位代码，例如 140302、1403")
        message, params = N_("区划级别不对：{name}"), {"name": found.full_name}
        raise InvalidInput(faults=[Fault(message, "division", value=found.code, remedy=remedy, params=params)])
    said = tidy(name or (found.name if found else ""))
    faults = []
    if not said:
        faults.append(Fault(N_("没有名称"), field="name", remedy=N_("没有区划代码时，请填写名称和网址代号")))
    if len(said) > LONGEST_NAME:
        faults.append(Fault(N_("名称过长"), field="name", value=said[:20], remedy=N_("请缩短到 60 个字以内")))
    if not slug and found is None:
        faults.append(Fault(N_("没有网址代号"), field="slug", remedy=N_("没有区划代码时，请填写名称和网址代号")))
    if faults:
        raise InvalidInput(faults=faults)
    return Claim(kind, check_slug(slug or (found.code if found else "")), said, found)


def find_tenant(session: Session, slug: str, *, kind: str | None = None) -> TenantRef:
    """The tenant of a slug, for a platform session. Raises NotFound."""
    chosen = select(Tenant).where(Tenant.slug == slug)
    row = session.scalars(chosen.where(Tenant.kind == kind) if kind else chosen).first()
    if row is None:
        message = N_("没有网址代号为 {slug} 的市级租户") if kind == "city" else N_("没有网址代号为 {slug} 的租户")
        raise NotFound(message, slug=slug)
    return tenant_ref(row)


def list_tenants(session: Session, *, kind: str | None = None) -> list[TenantRef]:
    """All tenants of the installation by name, for a platform session."""
    chosen = select(Tenant).order_by(Tenant.pinyin, Tenant.id)
    return [tenant_ref(row) for row in session.scalars(chosen.where(Tenant.kind == kind) if kind else chosen)]


def standing(session: Session, wanted: Claim, city: TenantRef | None) -> Tenant | None:
    """The tenant that has the claim's slug already and is the same one, or None when the slug is free.

    Raises Conflict when another district or city has the slug, or when it belongs to another city.
    """
    row = session.scalars(select(Tenant).where(Tenant.slug == wanted.slug)).first()
    if row is None:
        return None
    code = wanted.division.code if wanted.division else None
    same = row.code == code and (code is not None or row.name == wanted.name)
    if row.kind != wanted.kind or not same:
        remedy = N_("请换一个网址代号")
        fault = Fault(N_("网址代号已被占用"), field="slug", value=wanted.slug, remedy=remedy)
        raise Conflict(N_("网址代号 {slug} 已属于{name}"), faults=[fault], slug=wanted.slug, name=row.name)
    if city is not None and row.city_id not in (None, city.id):
        fault = Fault(N_("已属于另一个市"), field="city", value=city.slug, remedy=N_("请先由管理员解除原来的归属"))
        raise Conflict(N_("{name}已属于另一个市"), faults=[fault], name=row.name)
    return row


def settle_tenant(
    session: Session, wanted: Claim, city: TenantRef | None, *, is_demo: bool = False
) -> tuple[Tenant, bool]:
    """Write the tenant's row, or complete the one that stands; tells whether it is new. The caller commits."""
    row = standing(session, wanted, city)
    created = row is None
    if row is None:
        row = _new_row(session, wanted, is_demo=is_demo)
    if city is not None and row.city_id is None:
        row.city_id = city.id
        session.flush()
    return row, created


def _new_row(session: Session, wanted: Claim, *, is_demo: bool) -> Tenant:
    code = wanted.division.code if wanted.division else None
    row = Tenant(kind=wanted.kind, slug=wanted.slug, name=wanted.name, pinyin=pinyin_key(wanted.name), is_demo=is_demo)
    row.code, row.code_issuer = code, CODE_ISSUER if code else None
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        fault = Fault(N_("网址代号已被占用"), field="slug", value=wanted.slug, remedy=N_("请换一个网址代号"))
        raise Conflict(N_("有人刚刚用网址代号 {slug} 建了租户"), faults=[fault], slug=wanted.slug) from error
    detail = {"slug": wanted.slug, "kind": wanted.kind, "name": wanted.name, "code": code}
    session.add(PlatformEvent(verb="tenant.create", detail=detail))
    return row
