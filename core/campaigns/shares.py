"""The share of its points that a value earns (得分率), 0..1, by the scoring mode of an indicator.

================  ================================================================
mode              share
================  ================================================================
threshold         1 when the target is met, else 0; ``conform`` the same
linear            (value - floor) / (target - floor)
lower_linear      (ceiling - value) / (ceiling - target)
deduct            1 - per x value / points: so much off for each occurrence
site_mean         value / 100
band10            value / 10
ratio, min_count  value / target: found of required, counted of needed
level             the level table (``core.campaigns.attainment``)
gate              no points
================  ================================================================

Every share is held between 0 and 1. Where floor or ceiling meets the target there is nothing in between: all or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from core.campaigns.arithmetic import clamp, exact
from core.campaigns.catalogue import Indicator
from core.campaigns.expressions import compare
from core.campaigns.trail import Step, exact_text, step
from core.errors import N_

Sharing = Callable[[Indicator, Fraction, Fraction], tuple[Fraction, str]]


def share_of(indicator: Indicator, value: Fraction, target: Fraction, met: bool, trail: list[Step]) -> Fraction:
    """The share of the points earned, 0..1, by the indicator's mode."""
    by_mode = _SHARES.get(indicator.mode)
    if by_mode is None:  # threshold and conform, all or nothing; and gate, which has no points to give
        share = Fraction(int(met))
        if indicator.mode != "gate":
            trail.append(step(N_("全得或不得：得分率 {share}"), share=share))
        return share
    raw, said = by_mode(indicator, value, target)
    share = clamp(raw)
    trail.append(step(N_("得分率 = {said} = {raw}"), said=said, raw=raw))
    if share != raw:
        trail.append(step(N_("得分率限于 0 到 1：{share}"), share=share))
    return share


def _operand(value: Fraction) -> str:
    """A number as it stands in a sum: in brackets where it is written as a fraction or has a sign."""
    text = exact_text(value)
    return f"({text})" if "/" in text or value < 0 else text


def _linear(indicator: Indicator, value: Fraction, target: Fraction) -> tuple[Fraction, str]:
    """From the floor to the target in proportion; a floor that is not under the target leaves all or nothing."""
    floor = exact(indicator.params["floor"])
    v, t, f = map(_operand, (value, target, floor))
    if floor >= target:
        return Fraction(int(compare(indicator.target_op, value, target))), f"[{v} {indicator.target_op} {t}]"
    return (value - floor) / (target - floor), f"({v} - {f}) / ({t} - {f})"


def _lower_linear(indicator: Indicator, value: Fraction, target: Fraction) -> tuple[Fraction, str]:
    """From the ceiling down to the target in proportion; a ceiling that is not over the target leaves all or nothing."""
    ceiling = exact(indicator.params["ceiling"])
    v, t, c = map(_operand, (value, target, ceiling))
    if ceiling <= target:
        return Fraction(int(compare(indicator.target_op, value, target))), f"[{v} {indicator.target_op} {t}]"
    return (ceiling - value) / (ceiling - target), f"({c} - {v}) / ({c} - {t})"


def _deduct(indicator: Indicator, value: Fraction, _target: Fraction) -> tuple[Fraction, str]:
    per, points = exact(indicator.params["per"]), exact(indicator.points)
    return 1 - per * value / points, f"1 - {_operand(per)} × {_operand(value)} / {_operand(points)}"


def _out_of(most: int) -> Sharing:
    """A value on a scale of its own: a mean of scores out of 100, a rating out of 10."""
    return lambda _indicator, value, _target: (value / most, f"{_operand(value)} / {most}")


def _of_target(indicator: Indicator, value: Fraction, target: Fraction) -> tuple[Fraction, str]:
    """Found of required, counted of needed: the value as a share of the target; nothing needed is all there."""
    if not target:
        return Fraction(int(compare(indicator.target_op, value, target))), f"[{_operand(value)} / 0]"
    return value / target, f"{_operand(value)} / {_operand(target)}"


_SHARES: dict[str, Sharing] = {
    "linear": _linear,
    "lower_linear": _lower_linear,
    "deduct": _deduct,
    "site_mean": _out_of(100),
    "band10": _out_of(10),
    "ratio": _of_target,
    "min_count": _of_target,
}
