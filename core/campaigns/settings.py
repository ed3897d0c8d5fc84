"""Reading the small TOML files of a package (设置文件): campaign.toml, edition.toml and golden cases."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.campaigns.arithmetic import tidy
from core.campaigns.tables import Faults, decode
from core.errors import N_

MOST = 1_000_000_000  # no scale is larger


class Section:
    """The settings of one file (设置); getters note what is missing or of the wrong type, ``finish`` what is unknown."""

    def __init__(self, values: dict[str, Any], text: str, where: str, faults: Faults) -> None:
        self._values = values
        self._text = text
        self._asked: set[str] = set()
        self.where = where
        self.faults = faults

    def text(self, key: str) -> str:
        """A text that must be there."""
        value = self._get(key)
        if not isinstance(value, str) or not value.strip():
            self.fault(key, N_("缺少设置或不是文字"), N_('请写成 {name} = "……"'), name=key)
            return ""
        return value.strip()

    def optional(self, key: str) -> str:
        """A text that may be left out; a wrong one is noted and read as left out."""
        return self.text(key) if self._get(key) is not None else ""

    def table(self, key: str) -> dict[str, Any]:
        """A table that may be left out; anything else is noted and read as left out."""
        value = self._get(key)
        if value is not None and not isinstance(value, dict):
            self.fault(key, N_("设置写法有误"), N_("请写成 {name} = {{ …… }}"), name=key)
        return value if isinstance(value, dict) else {}

    def tables(self, key: str) -> list[dict[str, Any]]:
        """A list of tables that may be left out; anything else is noted and read as left out."""
        value = self._get(key)
        fits = isinstance(value, list) and all(isinstance(one, dict) for one in value)
        if value is not None and not fits:
            self.fault(key, N_("设置写法有误"), N_("请写成 {name} = [{{ …… }}, {{ …… }}]"), name=key)
        return value if isinstance(value, list) and fits else []

    def pair(self, key: str) -> tuple[str, str]:
        """A text in Chinese and English: ``key = { zh = "...", en = "..." }``."""
        value = self._get(key)
        found = value if isinstance(value, dict) else {}
        zh, en = found.get("zh"), found.get("en")
        if not (isinstance(zh, str) and isinstance(en, str) and zh.strip() and en.strip() and len(found) == 2):
            self.fault(key, N_("需要中英文两种文字"), N_('请写成 {name} = {{ zh = "……", en = "……" }}'), name=key)
            return "", ""
        return zh.strip(), en.strip()

    def integer(self, key: str, *, default: int) -> int:
        """A whole number that must be there; ``default`` stands in for a wrong one, so that it is noted only once."""
        value = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            self.fault(key, N_("缺少设置或不是整数"), N_("请写成 {name} = 1"), name=key)
            return default
        return value

    def decimal(self, key: str) -> Decimal:
        """A number that must be there."""
        value = self._get(key)
        number = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else Decimal("NaN")
        if not number.is_finite() or not 0 < number < MOST:
            self.fault(key, N_("缺少设置或不是数字"), N_("请写成 {name} = 100"), name=key)
            return Decimal(0)
        return tidy(number)

    def day(self, key: str) -> date:
        """A date that must be there."""
        found = self.day_or_none(key)
        if found is None and self._values.get(key) is None:
            self.fault(key, N_("缺少日期"), N_("请写成 {name} = 2024-01-01"), name=key)
        return found or date.min

    def day_or_none(self, key: str) -> date | None:
        """A date that may be left out."""
        value = self._get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            self.fault(key, N_("不是日期"), N_("请写成 {name} = 2024-01-01，不加引号"), name=key)
            return None
        return value

    def fault(self, key: str, message: str, remedy: str = "", **params: Any) -> None:
        """Note a fault of one setting, with its line when it can be found."""
        value = self._values.get(key)
        line = re.search(rf"(?m)^\s*{re.escape(key)}\s*=", self._text)
        row = self._text.count("\n", 0, line.end()) + 1 if line else None
        place = {"where": self.where, "row": row, "field": key, "value": "" if value is None else str(value)}
        self.faults.add(message, **place, remedy=remedy, params=params)

    def finish(self) -> None:
        """Note every setting that nobody asked for: it is a slip of the pen."""
        for key in self._values:
            if key not in self._asked:
                self.fault(key, N_("不认识的设置"), N_("请删去或改正名称"))

    def _get(self, key: str) -> Any:  # whatever TOML holds
        self._asked.add(key)
        return self._values.get(key)


def read_section(data: bytes, where: str, faults: Faults) -> Section:
    """The settings of a TOML file; a broken file is one fault with its line and gives an empty section."""
    text = decode(data, where, faults) or ""
    return Section(parse_toml(text, where, faults), text, where, faults)


def parse_toml(text: str, where: str, faults: Faults) -> dict[str, Any]:
    """The values of a TOML text, decimals exact; a syntax error is a fault."""
    try:
        return tomllib.loads(text.replace("\r\n", "\n"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        remedy = N_("请检查这一行的引号、等号和括号")
        row = int(line.group(1)) if line else None
        faults.add(N_("设置文件写法有误"), where=where, row=row, value=str(error), remedy=remedy)
        return {}
