"""The campaigns installed on this machine (活动登记): found by entry point, loaded one by one, a broken one refused by name."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from importlib.metadata import EntryPoint
from types import MappingProxyType

import pluggy

from core.campaigns import hookspecs
from core.campaigns.catalogue import Campaign
from core.campaigns.loader import CONTRACT
from core.campaigns.terms import Vocabulary
from core.campaigns.vocabulary import load_vocabulary
from core.errors import N_, NotFound

GROUP = "sancheng.campaigns"
HOME = "sancheng"  # our own distribution: its campaigns are read first, so that no stranger takes their keys

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A plugin that was not accepted (拒载插件), and why."""

    name: str
    distribution: str
    reason: str


class Refused(Exception):
    """Raised inside the loading of one plugin; becomes a Refusal."""


class UnknownCampaign(NotFound):
    """No installed campaign has this key."""

    title = N_("没有安装这个创建项目")


@dataclass(frozen=True, slots=True)
class Registry:
    """The campaigns by key, and the plugins that were refused."""

    campaigns: Mapping[str, Campaign] = field(hash=False)
    refused: tuple[Refusal, ...] = ()

    def get(self, key: str) -> Campaign:
        """The campaign of this key; UnknownCampaign (404) when none is installed."""
        if key not in self.campaigns:
            raise UnknownCampaign(N_("没有安装创建项目 {key}"), key=key)
        return self.campaigns[key]

    @property
    def vocabulary(self) -> Vocabulary:
        """The shared words plus the own words of every installed campaign (全部词表)."""
        found = load_vocabulary()
        for one in self.campaigns.values():
            found = found.with_own(one.site_types, one.categories, one.questions, one.roles)
        return found


@cache
def installed() -> Registry:
    """The registry of this process, read once."""
    return load_registry()


def load_registry(entry_points: Iterable[EntryPoint] | None = None) -> Registry:
    """Load every plugin of the entry-point group, each guarded; ``entry_points`` overrides what is installed."""
    found: dict[str, Campaign] = {}
    refused: list[Refusal] = []
    points = metadata.entry_points(group=GROUP) if entry_points is None else entry_points
    for point in sorted(points, key=_order):
        try:
            campaign = _ask(point)
            _check_place(campaign, found)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's code may raise anything; the rest must run
            refused.append(_refuse(point, error))
        else:
            found[campaign.key] = campaign
    return Registry(MappingProxyType(found), tuple(refused))


def _order(point: EntryPoint) -> tuple[bool, str, str]:
    return _distribution(point) != HOME, point.name, _distribution(point)


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else ""


def _ask(point: EntryPoint) -> Campaign:
    """Import one plugin and call its hook alone: pluggy would abort the whole call when one implementation raises."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(point.load(), name=point.name)
    manager.check_pending()
    campaign = manager.hook.campaign()
    if not isinstance(campaign, Campaign):
        raise Refused(f"钩子 campaign() 返回的是 {type(campaign).__name__}，不是 Campaign")
    if campaign.contract != CONTRACT:
        raise Refused(f"插件合同版本是 {campaign.contract}，本系统执行的是 {CONTRACT}")
    if not campaign.editions:
        raise Refused("没有测评体系版本")
    return campaign


def _check_place(campaign: Campaign, found: Mapping[str, Campaign]) -> None:
    for other in found.values():
        if campaign.key == other.key:
            raise Refused(f"活动代码 {campaign.key} 已被 {other.package} 使用")
        if campaign.short == other.short:
            raise Refused(f"活动简称 {campaign.short} 已被 {other.package} 使用")


def _refuse(point: EntryPoint, error: BaseException) -> Refusal:
    reason = str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    log.error("拒载插件 %s（%s）：%s", point.name, _distribution(point) or "?", reason, exc_info=error)
    return Refusal(point.name, _distribution(point), reason)
