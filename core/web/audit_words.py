"""Words of the audit trail (日志用词): what each verb, kind of object and part of the detail is called on the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask_babel import gettext

from core.errors import N_
from core.web.words import listed, say_role
from core.work.transitions import TRANSITIONS

HASH = re.compile("[0-9a-f]{64}")
FINDING = "finding."

# A verb that is missing here is shown as it is written; those of findings come from the ledger's own table.
VERBS: Mapping[str, str] = MappingProxyType(
    {
        "account.deactivate": N_("停用账号"),
        "account.invite": N_("发出邀请链接"),
        "account.reset": N_("发出重设密码链接"),
        "account.restore": N_("恢复账号"),
        "area.add": N_("加入片区"),
        "area.remove": N_("移出片区"),
        "audit.export": N_("导出日志"),
        "calendar.seed": N_("载入节假日"),
        "calendar.set": N_("修改工作日历"),
        "campaign.enable": N_("启用创建项目"),
        "campaign.suspend": N_("停用创建项目"),
        "category_set.keep": N_("保存分类口径"),
        "category_set.retire": N_("停用分类口径"),
        "demo.complete": N_("放入演示数据"),
        "filter.remove": N_("去掉常用筛选"),
        "filter.restore": N_("恢复常用筛选"),
        "filter.save": N_("保存常用筛选"),
        "finding.report": N_("上报问题"),
        "grant.give": N_("给出发布授权"),
        "grant.withdraw": N_("收回发布授权"),
        "handover": N_("办理交接"),
        "holding.begin": N_("任职"),
        "holding.end": N_("离任"),
        "negative.clear": N_("负面清单：解除"),
        "negative.correct": N_("负面清单：更正"),
        "negative.dismiss": N_("负面清单：解除关注"),
        "negative.trigger": N_("负面清单：触发"),
        "negative.watch": N_("负面清单：列入关注"),
        "negative.withdraw": N_("负面清单：撤回触发"),
        "holding.term": N_("调整任期"),
        "patrol.end": N_("结束巡查"),
        "patrol.start": N_("开始巡查"),
        "person.add": N_("新增人员"),
        "person.change": N_("更正人员"),
        "person.deactivate": N_("人员离任"),
        "phase.set": N_("安排阶段"),
        "photo.store": N_("上传照片"),
        "post.add": N_("设岗"),
        "precedent.end": N_("终止判例"),
        "publish": N_("发布"),
        "reorganisation.apply": N_("机构调整生效"),
        "reorganisation.approve": N_("批准机构调整"),
        "reorganisation.edit": N_("修改机构调整草案"),
        "reorganisation.propose": N_("起草机构调整"),
        "reorganisation.wait": N_("机构调整未能生效"),
        "reorganisation.withdraw": N_("撤回机构调整"),
        "routing_rule.add": N_("新增派遣规则"),
        "routing_rule.end": N_("终止派遣规则"),
        "site.add": N_("新增点位"),
        "site.change": N_("修改点位"),
        "site.grid": N_("划入网格"),
        "site.grid_end": N_("移出网格"),
        "site_post.assign": N_("指定责任岗"),
        "site_post.release": N_("解除责任岗"),
        "sponsorship.begin": N_("登记包保"),
        "sponsorship.end": N_("调整包保期"),
        "sponsorship.hand_over": N_("移交包保"),
        "sponsorship.import": N_("导入包保名单"),
        "sponsorship.log": N_("记包保日志"),
        "tenant.onboard": N_("开通区县"),
        "token.create": N_("新建接口令牌"),
        "token.revoke": N_("作废接口令牌"),
        "unit.add": N_("新增单位"),
        "unit.close": N_("撤销单位"),
        "unit.code": N_("登记单位代码"),
        "unit.command": N_("调整指令关系"),
        "unit.map_role": N_("部门对应"),
        "unit.move": N_("调整隶属"),
        "unit.rename": N_("单位更名"),
        "visit.correct": N_("更正检查"),
        "visit.submit": N_("提交检查"),
        "workbook.import": N_("导入工作簿"),
    }
)
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "audit": N_("日志"),
        "calendar": N_("工作日历"),
        "campaign": N_("创建项目"),
        "file": N_("照片"),
        "finding": N_("问题"),
        "conduct": N_("作风纪律问题"),
        "routing_rule": N_("派遣规则"),
        "precedent": N_("权责判例"),
        "category_set": N_("分类口径"),
        "patrol": N_("巡查班次"),
        "grant": N_("发布授权"),
        "negative_entry": N_("负面清单"),
        "person": N_("人员"),
        "post": N_("岗位"),
        "publication": N_("发布件"),
        "reorganisation": N_("机构调整"),
        "site": N_("点位"),
        "sponsorship": N_("包保"),
        "tenant": N_("区县或市"),
        "token": N_("接口令牌"),
        "unit": N_("单位"),
        "visit": N_("检查"),
        "workbook": N_("工作簿"),
    }
)
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "added": N_("新增"),
        "after": N_("现在"),
        "areas": N_("片区成员"),
        "before": N_("原来"),
        "replaces": N_("取代"),
        "kept": N_("照旧的问题"),
        "cancelled": N_("撤销的问题"),
        "campaign": N_("创建项目"),
        "changed": N_("改动"),
        "changes": N_("改动"),
        "closed": N_("撤并"),
        "code": N_("代码"),
        "commanded": N_("接受指令"),
        "corrects": N_("更正"),
        "created": N_("新增"),
        "day": N_("日期"),
        "departments": N_("部门数"),
        "detail": N_("详细程度"),
        "edition": N_("版本"),
        "edition_sha256": N_("指纹"),
        "entry": N_("记录"),
        "file": N_("文件"),
        "filters": N_("条件"),
        "findings": N_("问题"),
        "forms": N_("检查表"),
        "from": N_("自"),
        "grid": N_("网格"),
        "grids": N_("网格归属"),
        "hand_ons": N_("转交事项"),
        "heir": N_("承接单位"),
        "holding": N_("任职方式"),
        "holdings": N_("在岗任职"),
        "issuer": N_("代码由谁发布"),
        "links": N_("免登录链接"),
        "moved": N_("移交"),
        "name": N_("名称"),
        "notices": N_("未办结通知"),
        "number": N_("编号"),
        "on": N_("日期"),
        "opened": N_("新设"),
        "parent": N_("上级单位"),
        "partition": N_("哪种网格"),
        "people": N_("人员"),
        "period": N_("周期"),
        "phone": N_("电话"),
        "posts": N_("岗位"),
        "provisional": N_("暂定"),
        "reader": N_("送给"),
        "reason": N_("依据"),
        "rechecks": N_("回头看"),
        "renamed": N_("更名"),
        "role": N_("角色或职责"),
        "roles": N_("部门职责"),
        "rules": N_("派遣规则"),
        "sha256": N_("指纹"),
        "since": N_("自"),
        "site": N_("点位"),
        "sites": N_("点位"),
        "size": N_("字节"),
        "sponsor_kind": N_("包保类别"),
        "sponsorships": N_("包保关系"),
        "title": N_("岗位名称"),
        "to": N_("至"),
        "types": N_("点位类型"),
        "unit": N_("单位"),
        "unit_kind": N_("单位类型"),
        "units": N_("单位"),
        "until": N_("至"),
        "version": N_("第几版"),
        "whistles": N_("吹哨"),
        "working": N_("上班"),
        "years": N_("年份"),
    }
)


def verb_options() -> list[tuple[str, str]]:
    """Every verb with its words, for the filter."""
    return [(verb, say_verb(verb)) for verb in (*VERBS, *(FINDING + code for code in TRANSITIONS))]


def say_verb(verb: str) -> str:
    """The verb in the reader's language."""
    if verb.startswith(FINDING) and verb[len(FINDING) :] in TRANSITIONS:
        return gettext("问题：%(action)s", action=gettext(TRANSITIONS[verb[len(FINDING) :]].title_zh))
    return gettext(VERBS[verb]) if verb in VERBS else verb


def say_kind(kind: str) -> str:
    """The kind of object in the reader's language."""
    return gettext(KINDS[kind]) if kind in KINDS else kind


def say_detail(detail: Mapping[str, Any]) -> str:
    """The detail of a line, one ``name: value`` after the other."""
    return "; ".join(f"{say_word(name)}: {say_value(name, value)}" for name, value in detail.items())


def say_word(name: str) -> str:
    """The name of a part of the detail; a part that is missing here is shown as it is written."""
    return gettext(WORDS[name]) if name in WORDS else name


def say_value(name: str, value: Any) -> str:
    """A value of the detail as people read it: roles by their title, a hash by its beginning."""
    if isinstance(value, str) and (name == "role" or HASH.fullmatch(value)):
        return say_role(value) if name == "role" else value[:12]
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if isinstance(value, list | tuple):
        return listed(str(v) for v in value)
    if isinstance(value, dict):
        return listed(f"{say_word(key)} {inner}" for key, inner in value.items())
    return "—" if value is None or value == "" else str(value)
