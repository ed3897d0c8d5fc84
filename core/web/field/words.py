"""What the phone app says (手机端用词): every text in both languages, because a phone without signal cannot ask for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from flask_babel import force_locale, gettext

from core.errors import N_
from core.web.forms import survey_words

LANGUAGES = ("zh", "en")

# By the key under which the scripts ask for it; {name} is filled in by them.
TEXTS: Mapping[str, str] = {
    "app": N_("三城现场"),
    "home": N_("今日"),
    "find": N_("随手上报"),
    "findTab": N_("随手拍"),
    "outbox": N_("待发"),
    "patrol": N_("巡查"),
    "back": N_("返回"),
    "loading": N_("正在打开"),
    "online": N_("有信号"),
    "offline": N_("没有信号"),
    "close": N_("关闭"),
    "newVersion": N_("新版本已就绪，点此更新"),
    "forRound": N_("记在哪一轮"),
    "noRound": N_("不记在轮次里"),
    "secretNote": N_("暗访轮次解密之前，这一条不会让被查单位知道。"),
    "findHere": N_("检查表以外的问题，随手上报"),
    "offlineNote": N_("现在没有信号：照常检查，填好的存在本机，有信号时自动发送。"),
    "updated": N_("资料更新于 {at}"),
    "update": N_("更新资料"),
    "updating": N_("正在更新资料"),
    "never": N_("还没有把资料存到本机。请在有信号的地方打开一次。"),
    "noStore": N_("这个浏览器不能保存资料：请关闭无痕模式，或换一个浏览器。"),
    "insecure": N_(
        "这里不是加密连接（https），手机端不能离线使用。请用在线检查表：没有信号时，已填的文字和答案存在本机。"
    ),
    "onlineForm": N_("在线检查表"),
    "keepOpen": N_("这个浏览器不能离线打开本页：没有信号时请不要关闭它。填好的内容都存在本机。"),
    "install": N_("装到桌面"),
    "fullSite": N_("完整网站"),
    "searchSite": N_("找点位：名称、拼音或编码"),
    "noSites": N_("没有应查的点位"),
    "noSitesNote": N_("请核对岗位和所启用的创建项目，或有信号时搜索。"),
    "notHere": N_("本机资料里没有这个点位。有信号时再搜。"),
    "rounds": N_("本轮点位"),
    "until": N_("{day} 前"),
    "secret": N_("暗访"),
    "sent": N_("举一反三"),
    "todo": N_("应查点位"),
    "nearFirst": N_("由近到远"),
    "urgentFirst": N_("久未检查的在前"),
    "neverVisited": N_("还没查过"),
    "lastVisit": N_("上次 {day}"),
    "doneToday": N_("今天查过"),
    "drafting": N_("填到一半"),
    "waitingHere": N_("等发送"),
    "openHere": N_("未销号 {n}"),
    "metres": N_("{n} 米"),
    "kilometres": N_("{n} 公里"),
    "drafts": N_("没填完的检查"),
    "more": N_("再显示一些"),
    "progress": N_("{done}/{all} · 问题 {bad}"),
    "colon": N_("："),
    "yes": N_("是"),
    "no": N_("否"),
    "na": N_("不适用"),
    "count": N_("数量"),
    "less": N_("减一"),
    "plus": N_("加一"),
    "matching": N_("符合的数量"),
    "checked": N_("检查的数量"),
    "none": N_("没有"),
    "keyItem": N_("关键项"),
    "shared": N_("{n} 个检查项共用"),
    "groupPass": N_("本组其余都合格"),
    "groupPassRated": N_("其余都合格（评分记 {n}）"),
    "groupPassed": N_("已把本组 {n} 题记为合格"),
    "undo": N_("还原"),
    "photo": N_("拍照"),
    "photoOf": N_("给“{what}”拍照"),
    "photos": N_("照片"),
    "photoAfter": N_("处置后拍照"),
    "photoBad": N_("这张照片读不出来，请重新拍摄"),
    "photoFull": N_("每题最多 {n} 张照片"),
    "removePhoto": N_("删除这张照片"),
    "storeFull": N_("本机空间不够，照片没有存下。请清理手机后再拍。"),
    "notSaved": N_("没有存下：本机空间不够或浏览器不允许"),
    "note": N_("看到了什么（选填）"),
    "severity": N_("严重程度"),
    "deal": N_("怎么办"),
    "dealOpen": N_("立案交办"),
    "dealAnother": N_("另有一处，立案交办"),
    "dealFixed": N_("当场整改"),
    "dealAgain": N_("仍未整改 {number}"),
    "dealAlike": N_("已上报 {number}，仍未整改"),
    "unnumbered": N_("未编号"),
    "standing": N_("这里已有未销号的同样问题 {numbers}"),
    "wholeNote": N_("对这个点位的整体说明（选填）"),
    "whole": N_("整体说明"),
    "campaigns": N_("答哪些项目"),
    "campaignsNote": N_("没选的项目这次不答。"),
    "submit": N_("提交这次检查"),
    "missing": N_("还有 {n} 题没有答"),
    "needBefore": N_("当场整改要有处置前的照片"),
    "needAfter": N_("当场整改要有处置后的照片"),
    "tooMany": N_("符合的数量不能多于检查的数量"),
    "queued": N_("已放进待发，有信号就发送"),
    "dropDraft": N_("放弃这次填写"),
    "dropDraftAsk": N_("放弃后，已填的内容和照片会从本机删除。真的放弃吗？"),
    "drop": N_("放弃"),
    "keep": N_("保留"),
    "otherKind": N_("这个点位的检查表里有手机端还不会问的题，请用在线检查表。"),
    "outboxEmpty": N_("没有等待发送的内容"),
    "outboxEmptyNote": N_("填好的检查和上报会先放在这里，发出后保留三天供查看。"),
    "sendNow": N_("现在发送"),
    "waiting": N_("等待发送"),
    "sending": N_("正在发送"),
    "wasSent": N_("已发出"),
    "attention": N_("需要处理"),
    "othersWait": N_("{n} 条是 {name} 填的，等本人登录后发送；您看不到内容，也不会替他发出。"),
    "login": N_("登录已过期。内容都在本机，没有丢。请重新登录，登录后自动发送。"),
    "loginLink": N_("重新登录"),
    "retryAt": N_("{at} 再试"),
    "tries": N_("试过 {n} 次"),
    "noAnswer": N_("没有连上服务器"),
    "serverBusy": N_("服务器暂时不能接收（{status}）"),
    "needsPatrol": N_("等它的巡查班次先发出"),
    "taken": N_("服务器上已有同一编号、内容不同的记录"),
    "takenNote": N_("可能是同一次检查在别处改过再发。可以打开核对，作为新的一次发送，或放弃本机这一份。"),
    "refused": N_("服务器没有收下"),
    "refusedNote": N_("请打开改正后再发，或放弃。"),
    "gone": N_("点位已停用，或已不归您检查"),
    "goneNote": N_("可以把内容存成文件交给创建办，或放弃。"),
    "mend": N_("打开改正"),
    "asNew": N_("作为新的发送"),
    "again": N_("再试一次"),
    "copy": N_("存成文件"),
    "discard": N_("放弃这一条"),
    "discardAsk": N_("放弃后，这一条和它的照片会从本机删除，不再发送。真的放弃吗？"),
    "visitOf": N_("检查：{name}"),
    "reportOf": N_("上报：{name}"),
    "patrolStart": N_("开始巡查"),
    "patrolTrack": N_("巡查轨迹"),
    "patrolEnd": N_("结束巡查"),
    "nPhotos": N_("照片 {n} 张"),
    "resultFindings": N_("立案 {n} 件"),
    "resultAgain": N_("仍未整改 {n} 件"),
    "resultClean": N_("没有发现问题"),
    "resultReplayed": N_("服务器早已收到，没有重复"),
    "resultLate": N_("算在 {day}"),
    "resultUndated": N_("手机时间不可信，算在 {day}"),
    "resultNotAsked": N_("新版增加的 {n} 题没有问到"),
    "resultNumber": N_("编号 {n}"),
    "seeResult": N_("看结果"),
    "category": N_("什么问题"),
    "allCategories": N_("全部类别"),
    "place": N_("在哪里"),
    "placeText": N_("路段、门牌或参照物"),
    "placeUnit": N_("所在单位"),
    "placeFound": N_("已定位，误差约 {n} 米"),
    "placeAsk": N_("定位"),
    "placeNone": N_("没有定位"),
    "atSite": N_("点位"),
    "noSite": N_("不在点位上"),
    "fixedNow": N_("发现即处置"),
    "fixedNote": N_("已当场处置，再拍一张处置后的照片，上报后即销号。"),
    "send": N_("上报这个问题"),
    "needPhoto": N_("请先拍照"),
    "needCategory": N_("请选问题类别"),
    "needPlace": N_("请选点位，或写明地点和所在单位"),
    "detail": N_("补充说明（选填）"),
    "onPatrolPlain": N_("记在正在走的班次上"),
    "noPatrol": N_("没有在走的班次"),
    "noPatrolNote": N_("选范围和一起走的人，开始后上报的问题都记在这个班次上。"),
    "route": N_("路线（选填）"),
    "members": N_("一起走的人"),
    "memberFind": N_("按姓名找"),
    "duty": N_("身份"),
    "startPatrol": N_("开始巡查"),
    "endPatrol": N_("结束巡查"),
    "patrolSince": N_("{at} 开始"),
    "tracking": N_("本页开着时，每分钟记一个位置，直到结束。全班次合成一条轨迹。"),
    "trackOff": N_("没有定位，不记轨迹"),
    "trackPoints": N_("已记 {n} 个位置"),
    "found": N_("已上报 {n} 件"),
    "who": N_("当前：{name}"),
    "otherPerson": N_("现在登录的是 {name}。前一个人的资料和未发内容仍留在本机，只有他本人能看到。"),
    "oldBrowser": N_("这个浏览器太旧，请用完整网站。"),
}


def both(text: str, **params: Any) -> list[str]:
    """A source text in Chinese and English, its placeholders filled."""
    return [_fill(said, params) for said in _pair(text)]


def _fill(said: str, params: Mapping[str, Any]) -> str:
    return said.format(**params) if params else said


@lru_cache(maxsize=2048)
def _pair(text: str) -> tuple[str, ...]:
    found = []
    for language in LANGUAGES:
        with _in(language):
            found.append(gettext(text))
    return tuple(found)


@contextmanager
def _in(language: str) -> Iterator[None]:
    with force_locale(language):
        yield


def all_texts() -> dict[str, list[str]]:
    """Every text of the app by its key, in Chinese and English."""
    return {key: both(text) for key, text in {**TEXTS, **survey_words.TEXTS}.items()}
