"""Access roles (角色) and their verbs: the one table from which pages, API, menus and tests derive who may do what.

A role is held through a post at a unit and reaches that unit's subtree; the judge is :mod:`tenants.access`.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import N_
from tenants.access import BUREAUS, DISTRICT, ROOTS

SEE = "see"  # read sites, visits, findings and figures of the subtree
VISIT = "visit"  # submit visits at sites of the subtree
ANSWER = "answer"  # take, return and answer findings for the unit
CHECK = "check"  # check an answer, close, send back, reopen
KEEP_SITES = "keep_sites"  # add and change sites
PUBLISH = "publish"  # seal a period's figures for their readers
GRANT = "grant"  # give or withdraw a reader's grant
ADMINISTER = "administer"  # people, posts, units, campaigns, tokens, calendar
AUDIT = "audit"  # read the audit trail
LEAD = "lead"  # the leader's one-page view
REPORT = "report"  # report a finding without a form, keep a patrol shift
DIRECT = "direct"  # accept, dispatch, arbitrate, grant and park findings; issue notices; draw samples
RESTRICTED = "restricted"  # see and handle findings of the restricted class (作风纪律)
SECRET = "secret"  # plan, see and release secret rounds (暗访)  # noqa: S105 - a verb, no password
COMPARE = "compare"  # a bureau's comparison of the districts that let it read


@dataclass(frozen=True, slots=True)
class Role:
    """One access role: its titles, the verbs it carries and the kind of tenant that has it."""

    code: str
    title_zh: str
    title_en: str
    verbs: frozenset[str]
    tenant_kinds: frozenset[str] = frozenset(ROOTS)


_DISTRICT = frozenset({DISTRICT})

ROLES: dict[str, Role] = {
    role.code: role
    for role in (
        Role("administrator", N_("管理员"), "Administrator", frozenset({ADMINISTER, GRANT, AUDIT, SEE, KEEP_SITES})),
        Role(
            "hq_office",
            N_("创建办"),
            "HQ office",
            frozenset({SEE, VISIT, REPORT, DIRECT, CHECK, KEEP_SITES, PUBLISH, GRANT, SECRET}),
            _DISTRICT,
        ),
        Role("inspector", N_("检查员"), "Inspector", frozenset({SEE, VISIT, REPORT}), _DISTRICT),
        Role("assessor", N_("外部测评员"), "Outside assessor", frozenset({SEE, VISIT}), _DISTRICT),
        Role("grid_worker", N_("网格员"), "Grid worker", frozenset({SEE, VISIT, REPORT}), _DISTRICT),
        Role("liaison", N_("联络员"), "Liaison officer", frozenset({SEE, REPORT, ANSWER}), _DISTRICT),
        Role("leader", N_("领导"), "Leader", frozenset({SEE, REPORT, LEAD}), _DISTRICT),
        Role(
            "discipline",
            N_("作风纪律督导员"),
            "Conduct supervisor",
            frozenset({SEE, REPORT, RESTRICTED, DIRECT, CHECK}),
            _DISTRICT,
        ),
        Role(
            "discipline_liaison",
            N_("作风纪律联络员"),
            "Conduct liaison officer",
            frozenset({SEE, ANSWER, RESTRICTED}),
            _DISTRICT,
        ),
        Role("bureau", N_("主管部门"), "Bureau", frozenset({COMPARE}), frozenset(BUREAUS)),
    )
}


# What belongs to no campaign: a post that is limited to one carries none of it, else the limit would be for show.
OF_THE_WHOLE = frozenset({ADMINISTER, AUDIT, KEEP_SITES, SECRET})


def verbs_of(role: str, campaign: str | None = None) -> frozenset[str]:
    """The verbs of a role, of a post limited to ``campaign`` if given; an unknown role of an older version carries none."""
    found = ROLES.get(role)
    if found is None:
        return frozenset()
    return found.verbs - OF_THE_WHOLE if campaign else found.verbs
