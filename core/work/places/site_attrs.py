"""What a site may carry besides its types (点位属性): declared names with their kind of value, and coordinates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from core.errors import N_, Fault
from core.work.names import narrow, tidy

LONGEST_TEXT = 80
LONGEST_ROAD = Decimal(1_000_000)  # metres; no road of a district is longer (ours)

_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_FLAGS = {"是": "yes", "有": "yes", "yes": "yes", "true": "yes", "1": "yes"} | {
    "否": "no",
    "无": "no",
    "no": "no",
    "false": "no",
    "0": "no",
}


@dataclass(frozen=True, slots=True)
class Attr:
    """One declared attribute: its titles and what it takes. ``kind``: metres, choice, flag, whole or text."""

    code: str
    title_zh: str
    title_en: str
    kind: str
    choices: tuple[str, ...] = ()


# The attributes that the shared site types and the metrics ask for (source: the vocabulary's own notes).
ATTRS: Mapping[str, Attr] = MappingProxyType(
    {
        attr.code: attr
        for attr in (
            Attr("length_m", N_("长度（米）"), "Length (m)", "metres"),
            Attr("class", N_("类别"), "Class", "choice", ("一类", "二类", "三类")),
            Attr("size", N_("规模"), "Size", "choice", ("特大", "大", "中", "小")),
            Attr("running", N_("是否运行"), "Running", "flag"),
            Attr("smoke_free", N_("无烟单位"), "Smoke-free", "flag"),
            Attr("operator", N_("运营商"), "Operator", "text"),
            Attr("tier", N_("层级"), "Tier", "choice", ("centre", "station", "post")),
            Attr("frontage_duty", N_("门前责任项数"), "Frontage duties", "whole"),
            Attr("plate", N_("责任牌编号"), "Frontage plate", "text"),
        )
    }
)


def exact_number(raw: object) -> Decimal | None:
    """A number that is certain (确定的数字): full-width digits and thousands commas are fine, a guess is None."""
    if isinstance(raw, bool) or raw is None:
        return None
    if isinstance(raw, float):
        raw = repr(raw)
    said = narrow(str(raw)).replace(" ", "")
    if _GROUPED.fullmatch(said):
        said = said.replace(",", "")
    said = said.removesuffix(".0")
    return Decimal(said) if _NUMBER.fullmatch(said) else None


def plain_number(number: Decimal) -> int | str:
    """A number as it is stored: an integer when it is whole, else its digits, never a float."""
    return int(number) if number == number.to_integral_value() else format(number.normalize(), "f")


def check_attrs(given: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """Read attributes as they came from a page, the API or a cell; every bad one becomes a fault.

    None or '' removes an attribute: it is given back as None.
    """
    found: dict[str, Any] = {}
    for code, raw in given.items():
        attr = ATTRS.get(code)
        if attr is None:
            params = {"known": "、".join(ATTRS)}
            remedy = N_("可用的属性：{known}")
            faults.append(Fault(N_("没有这种点位属性"), field=f"attrs.{code}"[:60], remedy=remedy, params=params))
            continue
        found[code] = None if raw is None or raw == "" else _read(attr, raw, faults)
    return found


def _read(attr: Attr, raw: Any, faults: list[Fault]) -> Any:  # a plain JSON value of the attribute's kind
    said, value = narrow(str(raw)), None
    number = exact_number(raw)
    if attr.kind == "metres":
        value = plain_number(number) if number is not None and 0 < number <= LONGEST_ROAD else None
    elif attr.kind == "whole":
        value = int(number) if number is not None and number == int(number) and 0 <= number <= 1000 else None
    elif attr.kind == "flag":
        value = _FLAGS.get(("yes" if raw else "no") if isinstance(raw, bool) else said.lower())
    elif attr.kind == "choice":
        value = said if said in attr.choices else None
    elif isinstance(raw, str | int) and 0 < len(said) <= LONGEST_TEXT:
        value = tidy(str(raw))
    if value is None:
        remedy, params = _remedy(attr)
        message, field = N_("属性的值无效"), f"attrs.{attr.code}"
        faults.append(Fault(message, field, value=str(raw)[:40], remedy=remedy, params=params))
    return value


def _remedy(attr: Attr) -> tuple[str, dict[str, Any]]:
    if attr.kind == "metres":
        return N_("请填大于 0 的米数，例如 1200"), {}
    if attr.kind == "whole":
        return N_("请填 0 到 1000 之间的整数"), {}
    if attr.kind == "flag":
        return N_("请填是或否"), {}
    if attr.kind == "choice":
        return N_("可选：{choices}"), {"choices": "、".join(attr.choices)}
    return N_("请缩短到 80 个字以内"), {}


def check_place(longitude: object, latitude: object, faults: list[Fault]) -> tuple[Decimal | None, Decimal | None]:
    """Read a site's coordinates in degrees: both or none, within China's bounds (经度 73-136，纬度 3-54)."""
    east = _degrees("longitude", longitude, 73, 136, faults)
    north = _degrees("latitude", latitude, 3, 54, faults)
    if (longitude in (None, "")) != (latitude in (None, "")):
        missing = "longitude" if longitude in (None, "") else "latitude"
        faults.append(Fault(N_("经度和纬度要同时填写"), field=missing, remedy=N_("请补上，或两项都留空")))
    return east, north


def _degrees(field: str, raw: object, low: int, high: int, faults: list[Fault]) -> Decimal | None:
    if raw is None or raw == "":
        return None
    number = exact_number(raw)
    if number is None or not low <= number <= high:
        params = {"low": low, "high": high}
        remedy = N_("请填 {low} 到 {high} 之间的度数，并核对经纬度是否写反")
        faults.append(Fault(N_("坐标无效"), field=field, value=str(raw)[:30], remedy=remedy, params=params))
        return None
    return number.quantize(Decimal("0.000001"))
