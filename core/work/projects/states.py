"""The words of projects (项目用语): kinds, states, flows, sources of money, steps; and from which state each step may be taken."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from core.errors import N_

KIND = "project"  # of notes and of the trail
WORKS, RESETTLEMENT, OBJECTS, SITE_FILE = "works", "resettlement", "objects", "site_file"
KINDS: Mapping[str, str] = MappingProxyType(
    {WORKS: N_("工程改造"), RESETTLEMENT: N_("搬迁安置"), OBJECTS: N_("清单治理"), SITE_FILE: N_("一场一策")}
)
DRAFT, RUNNING, FINISHED = "draft", "running", "finished"
ACCEPTED, CLOSED, STOPPED = "accepted", "closed", "stopped"
# Title and the tone of the dot beside it.
STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        DRAFT: (N_("未启动"), "neutral"),
        RUNNING: (N_("实施中"), "active"),
        FINISHED: (N_("已完工待验收"), "soon"),
        ACCEPTED: (N_("已验收"), "verified"),
        CLOSED: (N_("已结案"), "verified"),
        STOPPED: (N_("已中止"), "neutral"),
    }
)
OPEN_STATES = (DRAFT, RUNNING, FINISHED, STOPPED)
AT_WORK = (DRAFT, RUNNING)

INPUT, OUTPUT, OUTCOME, COUNTER = "input", "output", "outcome", "counter"
FLOWS: Mapping[str, str] = MappingProxyType(
    {COUNTER: N_("销号计数"), OUTPUT: N_("完成工程量"), INPUT: N_("投入"), OUTCOME: N_("成效")}
)
MEASURED = (COUNTER, OUTPUT)  # what a project's progress is told by

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "owner": N_("业主（单位）自筹"),
        "society": N_("社会筹集"),
        "award": N_("以奖代补"),
        "finance": N_("财政资金"),
        "other": N_("其他来源"),
    }
)

WAITING, OPEN, PASSED, FAILED = "waiting", "open", "passed", "failed"
STAGE_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        WAITING: (N_("未到"), "waiting"),
        OPEN: (N_("当前阶段"), "next"),
        PASSED: (N_("已通过"), "active"),
        FAILED: (N_("未通过，待补"), "overdue"),
    }
)

NOT_YET, AGREED, DONE, DROPPED = "todo", "agreed", "done", "dropped"
OBJECT_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        NOT_YET: (N_("未办"), "neutral"),
        AGREED: (N_("已同意（已签约）"), "next"),
        DONE: (N_("已完成"), "verified"),
        DROPPED: (N_("不再计入"), "neutral"),
    }
)

CREATE, CHANGE, START, STOP, RESUME = "create", "change", "start", "stop", "resume"
STAGES, PASS, FAIL, REOPEN = "stages", "stage_pass", "stage_fail", "stage_reopen"
BILL, REPORT, LIST, TICK = "bill", "report", "objects", "object"
SHARES, PAY = "shares", "pay"
PHOTOS, FINDINGS, SIGN = "photos", "findings", "sign"
FINISH, ACCEPT, REFUSE, CLOSE = "finish", "accept", "refuse", "close"
VERBS: Mapping[str, str] = MappingProxyType(
    {
        CREATE: N_("建立"),
        CHANGE: N_("修改"),
        START: N_("启动"),
        STOP: N_("中止"),
        RESUME: N_("恢复"),
        STAGES: N_("调整阶段"),
        PASS: N_("通过阶段"),
        FAIL: N_("阶段未通过"),
        REOPEN: N_("重开阶段"),
        BILL: N_("调整工程量清单"),
        REPORT: N_("填报工程量"),
        LIST: N_("导入清单对象"),
        TICK: N_("逐件办理"),
        SHARES: N_("调整资金分担"),
        PAY: N_("登记支付"),
        PHOTOS: N_("添加照片"),
        FINDINGS: N_("列入问题"),
        SIGN: N_("登记签名"),
        FINISH: N_("报完工"),
        ACCEPT: N_("验收通过"),
        REFUSE: N_("验收不通过"),
        CLOSE: N_("结案"),
    }
)
# From which states a step may be taken, and the state after it (None: as before).
MOVES: Mapping[str, tuple[tuple[str, ...], str | None]] = MappingProxyType(
    {
        CHANGE: (AT_WORK, None),
        START: ((DRAFT,), RUNNING),
        STOP: (AT_WORK, STOPPED),
        RESUME: ((STOPPED,), RUNNING),
        STAGES: (AT_WORK, None),
        PASS: ((RUNNING,), None),
        FAIL: ((RUNNING,), None),
        REOPEN: ((RUNNING,), None),
        BILL: (AT_WORK, None),
        REPORT: ((RUNNING,), None),
        LIST: (AT_WORK, None),
        TICK: ((RUNNING,), None),
        SHARES: (AT_WORK, None),
        PAY: ((RUNNING, FINISHED, ACCEPTED), None),
        PHOTOS: ((*AT_WORK, FINISHED, ACCEPTED), None),
        FINDINGS: (AT_WORK, None),
        SIGN: (AT_WORK, None),
        FINISH: ((RUNNING,), FINISHED),
        ACCEPT: ((FINISHED,), ACCEPTED),
        REFUSE: ((FINISHED,), RUNNING),
        CLOSE: ((ACCEPTED,), CLOSED),
    }
)


class Gate(NamedTuple):
    """A stage to begin with (阶段模板): whether its gate needs a photo, and another party."""

    title: str
    gate: str
    photo: bool = False
    other: bool = False


# What a project of a kind begins with; every district changes them as it needs (ours, after S0-21, S0-22, S1-21, S3-23).
TEMPLATES: Mapping[str, tuple[Gate, ...]] = MappingProxyType(
    {
        WORKS: (
            Gate(N_("立项"), N_("方案已批复，资金来源已落实")),
            Gate(N_("签约"), N_("施工单位已确定，合同已签订")),
            Gate(N_("开工"), N_("已进场，实施前照片已留存"), photo=True),
            Gate(N_("完工"), N_("清单各项已完成，现场已清理"), photo=True),
        ),
        RESETTLEMENT: (
            Gate(N_("提出"), N_("搬迁事由和范围已经会议确定")),
            Gate(N_("评估"), N_("房屋已逐户评估"), other=True),
            Gate(N_("方案公示"), N_("安置方案已公示，公示期已满"), photo=True),
            Gate(N_("签约"), N_("各户已签订协议")),
            Gate(N_("搬离"), N_("各户已搬离，现场已封闭"), photo=True),
            Gate(N_("收尾"), N_("补偿已兑付，档案已归集"), other=True),
        ),
        OBJECTS: (
            Gate(N_("摸排"), N_("对象已逐件列入清单")),
            Gate(N_("治理"), N_("清单对象已全部治理")),
            Gate(N_("复核"), N_("已逐件复核，没有反弹"), photo=True, other=True),
        ),
        SITE_FILE: (
            Gate(N_("列单"), N_("问题清单已列全")),
            Gate(N_("定策"), N_("整改方案经经营者（业主）签字确认")),
            Gate(N_("整改"), N_("各项整改已实施"), photo=True),
        ),
    }
)
