"""Words of the audit trail (日志用词): what each verb, kind of object and part of the detail is called on the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask_babel import gettext

from core.errors import N_
from core.web.words import listed, say_role

HASH = re.compile("[0-9a-f]{64}")

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "appeal": N_("申诉"),
        "audit": N_("日志"),
        "calendar": N_("工作日历"),
        "card": N_("亮牌"),
        "card_scheme": N_("亮牌办法"),
        "contact": N_("外部联系人"),
        "notice": N_("通知单"),
        "observation": N_("统计值"),
        "recheck_sample": N_("回头看抽样"),
        "setting": N_("设置"),
        "sweep": N_("举一反三"),
        "whistle": N_("吹哨"),
        "campaign": N_("创建项目"),
        "edition": N_("测评体系版本"),
        "file": N_("照片"),
        "filter": N_("常用筛选"),
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
        "publication_term": N_("发布期限"),
        "standing": N_("公布名次"),
        "outside_publication": N_("外部区县数据"),
        "score_run": N_("计分留存"),
        "reorganisation": N_("机构调整"),
        "site": N_("点位"),
        "draw": N_("密封抽样"),
        "round": N_("检查轮次"),
        "round_plan": N_("周期计划"),
        "appraisal": N_("考核结果"),
        "appraisal_rule": N_("考核办法"),
        "task_day": N_("任务排名"),
        "meeting": N_("会议"),
        "plan": N_("计划"),
        "quantity": N_("工作量"),
        "quantity_kind": N_("工作量科目"),
        "form": N_("检查表"),
        "illustration": N_("示范图"),
        "sponsorship": N_("包保关系"),
        "statistic": N_("统计指标"),
        "split": N_("分解表"),
        "project": N_("工程项目"),
        "task": N_("任务"),
        "task_import": N_("任务工作簿"),
        "tenant": N_("区县或主管部门"),
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
        "off": N_("放假天数"),
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
        "tasks": N_("任务"),
        "title": N_("岗位名称"),
        "to": N_("至"),
        "types": N_("点位类型"),
        "unit": N_("单位"),
        "unit_kind": N_("单位类型"),
        "worked": N_("上班天数"),
        "units": N_("单位"),
        "until": N_("至"),
        "version": N_("第几版"),
        "whistles": N_("吹哨"),
        "working": N_("上班"),
        "years": N_("年份"),
    }
)


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
