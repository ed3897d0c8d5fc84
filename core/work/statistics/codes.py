"""What a metric of an edition is called in the dictionary of statistics (统计代码): one code, one meaning, asked once.

The metrics of a campaign say the same name of different things (``answers_valid`` of five surveys). A metric whose source is
statistics keeps its name, which is shared by all campaigns; one of a survey, sampling or ledger adds what it is about, so
that two campaigns that mean the same ask it once, and two that do not never share a number.
"""

from __future__ import annotations

import re

from core.campaigns import Metric

# Sources that have no room of their own yet: their numbers are entered as declared values (ours, until they have one).
DECLARED_SOURCES = ("survey", "sampling", "records")
SOURCES = ("statistics", *DECLARED_SOURCES)
_KIND = re.compile(r"\bkind ([a-z_]+)")
_SPECIES = re.compile(r"\bspecies ([a-z_]+)$")
_OF_EACH = ("of the indicator", "dossier")  # what differs by indicator though its words are the same


def code_of(metric: Metric, indicator: str) -> str:
    """The statistic that feeds a metric of one indicator: resident_population, samples_taken.tableware."""
    if metric.source == "statistics":
        return metric.name
    given = dict(metric.selector)
    where, subject = given.get("where", ""), given.get("survey") or given.get("ledger", "")
    kind = _KIND.search(where)
    if any(word in f"{where} {subject}" for word in _OF_EACH):
        return f"{metric.name}.{indicator}"
    if kind:
        subject = kind.group(1) if subject == "sampling" else f"{subject}.{kind.group(1)}"
    species = _SPECIES.search(where)
    if species:
        subject = species.group(1)
    return f"{metric.name}.{subject}" if subject else metric.name
