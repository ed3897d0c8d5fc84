"""Choosing an edition from a day on (版本切换): in force or as a shadow; nothing that was scored or published moves.

A choice begins today or later. A newer choice ends the one that held, and takes back those that were to begin after it.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.campaigns import Campaign, Edition
from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.dated import valid_on
from core.work.editions.choices import IN_FORCE, SHADOW, SHIPPED, choice_on
from core.work.editions.in_force import edition_for
from core.work.enabling import freeze
from core.work.journal import record
from core.work.permits import require
from core.work.roles import ADMINISTER
from core.work.statistics.dictionary import settle_dictionary
from core.work.tables import EnabledEdition
from tenants.access import Actor, root_unit
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession

KIND = "edition"
VERBS = {IN_FORCE: "edition.enforce", SHADOW: "edition.shadow"}
WITHDRAW = "edition.withdraw"


def choose_edition(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    edition: Edition,
    *,
    role: str,
    day: date,
    today: date,
    source: str = SHIPPED,
) -> EnabledEdition:
    """Let an edition be in force, or be scored as a shadow (影子版本), from a day on; its definition is frozen here.

    A period is scored by the edition in force on its first day, so a switch within a period tells from the next one on.
    Raises Forbidden; NotFound when the campaign does not run here; InvalidInput for a day that has passed or on which the
    edition is not valid; Conflict when it is in force on that day already. The very same choice again changes nothing.
    """
    require(session, actor, ADMINISTER, root_unit(session).id, today)
    _lock(session, campaign.key)
    same = choice_on(session, campaign.key, day, role)
    if same is not None and (same.sha256, same.valid_from) == (edition.sha256, day):
        return same
    check_choice(session, campaign, edition, role=role, day=day, today=today)
    freeze(session, campaign, edition)
    _end(session, campaign.key, role, day)
    if role == IN_FORCE:
        _end_same(session, campaign.key, edition.sha256, day)
        settle_dictionary(session, [(campaign.key, edition)], today=day)
    row = EnabledEdition(
        campaign=campaign.key,
        edition=edition.key,
        sha256=edition.sha256,
        role=role,
        source=source,
        valid_from=day,
    )
    session.add(row)
    session.flush()
    detail = {"edition": edition.key, "edition_sha256": edition.sha256, "valid_from": day.isoformat()}
    record(session, actor, VERBS[role], KIND, campaign.key, **detail)
    return row


def check_choice(
    session: ScopedSession, campaign: Campaign, edition: Edition, *, role: str, day: date, today: date
) -> None:
    """Say what speaks against a choice, as :func:`choose_edition` would; nothing is written. Raises InvalidInput, Conflict."""
    _check_day(edition, role, day, today)
    if edition_for(session, campaign, day).sha256 == edition.sha256:
        raise Conflict(N_("这个版本在那天已经是在用版本"))
    held = choice_on(session, campaign.key, day, role)
    if held is not None and held.sha256 == edition.sha256:
        raise Conflict(N_("这个版本在那天已经是影子版本"))


def withdraw_edition(
    session: ScopedSession, actor: Actor | None, choice_id: UUID, *, campaign: str, today: date
) -> EnabledEdition:
    """Take a choice back (撤回): one that has not begun holds on no day; a shadow that runs ends today.

    Raises Forbidden, NotFound; Conflict for an edition that is in force already: another one is chosen instead.
    """
    require(session, actor, ADMINISTER, root_unit(session).id, today)
    row = session.get(EnabledEdition, (session.tenant_id, choice_id))
    if row is None or row.campaign != campaign:
        raise NotFound(N_("没有找到这项版本选择"))
    _lock(session, row.campaign)
    session.refresh(row)
    if row.valid_to is not None and row.valid_to <= max(today, row.valid_from):
        raise Conflict(N_("这项版本选择已经结束"))
    if row.role == IN_FORCE and row.valid_from <= today:
        raise Conflict(N_("在用版本不能撤回；请选择另一个版本和启用日期"))
    began = row.valid_from
    row.valid_to = max(today, began)
    if row.valid_to == began:
        _reopen(session, row, began)
    session.flush()
    detail = {"edition": row.edition, "edition_sha256": row.sha256, "valid_from": began.isoformat()}
    record(session, actor, WITHDRAW, KIND, row.campaign, **detail)
    return row


def _lock(session: ScopedSession, campaign: str) -> None:
    """Let two choices for one campaign follow each other. Raises NotFound when it does not run here."""
    row = session.scalars(select(EnabledCampaign).where(EnabledCampaign.campaign == campaign).with_for_update()).first()
    if row is None or row.state != "enabled":
        raise NotFound(N_("这里没有启用创建项目 {key}"), key=campaign)


def _check_day(edition: Edition, role: str, day: date, today: date) -> None:
    """Refuse a day that has passed, and one on which the edition is not valid."""
    value = day.isoformat()
    if day < today:
        remedy = N_("请选择今天或以后的日期；过去的周期仍按当时的版本计分")
        raise InvalidInput(faults=[Fault(N_("启用日期已经过去"), field="day", value=value, remedy=remedy)])
    params = {"first": edition.valid_from.isoformat(), "last": edition.valid_to.isoformat() if edition.valid_to else ""}
    if role == IN_FORCE and day < edition.valid_from:
        remedy = N_("这个版本自 {first} 起施行；在此之前可以作影子版本试算")
        fault = Fault(N_("那天这个版本还没有施行"), field="day", value=value, remedy=remedy, params=params)
        raise InvalidInput(faults=[fault])
    if edition.valid_to is not None and day > edition.valid_to:
        remedy = N_("这个版本施行到 {last}，请换一个版本")
        fault = Fault(N_("那天这个版本已经废止"), field="day", value=value, remedy=remedy, params=params)
        raise InvalidInput(faults=[fault])


def _end(session: ScopedSession, campaign: str, role: str, day: date) -> None:
    """End the choice of a role that holds on a day, and take back those that were to begin then or later."""
    held = choice_on(session, campaign, day, role)
    if held is not None:
        held.valid_to = day
    mine = (EnabledEdition.campaign == campaign, EnabledEdition.role == role, EnabledEdition.valid_from > day)
    for row in session.scalars(select(EnabledEdition).where(*mine)):
        row.valid_to = row.valid_from
    session.flush()


def _end_same(session: ScopedSession, campaign: str, sha256: str, day: date) -> None:
    """End the shadow of an edition that comes into force."""
    mine = (EnabledEdition.campaign == campaign, EnabledEdition.role == SHADOW, EnabledEdition.sha256 == sha256)
    for row in session.scalars(select(EnabledEdition).where(*mine, valid_on(EnabledEdition, day))):
        row.valid_to = max(day, row.valid_from)
    session.flush()


def _reopen(session: ScopedSession, row: EnabledEdition, began: date) -> None:
    """Let the choice that was to end for this one run on."""
    mine = (EnabledEdition.campaign == row.campaign, EnabledEdition.role == row.role, EnabledEdition.valid_to == began)
    before = select(EnabledEdition).where(*mine, EnabledEdition.valid_from < began)
    for held in session.scalars(before):
        held.valid_to = None
