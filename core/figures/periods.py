"""Periods (周期) under the name by which the figure rooms know them; what they are is said in :mod:`core.periods`."""

from __future__ import annotations

from core.periods import KINDS, ONE_DAY, YEARS, Period, containing, day_of, last_periods, parse_period

__all__ = ["KINDS", "ONE_DAY", "YEARS", "Period", "containing", "day_of", "last_periods", "parse_period"]
