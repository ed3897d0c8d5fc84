"""Tenants as the platform lists them (租户登记): one slug space for districts and bureaus, a code with its issuer or none.

Each stands under the bureau above it; the platform's rows alone say which. A district may let any of those above it read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.accounts import tenant_ref
from core.work.divisions import CODE_ISSUER, Division, get
from core.work.names import narrow, pinyin_key, tidy
from tenants.access import BUREAUS, ROOTS, TenantRef
from tenants.accounts import PlatformEvent, Tenant

# Which levels of the division list a tenant of each kind may have, and the kinds of the bureau above it. A municipality
# (直辖市) is a city with a province's code: nothing stands between it and the nation.
LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"district": ("district",), "city": ("city", "province"), "province": ("province",), "nation": ()}
)
UPPERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"district": ("city", "province"), "city": ("province", "nation"), "province": ("nation",), "nation": ()}
)
NATION = ("nation", "全国")  # slug and name of the one tenant that no code names, unless others are given
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


def claim(kind: str, division: str | None, name: str | None, slug: str | None) -> Claim:
    """Check what a tenant is to be. The default slug is the division's code, the default name its name.

    Raises InvalidInput: unknown division, one of another level, neither division nor name with slug.
    """
    if kind == NATION[0]:
        slug, name = slug or NATION[0], name or NATION[1]
    found = get(division) if division else None
    if found is not None and found.level not in LEVELS[kind]:
        remedy = N_("区县请用六位代码，地市四位，省级两位，例如 140302、1403、14；国家级不用代码")
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


def find_tenant(session: Session, slug: str, *, kinds: Collection[str] = ROOTS) -> TenantRef:
    """The tenant of a slug, for a platform session. Raises NotFound."""
    row = session.scalars(select(Tenant).where(Tenant.slug == slug, Tenant.kind.in_(kinds))).first()
    if row is None:
        message = N_("没有网址代号为 {slug} 的主管部门") if kinds == BUREAUS else N_("没有网址代号为 {slug} 的租户")
        raise NotFound(message, slug=slug)
    return tenant_ref(row)


def kinds_above(kind: str, division: Division | None) -> tuple[str, ...]:
    """The kinds of bureau under which a tenant of a kind may stand; of a city its division decides."""
    if kind == "city" and division is not None:
        return ("nation",) if division.level == "province" else ("province",)
    return UPPERS[kind]


def find_upper(session: Session, wanted: Claim, slug: str) -> TenantRef:
    """The bureau of a slug, for a claim that is to stand under it. Raises NotFound, and InvalidInput for one of a kind that cannot."""
    found = find_tenant(session, slug, kinds=BUREAUS)
    if found.kind not in kinds_above(wanted.kind, wanted.division):
        remedy = N_("区县的上级是市或省，市的上级是省，省和直辖市的上级是国家级")
        fault = Fault(N_("不能作为上级：{name}"), "upper", value=slug, remedy=remedy, params={"name": found.name})
        raise InvalidInput(faults=[fault])
    return found


def read_chain(session: Session, ref: TenantRef) -> list[TenantRef]:
    """The bureaus above a tenant, the nearest first (上级), for a platform session: those that may be let read."""
    found: list[TenantRef] = []
    upper_id = ref.upper_id
    while upper_id is not None and len(found) < len(BUREAUS):
        row = session.get_one(Tenant, upper_id)
        found.append(tenant_ref(row))
        upper_id = row.upper_id
    return found


def list_tenants(session: Session, *, kinds: Collection[str] = ROOTS) -> list[TenantRef]:
    """The tenants of the installation of some kinds, by name, for a platform session."""
    chosen = select(Tenant).where(Tenant.kind.in_(kinds)).order_by(Tenant.pinyin, Tenant.id)
    return [tenant_ref(row) for row in session.scalars(chosen)]


def standing(session: Session, wanted: Claim, upper: TenantRef | None) -> Tenant | None:
    """The tenant that has the claim's slug already and is the same one, or None when the slug is free.

    Raises Conflict when another tenant has the slug, or when it stands under another bureau.
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
    if upper is not None and row.upper_id not in (None, upper.id):
        fault = Fault(N_("已属于另一个上级"), field="upper", value=upper.slug, remedy=N_("请先由管理员解除原来的归属"))
        raise Conflict(N_("{name}已属于另一个上级"), faults=[fault], name=row.name)
    return row


def settle_tenant(
    session: Session, wanted: Claim, upper: TenantRef | None, *, is_demo: bool = False
) -> tuple[Tenant, bool]:
    """Write the tenant's row, or complete the one that stands; tells whether it is new. The caller commits."""
    row = standing(session, wanted, upper)
    created = row is None
    if row is None:
        row = _new_row(session, wanted, is_demo=is_demo)
    if upper is not None and row.upper_id is None:
        row.upper_id = upper.id
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
