"""The names every other room may rely on (声明模型): what is declared, and its canonical body."""

from __future__ import annotations

from core.campaigns.body import campaign_from_body, digest, edition_from_body, form_from_body, seal, to_body
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
from core.campaigns.terms import Category, Question, Role, SiteType, Vocabulary

__all__ = [
    "Campaign",
    "Category",
    "Edition",
    "Form",
    "Indicator",
    "IndicatorGroup",
    "Item",
    "Link",
    "Material",
    "Metric",
    "Question",
    "Role",
    "SiteType",
    "Vocabulary",
    "campaign_from_body",
    "digest",
    "edition_from_body",
    "form_from_body",
    "seal",
    "to_body",
]
