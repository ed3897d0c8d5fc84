"""What the questions of a designed form say for themselves (题目用词): the texts of survey-view.js, by their keys.

A page puts ``survey_words()`` into its JSON; the phone app, which needs both languages, takes TEXTS into its own. What a fault
of survey-model.js says is ``survey.<kind>``, how it is put right ``survey.fix.<kind>``; both are the words of
core/campaigns/xlsform/filling.py and typed.py, which a test holds together.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext

from core.errors import N_

#: {name} is filled in by the script
TEXTS: Mapping[str, str] = {
    # what is wrong
    "survey.text": N_("应为文字"),
    "survey.fix.text": N_("请填文字"),
    "survey.textLong": N_("文字过长"),
    "survey.fix.textLong": N_("最多 10000 个字符"),
    "survey.integer": N_("应为整数"),
    "survey.fix.integer": N_("请填阿拉伯数字，不带单位"),
    "survey.number": N_("应为数字"),
    "survey.fix.number": N_("请填阿拉伯数字，不带单位，小数最多九位"),
    "survey.range": N_("超出范围"),
    "survey.fix.range": N_("请填 {low} 到 {high} 之间的数，每档 {step}"),
    "survey.moment": N_("日期或时间写法无效"),
    "survey.fix.moment": N_("请写成 {example}"),
    "survey.one": N_("应为一个选项"),
    "survey.fix.one": N_("请选一项"),
    "survey.several": N_("应为几个选项"),
    "survey.fix.several": N_("请从选项中选"),
    "survey.geopoint": N_("位置写法无效"),
    "survey.fix.geopoint": N_("请给出纬度和经度，例如 37.7369 112.5656"),
    "survey.pair": N_("应为合格数和检查数"),
    "survey.fix.pair": N_("请填两个整数"),
    "survey.pairMore": N_("合格数不能多于检查数"),
    "survey.fix.pairMore": N_("合格数应为 0 到检查数"),
    "survey.missing": N_("没有作答"),
    "survey.fix.missing": N_("这一题必答"),
    "survey.constraint": N_("答案不符合本题的条件"),
    "survey.fix.constraint": N_("请核对后改正"),
    "survey.choice": N_("没有这个选项"),
    "survey.fix.choice": N_("请从列出的选项中选"),
    "survey.count": N_("应有 {wanted} 条，填了 {rows} 条"),
    "survey.fix.count": N_("请补上或删去"),
    "survey.rows": N_("重复组写法无效"),
    "survey.fix.rows": N_("应为列表，最多 200 条"),
    "survey.strange": N_("表里没有这一题"),
    "survey.fix.strange": N_("请按现行版本的题目填写"),
    "survey.fault": N_("{message}：{remedy}"),
    # controls
    "survey.must": N_("必答"),
    "survey.other": N_("其他"),
    "survey.otherText": N_("其他（请写明）"),
    "survey.choose": N_("请选择"),
    "survey.none": N_("没有可选的选项"),
    "survey.clear": N_("清除选择"),
    "survey.less": N_("减一"),
    "survey.more": N_("加一"),
    "survey.matching": N_("合格数"),
    "survey.checked": N_("检查数"),
    "survey.nothing": N_("没有可检查的"),
    "survey.yes": N_("是"),
    "survey.no": N_("否"),
    "survey.notApplicable": N_("不适用"),
    "survey.amount": N_("数量"),
    "survey.illustration": N_("图示：{label}"),
    # repeats
    "survey.add": N_("添加{label}"),
    "survey.row": N_("第 {n} 个{label}"),
    "survey.entry": N_("一条"),
    "survey.remove": N_("删去{label} {n}"),
    "survey.removeSure": N_("{label} {n} 已经填了内容，确定删去吗？"),
    "survey.noRows": N_("还没有添加"),
    # a photo
    "survey.photo": N_("照片"),
    "survey.take": N_("拍照或选择"),
    "survey.takeOff": N_("去掉这张照片"),
    "survey.waiting": N_("照片还没有传上去，请等一下，或有信号时再提交"),
    # a place
    "survey.here": N_("取当前位置"),
    "survey.locating": N_("正在定位"),
    "survey.noPosition": N_("没有取到位置：请允许定位，或填写纬度和经度"),
    "survey.noAccess": N_("这里不能自动定位，请填写纬度和经度"),
    "survey.accuracy": N_("误差约 {n} 米"),
    "survey.point": N_("纬度 经度"),
}


def survey_words() -> dict[str, str]:
    """The texts in the reader's language."""
    return {key: gettext(text) for key, text in TEXTS.items()}
