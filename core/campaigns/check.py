"""Checking a campaign package before anyone uses it (活动包检查): files, golden scores, cover of modes, both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from core.campaigns.catalogue import Campaign, Edition
from core.campaigns.golden import GoldenResult, run_golden
from core.campaigns.loader import load, load_path
from core.campaigns.tables import BadPackage, Faults
from core.campaigns.terms import Vocabulary
from core.campaigns.vocabulary import load_vocabulary
from core.errors import N_, Fault

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Report:
    """What the check found (检查报告). ``campaign`` is None when the files alone could not be read."""

    campaign: Campaign | None
    faults: tuple[Fault, ...]
    golden: tuple[GoldenResult, ...]

    @property
    def ok(self) -> bool:
        """No fault, and every golden case came out."""
        return not self.faults and all(g.ok for g in self.golden)


def check_campaign(path_or_package: Path | str) -> Report:
    """Lint a folder (Path) or an importable package (str): files against each other, golden cases, texts.

    Faults are returned, not raised. Every scoring mode that an edition uses needs a golden case of that edition.
    """
    is_path = isinstance(path_or_package, Path)
    try:
        campaign = load_path(path_or_package) if isinstance(path_or_package, Path) else load(path_or_package)
    except BadPackage as bad:
        return Report(None, bad.faults, ())
    except ImportError as error:
        return Report(None, (_no_package(str(path_or_package), error),), ())
    folder = Path(path_or_package) if is_path else files(str(path_or_package))
    faults = Faults()
    golden = _golden(campaign, folder, faults)
    for edition in campaign.shipped:
        _check_texts(edition, faults)
        _check_modes(edition, [g for g in golden if g.edition == edition.key], faults)
    return Report(campaign, tuple(faults.found), tuple(golden))


def words_of(campaign: Campaign) -> Vocabulary:
    """The shared words plus one campaign's own."""
    return load_vocabulary().with_own(campaign.site_types, campaign.categories, campaign.questions, campaign.roles)


def _no_package(name: str, error: ImportError) -> Fault:
    return Fault(N_("找不到这个包"), field="package", value=f"{name}: {error}", remedy=N_("请给出文件夹，或先安装它"))


def _golden(campaign: Campaign, folder: Traversable, faults: Faults) -> list[GoldenResult]:
    words = words_of(campaign)
    entries = sorted((folder / "golden").iterdir(), key=lambda f: f.name)
    return [
        result
        for file in entries
        if file.name.endswith(".toml")
        for result in run_golden(campaign, words, file.read_bytes(), f"golden/{file.name}", faults)
    ]


def _check_modes(edition: Edition, golden: list[GoldenResult], faults: Faults) -> None:
    """Note the scoring modes that an edition uses and no golden case of its own computes."""
    covered: set[tuple[str, str]] = set()
    used: set[tuple[str, str]] = set()
    codes = {(g.kind, g.code) for g in golden}
    for kind, code, mode in _modes(edition):
        used.add((kind, mode))
        if (kind, code) in codes:
            covered.add((kind, mode))
    for kind, mode in sorted(used - covered):
        place = {"where": f"golden（{edition.key}）", "field": kind, "value": mode}
        faults.add(N_("这种计分方式没有验算用例"), **place, remedy=N_("请补一个手工算好的用例"))


def _modes(edition: Edition) -> Iterator[tuple[str, str, str]]:
    for form in edition.forms:
        for item in form.items:
            yield "item", item.code, item.mode
    for indicator in edition.indicators:
        yield "indicator", indicator.code, indicator.mode


def _check_texts(edition: Edition, faults: Faults) -> None:
    """Chinese texts hold Chinese, English texts hold letters and no Chinese."""
    for where, field, zh, en in _texts(edition):
        if not _CHINESE.search(zh):
            faults.add(N_("中文文字里没有汉字"), where=where, field=field, value=zh, remedy=N_("请填中文"))
        if not _LATIN.search(en) or _CHINESE.search(en):
            faults.add(N_("英文文字不完整或夹有汉字"), where=where, field=field, value=en, remedy=N_("请填英文"))


def _texts(edition: Edition) -> Iterator[tuple[str, str, str, str]]:
    """Every pair of texts with its place."""
    at = edition.key
    yield f"{at}/edition.toml", "title", edition.title_zh, edition.title_en
    for indicator in edition.indicators:
        yield f"{at}/indicators.csv", indicator.code, indicator.name_zh, indicator.name_en
        yield f"{at}/indicators.csv", indicator.code, indicator.category_zh, indicator.category_en
    for metric in edition.metrics:
        yield f"{at}/metrics.csv", metric.name, metric.definition_zh, metric.definition_en
    for form in edition.forms:
        yield f"{at}/forms/forms.csv", form.code, form.title_zh, form.title_en
        for item in form.items:
            yield f"{at}/forms/{form.code}.csv", item.code, item.text_zh, item.text_en
    for material in edition.materials:
        yield f"{at}/materials.csv", material.code, material.name_zh, material.name_en
