"""The dictionary of units of measure (计量单位): what may be added to what, and how a number with its qualifier is written.

Two units of one dimension can be converted by hand; the product never does so by itself, because a sum over 处 and 延长米,
or over kg and t, hides who counted what (frameworks, hard question 24).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from core.errors import N_, Fault, InvalidInput


@dataclass(frozen=True, slots=True)
class Measure:
    """One unit of measure (计量单位): its names, its dimension, and how many base units of the dimension one of it is."""

    code: str
    name_zh: str
    name_en: str
    dimension: str
    factor: Fraction = Fraction(1)
    whole: bool = False  # counts things: a fraction of one is a mistake

    @property
    def both(self) -> str:
        """Its names in both languages, for messages: 吨 (t)."""
        return self.name_zh if self.name_zh == self.name_en else f"{self.name_zh} ({self.name_en})"


def _counts(*rows: tuple[str, str, str]) -> tuple[Measure, ...]:
    """Units that count things of one kind each: a dimension of their own, whole numbers only."""
    return tuple(Measure(code, zh, en, code, whole=True) for code, zh, en in rows)


_ALL = (
    *_counts(
        ("piece", "个", "items"),
        ("place", "处", "places"),
        ("household", "户", "households"),
        ("structure", "座", "structures"),
        ("person", "人", "persons"),
        ("person_time", "人次", "person-times"),
        ("time", "次", "times"),
        ("article", "件", "pieces"),
        ("copy", "份", "copies"),
        ("batch", "批次", "batches"),
        ("sample", "样次", "samples"),
        ("vehicle", "辆", "vehicles"),
        ("trip", "车次", "trips"),
        ("set", "台", "sets"),
        ("panel", "块", "panels"),
        ("strip", "条", "strips"),
        ("tree", "株", "trees"),
        ("family", "家", "businesses"),
        ("case", "例", "cases"),
        ("item", "项", "entries"),
        # What works and tasks count: one word may count several things (份资料, 份礼品), which are never added either.
        ("machine_shift", "台次", "machine-shifts"),
        ("sheet", "张", "sheets"),
        ("bottle", "瓶", "bottles"),
        ("board", "块", "boards"),
        ("sign", "块", "signs"),
        ("plate", "块", "plates"),
        ("flag", "面", "flags"),
        ("ensemble", "组", "groups"),
        ("gift", "份", "gifts"),
        ("deed", "件", "deeds"),
        ("report", "条", "reports"),
        ("incident", "起", "incidents"),
        ("permit", "件", "permits"),
        ("meeting", "场", "meetings"),
        ("task", "项", "tasks"),
        ("estate", "个", "estates"),
        ("courtyard", "个", "courtyards"),
        ("yard", "个", "yards"),
        ("street", "条", "streets"),
        ("road", "条", "roads"),
        ("market", "个", "markets"),
        ("junction", "个", "junctions"),
        ("district_part", "个", "areas"),
        ("subdistrict", "个", "subdistricts"),
        ("community", "个", "communities"),
        ("district", "个", "districts"),
        ("grid", "个", "grids"),
        ("site", "个", "sites"),
        ("facility", "个", "facilities"),
        ("stall", "个", "stalls"),
        ("team", "支", "teams"),
        ("unit", "家", "units"),
        ("operator", "家", "operators"),
        ("company", "家", "companies"),
        ("workshop", "家", "workshops"),
        ("shop", "家", "shops"),
        ("plant", "家", "plants"),
        ("station", "座", "stations"),
        ("depot", "座", "depots"),
        ("boiler", "台", "boilers"),
        ("decade", "年代", "decade"),
    ),
    Measure("point", "分", "points", "point"),
    Measure("percent", "%", "%", "share", Fraction(1, 100)),
    Measure("per_mille", "‰", "‰", "share", Fraction(1, 1000)),
    Measure("index", "指数", "index", "index"),
    Measure("m", "米", "m", "length"),
    Measure("linear_m", "延长米", "linear m", "running_length"),
    Measure("km", "公里", "km", "length", Fraction(1000)),
    Measure("m2", "平方米", "m²", "area"),
    Measure("ha", "公顷", "ha", "area", Fraction(10_000)),
    Measure("km2", "平方公里", "km²", "area", Fraction(1_000_000)),
    Measure("m3", "立方米", "m³", "volume"),
    Measure("kg", "千克", "kg", "mass"),
    Measure("t", "吨", "t", "mass", Fraction(1000)),
    Measure("h", "小时", "h", "duration", Fraction(1, 24)),
    Measure("d", "天", "days", "duration"),
    Measure("month", "个月", "months", "calendar_time"),
    Measure("year", "年", "years", "calendar_time", Fraction(12)),
    Measure("yuan", "元", "yuan", "money"),
    Measure("ten_thousand_yuan", "万元", "10 000 yuan", "money", Fraction(10_000)),
    Measure("yes_no", "是1否0", "1 yes, 0 no", "yes_no", whole=True),
)
MEASURES = MappingProxyType({one.code: one for one in _ALL})
# Other ways to write a unit; what counts differently (人 and 人次) is never another way to write it.
_ALSO = {
    "m2": ("㎡", "m²", "平米", "平方"),
    "kg": ("公斤",),
    "m": ("meters", "metres"),
    "km": ("千米",),
    "piece": ("个数", "count"),
    "trip": ("辆次", "vehicle-trips"),
    "yuan": ("CNY", "RMB", "人民币"),
    "person": ("名",),
    "structure": ("栋", "幢"),
}
# The first of those that share a word is the one that the word alone means.
_BY_NAME = MappingProxyType(
    {name: one for one in reversed(_ALL) for name in (one.code, one.name_zh, one.name_en)}
    | {name: MEASURES[code] for code, names in _ALSO.items() for name in names}
)


def names_of(measure: Measure) -> tuple[str, ...]:
    """All the ways to write a unit, the longest first: 平方米, m², ㎡, m2."""
    said = {measure.code, measure.name_zh, measure.name_en, *_ALSO.get(measure.code, ())}
    return tuple(sorted(said, key=lambda one: (-len(one), one)))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a unit (数量)."""

    value: Fraction
    measure: str


