"""What each verb of the audit trail is called (日志动作): those of one act by name, those of a table of moves from that table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask_babel import gettext

from core.errors import N_
from core.work.appeals.appeal_moves import STEPS as APPEAL_STEPS
from core.work.loop.transitions import TRANSITIONS
from core.work.marks.card_moves import MOVES as CARD_MOVES
from core.work.marks.card_schemes import STATE_MOVES
from core.work.papers.notice_moves import MOVES as NOTICE_MOVES
from core.work.proofs.doubt_settling import VERDICTS
from core.work.proofs.hand_ons import STATE_TITLES
from core.work.whistling.whistle_steps import MOVES as WHISTLE_MOVES

# A verb that is missing here is shown as it is written; those below DERIVED come from the tables of moves themselves.
VERBS: Mapping[str, str] = MappingProxyType(
    {
        "account.deactivate": N_("停用账号"),
        "account.invite": N_("发出邀请链接"),
        "account.reset": N_("发出重设密码链接"),
        "account.restore": N_("恢复账号"),
        "area.add": N_("加入片区"),
        "area.import": N_("导入片区成员"),
        "area.remove": N_("移出片区"),
        "audit.export": N_("导出日志"),
        "boundaries.keep": N_("上传区县边界"),
        "calendar.seed": N_("载入节假日"),
        "calendar.set": N_("修改工作日历"),
        "calendar.enter": N_("按通知录入放假安排"),
        "campaign.enable": N_("启用创建项目"),
        "campaign.suspend": N_("停用创建项目"),
        "category_set.keep": N_("保存分类口径"),
        "category_set.retire": N_("停用分类口径"),
        "citizen.contact": N_("查看市民联系方式"),
        "form.draft": N_("表格：存入新版"),
        "form.publish": N_("表格：发布"),
        "form.withdraw": N_("表格：停用"),
        "form.drop": N_("表格：草稿作废"),
        "illustration.put": N_("示范图：换上"),
        "illustration.take": N_("示范图：撤下"),
        "plate.issue": N_("发放门牌"),
        "plate.replace": N_("换发门牌"),
        "plate.revoke": N_("作废门牌"),
        "draw.commit": N_("密封抽样：公布承诺值"),
        "draw.outside": N_("密封抽样：登记场外数字"),
        "draw.reveal": N_("密封抽样：公布种子"),
        "round.create": N_("轮次：建立"),
        "round.edit": N_("轮次：修改"),
        "round.open": N_("轮次：开始"),
        "round.close": N_("轮次：结束"),
        "round.cancel": N_("轮次：取消"),
        "round.release": N_("轮次：解密"),
        "secret.read": N_("轮次：解密前查阅"),
        "round.team": N_("轮次：编组"),
        "round.team_end": N_("轮次：撤销组"),
        "round.line": N_("轮次：设置线路"),
        "round.line_end": N_("轮次：撤销线路"),
        "round.sites": N_("轮次：加入点位"),
        "round.order": N_("轮次：调整顺序"),
        "round.move": N_("轮次：调整线路"),
        "round.drop": N_("轮次：去掉点位"),
        "round.back": N_("轮次：恢复点位"),
        "round.sampling": N_("轮次：设置抽样方案"),
        "round.commit": N_("轮次：公布抽样承诺"),
        "round.draw": N_("轮次：按抽样结果加入点位"),
        "round.plan": N_("轮次：由周期计划生成"),
        "round_plan.keep": N_("周期计划：建立"),
        "round_plan.change": N_("周期计划：修改"),
        "round_plan.active": N_("周期计划：恢复"),
        "round_plan.paused": N_("周期计划：暂停"),
        "round_plan.ended": N_("周期计划：停止"),
        "round_plan.missed": N_("周期计划：错过的日期"),
        "demo.complete": N_("放入演示数据"),
        "demo.scene": N_("放入演示数据"),
        "edition.enforce": N_("选定在用版本"),
        "edition.shadow": N_("选定影子版本"),
        "edition.withdraw": N_("撤回版本选择"),
        "filter.remove": N_("去掉常用筛选"),
        "filter.restore": N_("恢复常用筛选"),
        "filter.save": N_("保存常用筛选"),
        "finding.not_same": N_("判定不是同一件"),
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
        "observation.correct": N_("统计：更正"),
        "observation.lock": N_("统计：锁定"),
        "observation.return": N_("统计：退回"),
        "observation.review": N_("统计：审核通过"),
        "observation.save": N_("统计：存草稿"),
        "observation.submit": N_("统计：上报"),
        "patrol.end": N_("结束巡查"),
        "statistic.add": N_("统计目录：新增"),
        "statistic.change": N_("统计目录：调整"),
        "statistic.import": N_("导入统计填报表"),
        "statistic.retire": N_("统计目录：停止填报"),
        "statistic.settle": N_("按测评体系更新统计目录"),
        "patrol.join": N_("加入巡查"),
        "patrol.track": N_("记录巡查轨迹"),
        "patrol.start": N_("开始巡查"),
        "person.add": N_("新增人员"),
        "person.change": N_("更正人员"),
        "person.deactivate": N_("人员离任"),
        "phase.set": N_("安排阶段"),
        "photo.store": N_("上传照片"),
        "post.add": N_("设岗"),
        "precedent.end": N_("终止判例"),
        "publish": N_("发布"),
        "standing.issue": N_("公布名次"),
        "reminder.send": N_("提醒发布"),
        "term.set": N_("设定发布期限"),
        "outside.import": N_("导入外部区县数据"),
        "run.make": N_("计分留存"),
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
        "visit.paper": N_("录入纸质表"),
        "workbook.import": N_("导入工作簿"),
        "card.propose": N_("亮牌：提出"),
        "card_scheme.keep": N_("亮牌办法：保存"),
        "contact.add": N_("新增外部联系人"),
        "contact.link": N_("生成免登录链接"),
        "contact.retire": N_("停用外部联系人"),
        "contact.revoke": N_("作废免登录链接"),
        "hand_on.send": N_("转交：发出"),
        "notice.issue": N_("通知单：签发"),
        "rank.compute": N_("计算排名"),
        "recheck.draw": N_("抽取回头看"),
        "recheck.plan": N_("安排回头看"),
        "setting.change": N_("修改设置"),
        "sweep.close": N_("举一反三：结束"),
        "sweep.plan": N_("举一反三：安排"),
        "sweep.tick": N_("举一反三：登记已查"),
        "whistle.blow": N_("吹哨：发起"),
        "whistle.rules": N_("修改吹哨规则"),
    }
)

# Prefix of a verb: how the line reads, and the title of each move.
DERIVED: Mapping[str, tuple[str, Mapping[str, str]]] = MappingProxyType(
    {
        "finding.": (N_("问题：%(action)s"), {verb: step.title_zh for verb, step in TRANSITIONS.items()}),
        "notice.": (N_("通知单：%(action)s"), {verb: move.title_zh for verb, move in NOTICE_MOVES.items()}),
        "whistle.": (N_("吹哨：%(action)s"), {verb: move.title_zh for verb, move in WHISTLE_MOVES.items()}),
        "appeal.": (N_("申诉：%(action)s"), {verb: title for verb, (_, title) in APPEAL_STEPS.items()}),
        "card.": (N_("亮牌：%(action)s"), {verb: move.title_zh for verb, move in CARD_MOVES.items()}),
        "card_scheme.": (N_("亮牌办法：%(action)s"), {verb: title for verb, (_, _, title) in STATE_MOVES.items()}),
        "hand_on.": (N_("转交：%(action)s"), {verb: titles[0] for verb, titles in STATE_TITLES.items()}),
        "doubt.": (N_("疑点：%(action)s"), {verb: titles[0] for verb, titles in VERDICTS.items()}),
    }
)


def verb_options() -> list[tuple[str, str]]:
    """Every verb with its words, for the filter."""
    derived = [prefix + code for prefix, (_, titles) in DERIVED.items() for code in titles]
    return [(verb, say_verb(verb)) for verb in (*VERBS, *derived)]


def say_verb(verb: str) -> str:
    """The verb in the reader's language."""
    if verb in VERBS:
        return gettext(VERBS[verb])
    prefix, dot, code = verb.partition(".")
    line, titles = DERIVED.get(prefix + dot, ("", {}))
    return gettext(line, action=gettext(titles[code])) if code in titles else verb
