"""Words and forms of appraisals (考核用词): the rule's fields as people fill them in, and numbers as the pages print them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from flask_babel import get_locale, gettext

from core.campaigns.arithmetic import half_up
from core.errors import N_
from core.periods import Period
from core.work.appraisals import keeping, rules
from core.work.appraisals.rules import MONTHS, PARTS, say_hundredths

EXACT = 40  # characters of a fraction that a page still prints in full (ours)
HOW: Mapping[str, str] = {"carried": N_("沿用"), "zero": N_("按零")}
STATE_TONES = {"draft": "waiting", "active": "active", "retired": "held"}


def say_state(code: str) -> tuple[str, str]:
    """A rule's state in words, and its tone."""
    return gettext(keeping.STATES[code]), STATE_TONES[code]


def say_part(code: str) -> str:
    """A part's name."""
    return gettext(PARTS[code][0]) if code in PARTS else code


def say_group(code: str) -> str:
    """A league's name."""
    return gettext(rules.GROUPS[code]) if code in rules.GROUPS else code


def say_period(period: Period) -> str:
    """A period in the reader's language."""
    return period.label_zh if str(get_locale() or "zh").startswith("zh") else period.label_en


def say_number(said: str | None, places: int = 6) -> str:
    """An exact fraction as a decimal of so many places, marked ≈ where it does not end there; a dash for none."""
    if said is None:
        return "—"
    value = Fraction(said)
    scaled = half_up(value * 10 ** (places - 2)).scaleb(2 - places)
    text = f"{scaled:f}"
    return text if Fraction(scaled) == value else f"≈ {text}"


def say_exact(said: str | None) -> str:
    """The fraction itself while it is short enough to read."""
    return said if said and "/" in said and len(said) <= EXACT else ""


def say_how(code: str) -> str:
    """Where a day's number came from; '' for its own data."""
    return gettext(HOW[code]) if code in HOW else ""


def say_weight(weight: int) -> str:
    """A weight in percent."""
    return f"{say_hundredths(weight)}%"


def values_of(name: str, league: str, body: Mapping[str, Any]) -> dict[str, str]:
    """A rule as the fields of its form."""
    found = {"name": name, "league": league}
    found |= {f"weight.{one['code']}": say_hundredths(one["weight"]) for one in body.get("parts", ())}
    found |= {key: str(body.get(key, "")) for key in ("missing", "weeks", "missing_part", "minimum_days")}
    return found | {f"month.{n}": str(one) for n, one in enumerate(body.get("months", [1] * MONTHS), 1)}


def body_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The form's fields as a rule's JSON; what is no number stays as it was typed, for the reader of rules to refuse."""
    said = {key: unicodedata.normalize("NFKC", value).strip() for key, value in form.items()}
    weights = {code: said.get(f"weight.{code}", "") for code in PARTS}
    return {
        "parts": [{"code": code, "weight": _hundredths(text)} for code, text in weights.items() if text],
        "missing": said.get("missing", ""),
        "weeks": said.get("weeks", ""),
        "missing_part": said.get("missing_part", ""),
        "minimum_days": _whole(said.get("minimum_days", "")),
        "months": [_whole(said.get(f"month.{n}", "") or "1") for n in range(1, MONTHS + 1)],
    }


def _hundredths(text: str) -> int | str:
    try:
        value = Decimal(text.rstrip("%"))
        found = value * 100
    except InvalidOperation:
        return text
    return int(found) if found.is_finite() and found == found.to_integral_value() else text


def _whole(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else text
