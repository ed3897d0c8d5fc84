"""The form of a card scheme (亮牌办法表单): rows that an official can fill, to and from the scheme's own JSON.

Field names are the scheme's own paths (``colours.0.label``), so that each fault stands beside its field. What the form
cannot say - leagues by name, codes of one's own - is kept as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.work.marks.card_rules import APPEAL_DAYS, BOUNDS, BY_VALUE, EFFECTS, MEASURES, RANKS

LEAGUES, COLOURS, STREAKS = 4, 6, 2  # rows of the form
NAMED = "named"

Values = dict[str, str]
Body = dict[str, Any]


def values_of(body: Mapping[str, Any]) -> Values:
    """A scheme's JSON as the fields of the form."""
    found: Values = {
        name: str(body.get(name) or "") for name in ("title", "title_en", "period", "measure", "campaign", "ties")
    }
    found |= {"direction": str(body.get("direction") or ""), "window": str(body.get("window") or "period")}
    found["method"] = str(body.get("method") or BY_VALUE)
    found["decide"] = RANKS if body.get("basis") == RANKS else "value"
    for part in ("eligibility", "small"):
        for key, value in dict(body.get(part) or {}).items():
            found[f"{part}.{key}"] = str(value)
    found["appeal_days"] = str(body.get("appeal_days") or APPEAL_DAYS)
    found["sponsors"] = "1" if body.get("sponsors", True) else ""
    for n, one in enumerate(body.get("leagues") or ()):
        found |= _league_values(n, one)
    for n, one in enumerate(body.get("colours") or ()):
        found |= _colour_values(n, one)
    for n, one in enumerate(body.get("streaks") or ()):
        found |= {
            f"streaks.{n}.{key}": str(one.get(key) or "") for key in ("colour", "periods", "to", "mark", "mark_en")
        }
    for one in body.get("vetoes") or ():
        found[f"vetoes.{one.get('effect')}"] = str(one.get("colour") or "")
    return found


def _league_values(n: int, one: Mapping[str, Any]) -> Values:
    place = f"leagues.{n}"
    found = {f"{place}.{key}": str(one.get(key) or "") for key in ("key", "title", "title_en")}
    found[f"{place}.who"] = who_of(one, n)
    return found


def who_of(one: Mapping[str, Any], n: int) -> str:
    """A league's members as one choice: kinds of unit, site types, or a list that is kept as it is."""
    if one.get("kinds"):
        return "kinds:" + ",".join(one["kinds"])
    if one.get("site_types"):
        return "types:" + ",".join(one["site_types"])
    return f"{NAMED}:{n}"


def _colour_values(n: int, one: Mapping[str, Any]) -> Values:
    place = f"colours.{n}"
    names = ("code", "label", "label_en", "meaning", "meaning_en", "tone")
    found = {f"{place}.{key}": str(one.get(key) or "") for key in names}
    give = dict(one.get("give") or {})
    for bound in BOUNDS:
        if give.get(bound) is not None:
            found |= {f"{place}.bound": bound, f"{place}.value": str(give.pop(bound))}
            break
    for rule, number in give.items():
        if rule not in BOUNDS:
            found[f"{place}.rule"] = rule
            numbers = number if isinstance(number, list) else [number] if number is not True else []
            found |= {f"{place}.{key}": str(value) for key, value in zip(("k", "k2"), numbers, strict=False)}
    return found


def body_of(form: Mapping[str, str], before: Mapping[str, Any]) -> Body:
    """The form's fields as a scheme's JSON; ``before`` is the scheme as it was, for what the form cannot say."""
    said = {key: value.strip() for key, value in form.items()}
    measure = MEASURES.get(said.get("measure", ""))
    source = measure.basis if measure else ""
    by_ranks = said.get("decide") == RANKS
    body: Body = {
        "title": said.get("title", ""),
        "title_en": said.get("title_en", ""),
        "period": said.get("period", ""),
        "basis": RANKS if by_ranks else source,
        **({"daily": source} if by_ranks else {}),
        "measure": said.get("measure", ""),
        "campaign": said.get("campaign", ""),
        "window": _number(said.get("window", "period")),
        "leagues": _leagues(said, before),
        "colours": _colours(said, before),
        "eligibility": {key: _number(said.get(f"eligibility.{key}") or "0") for key in ("volume", "days")},
        "ties": said.get("ties", ""),
        "small": {key: _number(said.get(f"small.{key}") or "0") for key in ("under", "worst")},
        "streaks": _streaks(said),
        "vetoes": [{"effect": e, "colour": said[f"vetoes.{e}"]} for e in EFFECTS if said.get(f"vetoes.{e}")],
        "sponsors": bool(said.get("sponsors")),
        "appeal_days": _number(said.get("appeal_days") or str(APPEAL_DAYS)),
    }
    if said.get("direction"):
        body["direction"] = said["direction"]
    if said.get("method", BY_VALUE) != BY_VALUE:
        body["method"] = said["method"]
    if before.get("categories"):
        body["categories"] = before["categories"]
    return body