def find_measure(text: str) -> Measure:
    """The unit that a code or a Chinese or English name stands for. Raises InvalidInput with the nearest remedy."""
    found = _BY_NAME.get(text.strip())
    if found is None:
        remedy = N_("请从计量单位表中选择，例如：个、处、户、座、延长米、人次、人、%、吨、平方米、天、元")
        raise InvalidInput(
            faults=[Fault(N_("没有这个计量单位"), field="measure", value=text.strip()[:40], remedy=remedy)]
        )
    return found


def total(quantities: Iterable[Quantity]) -> Quantity | None:
    """Add what is counted in one unit; None for nothing. Raises InvalidInput naming both units where two differ."""
    found: Quantity | None = None
    for one in quantities:
        if found is not None and one.measure != found.measure:
            raise _mixed(MEASURES[found.measure], MEASURES[one.measure])
        found = one if found is None else Quantity(found.value + one.value, found.measure)
    return found


def _mixed(first: Measure, second: Measure) -> InvalidInput:
    """The refusal of a sum across two units; of one dimension it says how they convert."""
    params: dict[str, object] = {"first": first.both, "second": second.both}
    remedy = N_("这两种单位不是一回事，请分开列示")
    if first.dimension == second.dimension:
        params["factor"] = plain(second.factor / first.factor)
        remedy = N_("请先统一单位再相加：1 {second} = {factor} {first}")
    fault = Fault(N_("单位不同，不能相加：{first}和{second}"), field="measure", remedy=remedy, params=params)
    return InvalidInput(faults=[fault])


def plain(value: Fraction | Decimal | int) -> str:
    """A number as people write it, exact where decimals can say it: 3182, 0.5, 1/3."""
    exact = Fraction(value)
    if exact.denominator == 1:
        return str(exact.numerator)
    rest = exact.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{exact.numerator}/{exact.denominator}"
    places = max(_power(exact.denominator, 2), _power(exact.denominator, 5))
    scaled = abs(exact.numerator) * 10**places // exact.denominator
    digits = str(scaled).rjust(places + 1, "0")
    return f"{'-' if exact < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _power(number: int, prime: int) -> int:
    count = 0
    while number % prime == 0:
        number, count = number // prime, count + 1
    return count
