"""What campaigns declare (创建项目声明): the plugin author's whole API; pure data, no database, no web.

A plugin needs two names, ``hookimpl`` and ``load``; the other rooms read what it declares through ``installed()``.
"""

from __future__ import annotations

from core.campaigns.answers import Answer, parse_answer, to_raw
from core.campaigns.body import campaign_from_body, edition_from_body, form_from_body, to_body
from core.campaigns.catalogue import (
    Campaign,
    Edition,
    Form,
    Indicator,
    IndicatorGroup,
    Item,
    Link,
    Material,
    Metric,
)
from core.campaigns.check import Report, check_campaign
from core.campaigns.hookspecs import hookimpl
from core.campaigns.loader import CONTRACT, load, load_path
from core.campaigns.registry import Refusal, Registry, installed, load_registry
from core.campaigns.reports import read_report, template_of
from core.campaigns.scoring import FormScore, IndicatorScore, ItemScore, score_form, score_indicator, score_item
from core.campaigns.tables import BadPackage
from core.campaigns.terms import Category, Question, Role, SiteType, Vocabulary
from core.campaigns.vocabulary import load_vocabulary

__all__ = [
    "CONTRACT",
    "Answer",
    "BadPackage",
    "Campaign",
    "Category",
    "Edition",
    "Form",
    "FormScore",
    "Indicator",
    "IndicatorGroup",
    "IndicatorScore",
    "Item",
    "ItemScore",
    "Link",
    "Material",
    "Metric",
    "Question",
    "Refusal",
    "Registry",
    "Report",
    "Role",
    "SiteType",
    "Vocabulary",
    "campaign_from_body",
    "check_campaign",
    "edition_from_body",
    "form_from_body",
    "hookimpl",
    "installed",
    "load",
    "load_path",
    "load_registry",
    "load_vocabulary",
    "parse_answer",
    "read_report",
    "score_form",
    "score_indicator",
    "score_item",
    "template_of",
    "to_body",
    "to_raw",
]
