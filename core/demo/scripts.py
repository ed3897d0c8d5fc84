"""The demo's findings as they are played (演示情节): where each was found, and the steps that lead it to its state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

INSPECTOR, DESK, LEAD, PLACE, LEADER = "演示检查员甲", "演示创建办", "lead", "place", "演示区领导"
FIXED = {"photos": "after", "note": "已整改到位"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a script (情节): who takes it - a role's office, or one of the words above - and with what."""

    who: str
    verb: str
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    """One finding of the demo (演示问题): what was found where, so many days before the last one, and what came of it."""

    title: str
    category: str
    site: str
    back: int
    by: str = DESK
    severity: str = "ordinary"
    steps: tuple[Step, ...] = ()


def _step(who: str, verb: str, note: str = "", **given: Any) -> Step:
    return Step(who, verb, given | ({"note": note} if note else {}))


TAKE, START = _step(LEAD, "take"), _step(LEAD, "start")
ANSWER, CLOSE = Step(LEAD, "answer", FIXED), _step(DESK, "close", outcome="fixed")
# One way each: the state in which it ends is named behind it.
SCRIPTS: tuple[Script, ...] = (
    Script("站台座椅破损", "FAC-EQUIP", "公交站台1号", 1, INSPECTOR),  # reported
    Script("站牌灯箱不亮", "FAC-LIGHT", "公交站台2号", 2, INSPECTOR, steps=(_step(DESK, "accept"),)),  # accepted
    Script(
        "居民室内装修噪声",
        "SRV-STAFF",
        "小区2号",
        6,
        INSPECTOR,
        steps=(_step(DESK, "reject", "不在创建范围，已转专业部门", reason="out_of_scope"),),
    ),  # rejected
    Script("围挡破损露土", "ENV-DUST", "建筑工地1号", 1),  # dispatched
    Script(
        "绿化带被踩踏裸露",
        "ENV-GREEN",
        "公园1号",
        2,
        steps=(_step(LEAD, "return", "该地块由建设单位代管，不属本单位", reason="not_our_duty"),),
    ),  # returned, waits for the arbitration
    Script(
        "背街小巷弱电线缆垂落",
        "FAC-FACADE",
        "背街小巷1号",
        14,
        steps=(
            _step(LEAD, "return", "线缆不属城管维护", reason="not_our_duty"),
            _step(DESK, "arbitrate", "楼体外立面线缆由住建牵头", unit="housing_bureau", precedent=True),
            TAKE,
            START,
            ANSWER,
            CLOSE,
        ),
    ),  # arbitrated with a precedent, closed
    Script(
        "人行道地砖大面积松动",
        "FAC-ROAD",
        "主干道路段1号",
        3,
        steps=(TAKE, _step(LEAD, "ask_extension", "需备料施工", days=5)),
    ),  # extension asked
    Script(
        "盲道被占用改造",
        "FAC-BARRIER",
        "主干道路段2号",
        5,
        steps=(
            TAKE,
            _step(LEAD, "ask_extension", "改造须办理占道手续", days=8),
            _step(DESK, "grant", "同意", days=8),
        ),
    ),  # extension granted
    Script(
        "老旧楼院外墙脱落",
        "FAC-FACADE",
        "小区3号",
        3,
        steps=(TAKE, _step(LEAD, "ask_parking", "列入明年老旧小区改造", review_on=60)),
    ),  # parking asked
    Script(
        "规划道路未建成，路面坑洼",
        "FAC-ROAD",
        "背街小巷2号",
        12,
        steps=(
            TAKE,
            _step(LEAD, "ask_parking", "道路列入建设计划", review_on=90),
            _step(DESK, "park", "同意挂账，到期复核", review_on=90),
        ),
    ),  # parked
    Script(
        "市场周边占道与停车交织",
        "ORD-STALL",
        "农贸市场1号",
        4,
        steps=(
            TAKE,
            _step(LEAD, "assist", "请疏导市场门口车辆", unit="traffic_police"),
            _step(LEAD, "assist", "请督促市场内商户归市", unit="market_regulator"),
            _step("traffic_police", "finish_part", "已增设隔离和疏导岗"),
        ),
    ),  # rectifying with helpers
    Script("餐饮店证照公示不全", "LIC-SHOW", "餐饮店1号", 5, steps=(TAKE, START, ANSWER, _step(PLACE, "cosign"))),
    Script(
        "公益广告画面褪色",
        "PRO-AD",
        "社区居委会1号",
        7,
        steps=(
            TAKE,
            _step(LEAD, "answer", "已更换", photos="before"),
            _step(DESK, "send_back", "照片与整改前相同，请现场重拍"),
        ),
    ),  # sent back, with a doubt about the photo
    Script(
        "小广告反复张贴",
        "ORD-POSTER",
        "背街小巷3号",
        16,
        steps=(TAKE, ANSWER, CLOSE, _step(DESK, "relapse", "复查发现同一墙面再次出现")),
    ),  # relapsed
    Script(
        "河道边污水外溢",
        "ENV-WATER",
        "公园2号",
        18,
        steps=(TAKE, START, ANSWER, CLOSE, _step(DESK, "confirm_stable", "一周后复查稳固")),
    ),  # stable
    Script(
        "核实为临时活动摆放",
        "ORD-STALL",
        "摊贩集中区1号",
        6,
        steps=(_step(DESK, "cancel", "活动已经批准并结束"),),
    ),  # cancelled
    Script("路口车辆乱停", "ORD-PARK", "校园周边1号", 2),
    Script(
        "校门口车辆停放混乱",
        "ORD-PARK",
        "校园周边1号",
        2,
        INSPECTOR,
        steps=(_step(DESK, "merge", target="路口车辆乱停"),),
    ),  # merged
    Script("垃圾桶满溢", "ENV-BIN", "小区4号", 1),
    Script("小区垃圾桶旁散落垃圾", "ENV-BIN", "小区4号", 1, "演示检查员乙"),  # a candidate of the one before
    Script("楼道飞线充电", "SAF-WIRE", "小区1号", 2, severity="urgent", steps=(TAKE, START)),
    Script(
        "历史建筑立面不得改动",
        "FAC-FACADE",
        "宾馆1号",
        13,
        steps=(TAKE, ANSWER, _step(DESK, "close", "属保护建筑，只能维护", outcome="cannot_fix")),
    ),
    Script(
        "摊贩集中区地面油污",
        "ENV-LITTER",
        "摊贩集中区1号",
        4,
        steps=(TAKE, _step(DESK, "transfer", "摊贩管理归城管", unit="urban_management"), TAKE),
    ),  # transferred
)
