"""The columns of a workbook that we write (导出列): title, width, and what a district's office should know of each."""

from __future__ import annotations

from dataclasses import dataclass

ZH, EN = "中文 (zh)", "English (en)"


@dataclass(frozen=True, slots=True)
class Written:
    """One column as it is written: where its value comes from, its title, its width in characters, and its meaning."""

    key: str
    title: str
    width: int
    meaning: str


SURVEY = (
    Written("type", "type", 20, "题型：text 文字，integer 整数，decimal 小数，range 评分，select_one 选项表 单选……"),
    Written("name", "name", 20, "题目名（检查项代码）：字母开头，不含空格；改名等于换一道题"),
    Written("label.zh", f"label::{ZH}", 42, "题目（中文）"),
    Written("label.en", f"label::{EN}", 34, "题目（英文，可不填）"),
    Written("hint.zh", f"hint::{ZH}", 28, "提示：怎样算合格"),
    Written("hint.en", f"hint::{EN}", 20, "提示（英文，可不填）"),
    Written("required", "required", 10, "必答：填 yes；留空为可不答"),
    Written("required_message.zh", f"required_message::{ZH}", 18, "没答时的提示"),
    Written("required_message.en", f"required_message::{EN}", 18, "没答时的提示（英文）"),
    Written("relevant", "relevant", 24, "什么时候才问，例如 ${licence} = 'no'"),
    Written("constraint", "constraint", 24, "答案要满足的条件，用 . 表示本题，例如 . >= 0 and . <= 100"),
    Written("constraint_message.zh", f"constraint_message::{ZH}", 24, "不满足条件时的提示"),
    Written("constraint_message.en", f"constraint_message::{EN}", 20, "不满足条件时的提示（英文）"),
    Written("calculation", "calculation", 24, "计算公式，例如 ${a} + ${b}"),
    Written("default", "default", 12, "预填的答案"),
    Written("choice_filter", "choice_filter", 18, "选项筛选，例如 district = ${district}"),
    Written("read_only", "read_only", 10, "只读：填 yes"),
    Written("appearance", "appearance", 14, "外观，例如 minimal、multiline"),
    Written("parameters", "parameters", 22, "参数，例如 start=0 end=10 step=1"),
    Written("repeat_count", "repeat_count", 14, "重复次数；留空为现场自行添加"),
    Written("image.zh", f"media::image::{ZH}", 18, "示范图的文件名：什么样才算对（图文并茂）"),
    Written("image.en", f"media::image::{EN}", 18, "示范图（英文版，可不填）"),
    Written("trigger", "trigger", 12, "哪一题改动时重新计算"),
    Written("block", "block", 14, "共用部分的代码：几张表共用的题目"),
    Written("sancheng", "sancheng", 12, "系统标记，请勿改动：n_of_m 表示“合格数/检查数”是一个检查项"),
    Written(
        "question", "question", 22, "观测项代码：同一观测项在几张表里只问一次；见“代码”表；留空为这张表自己的观测项"
    ),
    Written("mode", "mode", 12, "计分方式；填了就是检查项"),
    Written("rule", "rule", 24, "计分规则，例如 per=2,cap=10"),
    Written("points", "points", 8, "分值；一张表合计 100"),
    Written("key", "key", 8, "关键项：填 key，或一组的名字如 K1"),
    Written("category", "category", 16, "问题类别：不合格时开什么问题；见“代码”表"),
    Written("indicators", "indicators", 18, "对应的指标代码，几个用 ; 隔开"),
    Written("see_also", "see_also", 16, "另见的指标，只作提示"),
    Written("evidence", "evidence", 18, "要留的凭据"),
    Written("owner_role", "owner_role", 18, "责任角色；留空按问题类别"),
    Written("working_days", "working_days", 12, "整改工作日；留空按问题类别"),
    Written("note", "note", 24, "备注"),
)
CHOICES = (
    Written("list_name", "list_name", 18, "选项表的名字，写在 type 列里：select_one 名字"),
    Written("name", "name", 18, "选项的值，存进记录的就是它"),
    Written("label.zh", f"label::{ZH}", 32, "选项（中文）"),
    Written("label.en", f"label::{EN}", 32, "选项（英文，可不填）"),
)
CHOICE_IMAGES = (
    Written("image.zh", f"media::image::{ZH}", 18, "选项的图"),
    Written("image.en", f"media::image::{EN}", 18, "选项的图（英文版）"),
)
SETTINGS = (
    Written("title", "form_title", 30, "表名"),
    Written("title_en", "title_en", 30, "表名（英文）"),
    Written("code", "form_id", 20, "表格代码"),
    Written("version", "version", 18, "版本：由内容算出，不必改"),
    Written("default_language", "default_language", 18, "默认语言，请勿改动"),
    Written("site_types", "site_types", 30, "适用的点位类型，几个用 ; 隔开"),
    Written("campaign", "campaign", 20, "创建项目；不属于创建项目的表留空"),
)
NUMERIC = frozenset({"points", "working_days"})
NOTES = (
    "这张工作簿就是一张检查表，可以直接在这里改，再上传回系统；也可以放进 ODK Collect 或 Kobo 使用。",
    "survey 表：一行一道题，从上到下就是现场的顺序。choices 表：选择题的选项。settings 表：表名和代码。",
    "列名和工作表名不要改；列可以调换位置，不用的列可以留空。不认识的列会被略过，并在上传时说明。",
    "分组写成 begin group 和 end group 两行，重复的部分写成 begin repeat 和 end repeat 两行。",
    "公式里用 ${题目名} 引用别的题，文字用英文引号；上传时逐格检查，有错会指出工作表、行、列和改法。",
    "标着 n_of_m 的分组是一个检查项：检查数和合格数两行请保留。同一共用部分的行请排在一起。",
)
