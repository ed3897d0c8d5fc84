"""Words of the administrator's pages (管理用词): names in the reader's language, kinds of unit, access roles and verbs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from flask_babel import get_domain, get_locale, gettext
from markupsafe import Markup, escape

from core.errors import N_
from core.work import roles
from core.work.organisation.units import UNIT_KINDS
from core.work.roles import ROLES, Role

TENANT_KINDS: Mapping[str, str] = MappingProxyType(
    {"district": N_("区县"), "city": N_("市级"), "province": N_("省级"), "nation": N_("国家级")}
)

# What each verb lets a person do, in the order in which the table of roles shows them.
VERBS: Mapping[str, str] = MappingProxyType(
    {
        roles.SEE: N_("查看点位、检查、问题和得分"),
        roles.VISIT: N_("检查点位、提交检查表"),
        roles.REPORT: N_("上报问题、登记巡查班次"),
        roles.DIRECT: N_("受理、派遣、裁定问题，批准延期和挂账，签发通知单，抽取回头看"),
        roles.RESTRICTED: N_("查看和办理作风纪律问题"),
        roles.ANSWER: N_("接收、退回和答复问题"),
        roles.CHECK: N_("核验答复、办结、退回重改、重新打开"),
        roles.KEEP_SITES: N_("新增和修改点位"),
        roles.PUBLISH: N_("发布一个周期的得分"),
        roles.GRANT: N_("给出和收回发布授权"),
        roles.ADMINISTER: N_("管理单位、人员、岗位、创建项目、日历和令牌"),
        roles.AUDIT: N_("查看操作日志"),
        roles.LEAD: N_("领导一页纸"),
        roles.COMPARE: N_("比较各区县"),
        roles.SECRET: N_("安排、查看和解密暗访轮次"),
    }
)


def by_locale(zh: str, en: str) -> str:
    """One of two given names, by the reader's language; the Chinese one when there is no English."""
    return en if en and not str(get_locale() or "zh").startswith("zh") else zh


def begin_large(text: str) -> str:
    """An English name as it begins a line: the catalogue writes names small, as they stand in a sentence."""
    return text[:1].upper() + text[1:]


def listed(parts: Iterable[str]) -> str:
    """Several things in one line, with the comma of the reader's language between them."""
    return gettext("、").join(parts)


def counted(text: str, /, n: object, **values: object) -> str:
    """A text whose ``%(n)s`` is a number that may be one: the other languages' singular or plural (gettext's plural forms).

    Chinese has one form for both; what is extracted (keyword ``counted:1,1``) is an entry with the text as both of its ids.
    """
    number = n if isinstance(n, int) else 1 if str(n) == "1" else 2  # 1.00 is said in the plural
    spoken: str = get_domain().get_translations().ungettext(text, text, number)
    filled = {"n": n, **values}
    if any(isinstance(value, Markup) for value in filled.values()):
        return escape(spoken) % filled
    return spoken % filled


def say_kind(kind: str) -> str:
    """The kind of a unit; the root is named by its kind of tenant, an unknown kind as it is written."""
    known = UNIT_KINDS.get(kind) or TENANT_KINDS.get(kind)
    return gettext(known) if known else kind


def say_role(code: str) -> str:
    """The title of an access role; one left behind by an older version as it is written."""
    return gettext(ROLES[code].title_zh) if code in ROLES else code


def roles_of(tenant_kind: str) -> list[Role]:
    """The access roles of a kind of tenant, in the order of the one table."""
    return [role for role in ROLES.values() if tenant_kind in role.tenant_kinds]
