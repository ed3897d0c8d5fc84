"""Words of a finding's steps on the pages (办理用词): what each leads to, said before it is taken, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core.errors import N_
from core.work.loop.step_input import CHANGEABLE

CONSEQUENCES: Mapping[str, str] = MappingProxyType(
    {
        "accept": N_("受理后由创建办派遣给责任单位。"),
        "reject": N_("不予受理的不派遣、不计数；上报人看得到理由。"),
        "dispatch": N_(
            "派遣后时限从现在起算；不另选单位就按建议的牵头单位。改了严重程度的，时限和牵头单位按派遣规则重新确定。"
        ),
        "take": N_("接收后由本单位整改，期限照常计算。"),
        "return": N_("退回后计时暂停，由创建办裁定；退回次数计入统计。"),
        "arbitrate": N_("仍由原单位办的接着计时，换单位的时限重新起算；裁定默认作为判例，下次自动建议。"),
        "start": N_("只记下已经动手，期限不变。"),
        "assign": N_("责任人会收到提醒，期限不变。"),
        "assist": N_("协办单位完成自己的部分之后，牵头单位才能提交整改结果。"),
        "finish_part": N_("告诉牵头单位：本单位的部分已经完成。"),
        "decline_part": N_("不该由本单位做的，写明理由退回；创建办和牵头单位会收到提醒，本单位不再协办。"),
        "drop_part": N_("这个单位不再协办，已经做的留在记录里。"),
        "transfer": N_("换一个单位牵头，时限重新起算。"),
        "ask_extension": N_("批准之前期限照常计算；期限过后不能再申请。"),
        "grant": N_("同意后期限延长；可以少批，不能多批。"),
        "refuse": N_("不同意的，原期限不变。"),
        "ask_parking": N_("短期内确实改不了的，申请挂账并写明何时复核。"),
        "park": N_("挂账期间不算超期，到复核日重新起算时限。"),
        "refuse_parking": N_("不同意的继续整改，原期限不变。"),
        "unpark": N_("恢复后时限重新起算。"),
        "answer": N_("提交后不能撤回，由另一方核查：销号，或退回重改。"),
        "cosign": N_("属地看过整改结果，签名为证；销号仍由另一方核查。"),
        "instruct": N_("批示记入办理记录，办理单位会收到提醒；期限不变。替领导登记纸质批示的，写明是哪位领导。"),
        "report_back": N_("记下已向交办领导回报，之后才能销号。"),
        "close": N_("销号后结论和照片不能修改；再发现同样的问题，可以重新打开。"),
        "send_back": N_("退回后由牵头单位继续整改，原来的期限不变。"),
        "reopen": N_("重新打开后由牵头单位继续整改，期限从现在重新计算。"),
        "confirm_stable": N_("复查没有反弹，问题了结。"),
        "relapse": N_("记一次反弹，由牵头单位继续整改，期限从现在重新计算。"),
        "cancel": N_("撤销后不再办理、不计入统计；可以恢复。"),
        "restore": N_("恢复后重新等待受理，历史都在。"),
        "merge": N_("并入后由那一件一起办理，来源和上报人都保留，只计一件。"),
        "unmerge": N_("拆开后回到并案前的状态，单独办理。"),
        "correct": N_(
            "更正的前后内容都留在办理记录里。改了类别、严重程度或地点的，时限按派遣规则重新确定；手工定的期限不变。"
        ),
        "hold": N_("所属创建项目都停用，计时暂停。"),
        "release": N_("创建项目重新启用，接着计时。"),
        "move": N_("责任随机构调整移交，期限不变。"),
        "note": N_("只在办理记录里加一行。"),
        "seen_again": N_("再次检查时还在，不另立案，记在这一件上。"),
        "recompute": N_("工作日历变了，期限随之重算。"),
        "unseal": N_("暗访轮次解密：编号和期限从解密时起算。"),
    }
)
DONE: Mapping[str, str] = MappingProxyType(
    {
        "accept": N_("已受理 %(number)s"),
        "reject": N_("%(number)s 不予受理，理由已记录"),
        "dispatch": N_("已派遣 %(number)s，时限开始计算"),
        "take": N_("已接收 %(number)s"),
        "return": N_("%(number)s 已退回，等创建办裁定，计时暂停"),
        "arbitrate": N_("%(number)s 已裁定"),
        "start": N_("%(number)s 已开始整改"),
        "assign": N_("%(number)s 的责任人已指定"),
        "assist": N_("已请求协办 %(number)s"),
        "finish_part": N_("%(number)s 的协办部分已完成"),
        "decline_part": N_("%(number)s 的协办已退回"),
        "drop_part": N_("%(number)s 的协办已取消"),
        "transfer": N_("%(number)s 已转办，时限重新计算"),
        "ask_extension": N_("%(number)s 的延期申请已提交"),
        "grant": N_("已同意 %(number)s 延期"),
        "refuse": N_("未同意 %(number)s 延期，原期限不变"),
        "ask_parking": N_("%(number)s 的挂账申请已提交"),
        "park": N_("%(number)s 已挂账"),
        "refuse_parking": N_("未同意 %(number)s 挂账"),
        "unpark": N_("%(number)s 已恢复整改，期限重新计算"),
        "answer": N_("%(number)s 的整改结果已提交，等另一方核查"),
        "cosign": N_("属地已会签 %(number)s"),
        "instruct": N_("对 %(number)s 的批示已记入"),
        "report_back": N_("%(number)s 已回报交办领导"),
        "close": N_("%(number)s 已销号"),
        "send_back": N_("%(number)s 已退回重改"),
        "reopen": N_("%(number)s 已重新打开，期限重新计算"),
        "confirm_stable": N_("%(number)s 复查稳固"),
        "relapse": N_("%(number)s 记为反弹，期限重新计算"),
        "cancel": N_("%(number)s 已撤销"),
        "restore": N_("%(number)s 已恢复，等待受理"),
        "merge": N_("%(number)s 已并案"),
        "unmerge": N_("%(number)s 已从并案中拆出"),
        "correct": N_("%(number)s 已更正"),
        "hold": N_("%(number)s 已中止"),
        "release": N_("%(number)s 已恢复办理"),
        "move": N_("%(number)s 已移交"),
        "note": N_("%(number)s 已加一条记录"),
        "seen_again": N_("%(number)s 已记为仍未整改"),
        "recompute": N_("%(number)s 的期限已重算"),
        "unseal": N_("%(number)s 已解密"),
    }
)
# What a field is called where it is asked for; a verb of its own names it better.
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "note": N_("说明"),
        "photos": N_("照片"),
        "outcome": N_("结论"),
        "reason": N_("原因"),
        "unit": N_("单位"),
        "person": N_("责任人"),
        "days": N_("工作日"),
        "review_on": N_("复核日期"),
        "due_on": N_("协办期限"),
        "target": N_("并入哪一件"),
        "changes": N_("更正内容"),
        "precedent": N_("作为判例，同样的情形下次按此派遣"),
        "severity": N_("严重程度"),
        "leader": N_("哪位领导的批示"),
        "said_on": N_("批示日期"),
    }
)
OWN_LABELS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("answer", "photos"): N_("整改后的照片"),
        ("return", "unit"): N_("应由哪个单位办理"),
        ("return", "photos"): N_("现场照片"),
        ("arbitrate", "unit"): N_("裁定由谁牵头"),
        ("arbitrate", "note"): N_("裁定理由"),
        ("arbitrate", "days"): N_("时限（工作日）"),
        ("dispatch", "unit"): N_("改派给"),
        ("dispatch", "days"): N_("时限（工作日）"),
        ("transfer", "unit"): N_("转给哪个单位"),
        ("transfer", "days"): N_("时限（工作日）"),
        ("unpark", "days"): N_("时限（工作日）"),
        ("assist", "unit"): N_("请哪个单位协办"),
        ("assist", "note"): N_("请它做什么"),
        ("finish_part", "unit"): N_("代哪个单位"),
        ("finish_part", "note"): N_("做了什么，或为什么退回"),
        ("drop_part", "unit"): N_("取消哪个单位的协办"),
        ("ask_extension", "days"): N_("申请延长几个工作日"),
        ("grant", "days"): N_("批准几个工作日"),
        ("instruct", "note"): N_("批示内容"),
        ("instruct", "photos"): N_("批示原件的照片"),
        ("report_back", "note"): N_("回报情况"),
        ("merge", "target"): N_("并入哪一件（编号）"),
        ("correct", "note"): N_("更正理由"),
    }
)
CHANGE_LABELS: Mapping[str, str] = MappingProxyType(
    dict(
        zip(
            CHANGEABLE,
            (
                N_("类别"),
                N_("问题"),
                N_("详细情况"),
                N_("严重程度"),
                N_("位置"),
                N_("限定范围"),
                N_("所在点位"),
                N_("所在单位"),
            ),
            strict=True,
        )
    )
)