def _number(said: str) -> int | str:
    """A whole number as such; anything else as it was typed, for the reader of schemes to refuse."""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else said


def _rows(said: Mapping[str, str], part: str, count: int, telling: Sequence[str]) -> list[dict[str, str]]:
    """The filled rows of a part: those with any of the telling fields."""
    found = []
    for n in range(count):
        start = f"{part}.{n}."
        row = {key.removeprefix(start): value for key, value in said.items() if key.startswith(start)}
        if any(row.get(key) for key in telling):
            found.append(row)
    return found


def _leagues(said: Mapping[str, str], before: Mapping[str, Any]) -> list[Body]:
    named = list(before.get("leagues") or ())
    found = []
    for n, row in enumerate(_rows(said, "leagues", LEAGUES, ("title", "who"))):
        kind, _, members = row.get("who", "").partition(":")
        one: Body = {"key": row.get("key") or f"league_{n + 1}", "title": row.get("title", "")}
        one["title_en"] = row.get("title_en", "")
        if kind == NAMED and members.isdigit() and int(members) < len(named):
            old = named[int(members)]
            one |= {key: old[key] for key in ("units", "sites", "count_by") if key in old}
        elif members:
            one["kinds" if kind == "kinds" else "site_types"] = members.split(",")
        found.append(one)
    return found


def _colours(said: Mapping[str, str], before: Mapping[str, Any]) -> list[Body]:
    known = {one.get("code"): one.get("give", {}) for one in before.get("colours") or ()}
    found = []
    for row in _rows(said, "colours", COLOURS, ("label", "meaning", "rule", "tone")):
        code = row.get("code") or row.get("tone", "")
        one: Body = {key: row.get(key, "") for key in ("label", "label_en", "meaning", "meaning_en", "tone")}
        found.append({"code": code, **one, "give": _give(row, known.get(code, {}))})
    return found


def _give(row: Mapping[str, str], before: Mapping[str, Any]) -> Body:
    give: Body = {}
    rule, bound = row.get("rule", ""), row.get("bound", "")
    if rule == "rest":
        give["rest"] = True
    elif rule == "ranks":
        give["ranks"] = [_number(row.get("k", "")), _number(row.get("k2") or row.get("k", ""))]
    elif rule:
        give[rule] = _number(row.get("k", ""))
    if bound:
        give[bound] = row.get("value", "")
        shown = next((name for name in BOUNDS if before.get(name) is not None), "")
        give |= {name: before[name] for name in BOUNDS if name not in (bound, shown) and before.get(name) is not None}
    return give


def _streaks(said: Mapping[str, str]) -> list[Body]:
    found = []
    for row in _rows(said, "streaks", STREAKS, ("colour", "to", "mark")):
        one: Body = {"colour": row.get("colour", ""), "periods": _number(row.get("periods", ""))}
        found.append(one | {key: row[key] for key in ("to", "mark", "mark_en") if row.get(key)})
    return found


def faults_by_field(faults: Mapping[str, str]) -> dict[str, str]:
    """The faults of a scheme beside the form's fields: what a field is called here, where it differs from the JSON."""
    found: dict[str, str] = {}
    for place, text in faults.items():
        parts = place.split(".")
        name = {"basis": "measure", "daily": "measure"}.get(place, place)
        if parts[0] == "colours" and len(parts) > 2 and parts[2] in ("give", "code"):
            name = f"colours.{parts[1]}.{'rule' if parts[2] == 'give' else 'tone'}"
        elif parts[0] == "leagues" and len(parts) > 1 and (len(parts) == 2 or parts[2] not in ("title", "title_en")):
            name = f"leagues.{parts[1]}.who"
        elif parts[0] == "streaks" and len(parts) == 2:
            name = f"streaks.{parts[1]}.to"
        elif parts[0] in ("colours", "leagues") and len(parts) == 1:
            name = f"{place}.0.{'label' if place == 'colours' else 'title'}"
        found.setdefault(name, text)
    return found
