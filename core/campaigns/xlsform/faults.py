"""What can be wrong with a formula of a form (表达式差错), each with a word that both languages know it by."""

from __future__ import annotations

from core.errors import N_, Fault, InvalidInput

#: reason -> what is said; the twin in the browser knows the same words
REASONS: dict[str, str] = {
    "too_long": N_("表达式过长，最多 2000 个字符"),
    "too_deep": N_("括号或函数套得过深，最多 60 层"),
    "empty": N_("表达式是空的"),
    "bad_character": N_("不认识的字符“{found}”"),
    "full_width": N_("“{found}”是中文标点，请改用英文标点"),
    "unseen": N_("这里有一个看不见的字符（{found}），请删去"),
    "open_text": N_("引号没有配对"),
    "open_name": N_("“${{”没有配对的“}}”"),
    "bad_name": N_("“{found}”不能作题目名：以字母或汉字开头，不含空格"),
    "last_saved": N_("不支持引用上一份记录的答案（{found}）"),
    "operand": N_("这里应是数值、文字、题目、函数或括号"),
    "surplus": N_("“{found}”多余，或前面少了运算符"),
    "open_bracket": N_("缺少右括号"),
    "bare_name": N_("“{found}”不能单独出现：文字加引号，题目写成 ${{{found}}}"),
    "long_number": N_("数值过长"),
    "unsupported_function": N_("不支持函数 {found}()"),
    "unknown_function": N_("没有函数 {found}()"),
    "arguments": N_("函数 {found}() 的参数个数不对"),
    "chance": N_("函数 {found}() 只能用在 calculation 和 default 列"),
    "reference": N_("函数 {found}() 的这个参数应是题目，例如 ${{name}}"),
    "literal": N_("函数 {found}() 的这个参数应是引号里的文字"),
    "path": N_("不支持路径“{found}”，请用美元符号和花括号引用题目名"),
    "parent": N_("“..”只能用在 position(..) 里"),
    "union": N_("不支持“|”"),
    "filter": N_("不支持方括号筛选"),
    "quoted_name": N_("引号里的 {found} 不会换成答案，请用 concat() 拼接"),
    "whole_power": N_("乘方的指数应是整数"),
    "date_sign": N_("日期格式里没有“{found}”"),
    "pattern_long": N_("正则表达式过长，最多 200 个字符"),
    "pattern_wide": N_("正则表达式展开后过大，请减少重复次数"),
    "pattern_group": N_("正则表达式里不支持“{found}”这种括号"),
    "pattern_escape": N_("正则表达式里不支持“{found}”"),
    "pattern_repeat": N_("正则表达式里的重复写法“{found}”不支持"),
    "pattern_set": N_("正则表达式的方括号写得不对"),
    "pattern_bracket": N_("正则表达式的括号没有配对"),
    "pattern_plain": N_("正则表达式里的“{found}”前面要加反斜线"),
}


class BadFormula(InvalidInput):
    """A formula that cannot be read (表达式有误).

    ``position`` counts characters from 1, ``reason`` is one of REASONS, ``found`` what stands there.
    """

    code = "bad_formula"

    def __init__(self, reason: str, position: int, text: str, found: str = "") -> None:
        self.reason, self.position, self.found = reason, position, found[:40]
        self.said = REASONS[reason]
        params = {"position": position, "found": self.found}
        remedy = N_("请检查第 {position} 个字符附近")
        super().__init__(faults=[Fault(self.said, "expression", value=text[:200], remedy=remedy, params=params)])
