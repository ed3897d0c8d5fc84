"""Reading a campaign package (活动包): campaign.toml, its editions and its own words; all faults are raised together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from core.campaigns.body import seal
from core.campaigns.catalogue import Campaign, Edition, Form, Indicator, Link, Material, Metric
from core.campaigns.crosschecks import (
    check_forms,
    check_indicators,
    check_levels,
    check_links,
    check_materials,
    check_means,
    check_sizes,
    check_subjects,
)
from core.campaigns.forms import ReadForm, read_forms
from core.campaigns.indicators import (
    Placed,
    read_indicators,
    read_levels,
    read_lineage,
    read_links,
    read_materials,
    read_metrics,
)
from core.campaigns.levels import LevelBound
from core.campaigns.metricchecks import check_metrics, shelves_of
from core.campaigns.policy import read_sizes, read_veto, sizes_of
from core.campaigns.settings import Section, read_section
from core.campaigns.tables import Faults
from core.campaigns.terms import Vocabulary
from core.campaigns.vocabulary import check_own, load_vocabulary, read_vocabulary
from core.errors import N_

CONTRACT = 1  # the version of the plugin contract this core carries out
STAGES = ("", "final", "draft")  # a draft (征求意见稿) is shipped beside the editions in force, never as one of them
REPORT_ENDINGS = (".docx", ".html")
SUBJECTS = "subjects"  # the folder of the forms for grids and villages, beside the editions


def load(package: str) -> Campaign:
    """The campaign that an importable package declares; plugins call it with ``__package__``.

    Raises BadPackage with every fault of the package: file, row, column, value, remedy.
    """
    return _load(files(package), package)


def load_path(path: Path) -> Campaign:
    """The campaign in a folder that is not installed, e.g. while its author is still writing it."""
    folder = path.resolve()
    return _load(folder, folder.name)


def _load(folder: Traversable, package: str) -> Campaign:
    faults = Faults()
    file = folder / "campaign.toml"
    if not file.is_file():
        faults.add(N_("缺少文件"), where="campaign.toml", remedy=N_("活动包的根目录要有 campaign.toml"))
        faults.settle(package)
    head = read_section(file.read_bytes(), "campaign.toml", faults)
    shared = load_vocabulary()
    own = read_vocabulary(folder, faults)
    words = shared.with_own(
        own.site_types.values(), own.categories.values(), own.questions.values(), own.roles.values()
    )
    editions = _read_editions(folder, words, faults)
    subjects = _read_subjects(folder / SUBJECTS, editions, words, faults)
    editions = tuple(replace(one, subjects=subjects) for one in editions)
    campaign = _campaign(head, package, editions, own)
    _check_campaign(campaign, head, shared, own, faults)
    if not any(f.name.endswith(".toml") for f in _listing(folder / "golden")):
        faults.add(
            N_("缺少验算用例"), where="golden", remedy=N_("请在 golden 文件夹放至少一个 .toml，写明输入和应得分")
        )
    faults.settle(package)
    return campaign


def _campaign(head: Section, package: str, editions: tuple[Edition, ...], own: Vocabulary) -> Campaign:
    zh, en = head.pair("title")
    drafts = tuple(e for e in editions if e.draft)
    drafts = () if len(drafts) == len(editions) else drafts  # a standard that is nothing but proposed is all there is
    campaign = Campaign(
        key=head.text("key"),
        short=head.text("short"),
        title_zh=zh,
        title_en=en,
        description=head.text("description"),
        contract=head.integer("contract", default=CONTRACT),
        package=package,
        editions=tuple(e for e in editions if e not in drafts),
        others=drafts,
        site_types=tuple(own.site_types.values()),
        categories=tuple(own.categories.values()),
        hq_role=head.text("hq_role"),
        questions=tuple(own.questions.values()),
        roles=tuple(own.roles.values()),
        subject_forms=editions[0].subjects if editions else (),
    )
    head.finish()
    return campaign


def _check_campaign(campaign: Campaign, head: Section, shared: Vocabulary, own: Vocabulary, faults: Faults) -> None:
    for name, code in (("key", campaign.key), ("short", campaign.short)):
        if code and not (code.isascii() and code.isidentifier() and code.islower()):
            head.fault(name, N_("代码写法不对"), N_("只用小写字母、数字和下划线，以字母开头"))
    if campaign.contract != CONTRACT:
        head.fault("contract", N_("插件合同版本不符"), N_("本系统执行的是版本 {version}"), version=CONTRACT)
    if campaign.hq_role and campaign.hq_role not in {**shared.roles, **own.roles}:
        head.fault("hq_role", N_("没有这个职责角色"), N_("请改用词表里的代码"))
    check_own(own, shared, campaign.short, faults)


def _read_editions(folder: Traversable, words: Vocabulary, faults: Faults) -> tuple[Edition, ...]:
    """All editions, earliest first: every subfolder that holds an edition.toml."""
    found = [read_edition(f, words, faults) for f in _listing(folder) if f.is_dir() and (f / "edition.toml").is_file()]
    if not found:
        faults.add(N_("没有测评体系版本"), where="edition.toml", remedy=N_("请至少建一个含 edition.toml 的子文件夹"))
    return tuple(sorted(found, key=lambda e: (e.valid_from, e.key)))


def _read_subjects(
    folder: Traversable, editions: tuple[Edition, ...], words: Vocabulary, faults: Faults
) -> tuple[Form, ...]:
    """The forms for grids and villages (对象检查表), sealed each by itself: they are the district's tool, not the standard's text."""
    read = read_forms(folder, SUBJECTS, words, faults, feeding=False)
    taken = {form.code: one.key for one in editions for form in one.forms}
    taken |= {item.code: one.key for one in editions for form in one.forms for item in form.items}
    check_subjects(read, taken, faults)
    return tuple(seal(one.form) for one in read)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The tables of one edition as read, each thing beside its row."""

    indicators: Placed[Indicator]
    metrics: Placed[Metric]
    links: Placed[Link]
    materials: Placed[Material]
    lineage: Placed[tuple[str, str]]
    levels: Placed[LevelBound]
    forms: list[ReadForm]


