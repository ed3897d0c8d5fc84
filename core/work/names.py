"""Names as people sort and seek them (姓名与地名): a stored pinyin key, its initials, and tidy texts from forms.

A name sorts by its pinyin, syllable by syllable ("xiao dian qu"), never by the server's collation, which may know no
Chinese.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

# Place names that the library's own dictionary reads as everyday words (ours; each checked in 现代汉语词典).
_PLACES = {
    "长治": "chang zhi",
    "长宁": "chang ning",
    "单县": "shan xian",
    "繁峙": "fan shi",
    "洪洞": "hong tong",
    "解州": "hai zhou",
    "太行": "tai hang",
    "会稽": "kuai ji",
    "宕昌": "tan chang",
    "都匀": "du yun",
}
_DIGITS = "零一二三四五六七八九"
_ORDINAL = re.compile("第([0-9]{1,4}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


@cache
def _reader() -> Any:  # the library's function; it takes 55 MB, so a process that writes no name never loads it
    import pypinyin

    pypinyin.load_phrases_dict({name: [[s] for s in said.split()] for name, said in _PLACES.items()})
    return pypinyin.lazy_pinyin


def pinyin_key(name: str) -> str:
    """The sort key of a name (拼音键): syllables in small letters with a blank between them."""
    return " ".join(syllable.strip().lower() for syllable in _reader()(name) if syllable.strip())


def initials(name: str) -> str:
    """The first letter of each syllable (拼音首字母): ``xdq`` for 小店区; digits and Latin words stay whole."""
    return initials_of(pinyin_key(name))


def initials_of(key: str) -> str:
    """The initials of a stored pinyin key."""
    return "".join(s if s[0].isdigit() else s[0] for s in key.split())


@lru_cache(8192)
def counted(name: str, key: str) -> str:
    """A pinyin key in which numbers stand in their order: 第二组 before 第十组, 2 号 before 10 号."""
    if (found := _ORDINAL.match(name)) is not None:
        key = f"di {_number(found[1])} {key}"
    return " ".join(part.zfill(6) if part.isdigit() else part for part in key.split())


def _number(said: str) -> int:
    """A number up to 99 in Chinese or Arabic digits."""
    if said.isdecimal():
        return int(said)
    tens, ten, ones = said.rpartition("十")
    return (_DIGITS.find(tens) if tens else 1) * 10 * bool(ten) + (_DIGITS.find(ones) if ones else 0)


def tidy(text: str) -> str:
    """A text from a form or a cell: no control characters, single blanks, trimmed."""
    return " ".join(_CONTROL.sub(" ", text).replace("\u3000", " ").split())


def narrow(text: str) -> str:
    """A code, number or phone with full-width letters, digits and signs made half-width (全角转半角)."""
    return tidy(unicodedata.normalize("NFKC", text))