def read_edition(folder: Traversable, words: Vocabulary, faults: Faults) -> Edition:
    """One edition from its folder, held against the vocabulary; what is wrong with it is noted in ``faults``."""
    at = folder.name
    head = read_section((folder / "edition.toml").read_bytes(), f"{at}/edition.toml", faults)
    parts = _parts(folder, words, faults)
    scale = head.decimal("scale")
    check_indicators(parts.indicators, scale, words, f"{at}/indicators.csv", faults)
    if parts.indicators:  # without any there is nothing that could be referred to
        _check_references(parts, words, faults)
    return _sealed(head, folder, parts, scale)


def _parts(folder: Traversable, words: Vocabulary, faults: Faults) -> _Parts:
    at = folder.name
    materials: Placed[Material] = []
    lineage: Placed[tuple[str, str]] = []
    if (folder / "materials.csv").is_file():
        materials = read_materials((folder / "materials.csv").read_bytes(), f"{at}/materials.csv", faults)
    if (folder / "lineage.csv").is_file():
        lineage = read_lineage((folder / "lineage.csv").read_bytes(), f"{at}/lineage.csv", faults)
    levels: Placed[LevelBound] = []
    if (folder / "levels.csv").is_file():
        levels = read_levels((folder / "levels.csv").read_bytes(), f"{at}/levels.csv", faults)
    return _Parts(
        read_indicators(_bytes(folder, "indicators.csv", faults), f"{at}/indicators.csv", faults),
        read_metrics(_bytes(folder, "metrics.csv", faults), f"{at}/metrics.csv", faults),
        read_links(_bytes(folder, "links.csv", faults), f"{at}/links.csv", faults),
        materials,
        lineage,
        levels,
        read_forms(folder / "forms", f"{at}/forms", words, faults),
    )


def _check_references(parts: _Parts, words: Vocabulary, faults: Faults) -> None:
    """Everything that names something else."""
    shelves = shelves_of(parts.indicators, parts.forms, words)
    check_means(parts.indicators, shelves.forms)
    check_links(parts.links, shelves.indicators, words)
    check_materials(parts.materials, shelves.indicators)
    check_levels(parts.levels, shelves.indicators)
    for (_, new), row in parts.lineage:
        row.known("new", new, shelves.indicators, N_("没有这个指标"))
    check_forms(parts.forms, shelves.indicators, {link for link, _ in parts.links}, words, faults)
    check_metrics(parts.metrics, parts.indicators, shelves)


def _sealed(head: Section, folder: Traversable, parts: _Parts, scale: Decimal) -> Edition:
    """The edition as a whole, its forms and itself sealed by their hashes."""
    (zh, en), issuer, document = head.pair("title"), head.pair("issuer"), head.pair("document")
    valid_from, valid_to = head.day("valid_from"), head.day_or_none("valid_to")
    if valid_to is not None and valid_to < valid_from:
        head.fault("valid_to", N_("失效日期早于生效日期"), N_("请核对两个日期"))
    sizes = read_sizes(head)
    check_sizes(parts.indicators, sizes_of(sizes))
    stage = head.optional("stage")
    if stage not in STAGES:
        head.fault("stage", N_("不是允许的取值"), N_("可填：{allowed}"), allowed="final, draft")
    edition = Edition(
        key=folder.name,
        title_zh=zh,
        title_en=en,
        issuer=issuer[0],
        issuer_en=issuer[1],
        document=document[0],
        document_en=document[1],
        valid_from=valid_from,
        valid_to=valid_to,
        scale=scale,
        indicators=tuple(i for i, _ in parts.indicators),
        metrics=tuple(m for m, _ in parts.metrics),
        forms=tuple(seal(one.form) for one in parts.forms),
        links=tuple(link for link, _ in parts.links),
        materials=tuple(m for m, _ in parts.materials),
        follows=head.optional("follows"),
        lineage=tuple(pair for pair, _ in parts.lineage),
        draft=stage == "draft",
        veto=read_veto(head, scale),
        city_sizes=sizes,
        levels=tuple(one for one, _ in parts.levels),
        reports=tuple(f.name for f in _listing(folder / "reports") if f.name.endswith(REPORT_ENDINGS)),
    )
    head.finish()
    return seal(edition)


def _bytes(folder: Traversable, name: str, faults: Faults) -> bytes:
    """The bytes of a file that must be there; none with a fault when it is not."""
    file = folder / name
    if file.is_file():
        return file.read_bytes()
    faults.add(N_("缺少文件"), where=f"{folder.name}/{name}", remedy=N_("每个版本都要有这个文件，没有内容也要有表头"))
    return b""


def _listing(folder: Traversable) -> list[Traversable]:
    """The entries of a folder by name; none when there is no such folder."""
    return sorted(folder.iterdir(), key=lambda f: f.name) if folder.is_dir() else []
