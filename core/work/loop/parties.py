"""Who takes part in a finding, and what a step is (办理身份与步骤): the words that the table of transitions is written in."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.errors import N_
from core.work.loop.states import ANOTHER, ASSISTING, DESK, LEADER, LEADING, PLACE, SYSTEM
from core.work.roles import ANSWER, CHECK, DIRECT, LEAD

STAYS = ""  # the step is a line of history; the state is what it was
RESUMES = "*"  # back to where it was before it was merged or held

# Who may do what is judged by this verb of core.work.roles at the unit that the party is about.
PERMISSIONS: dict[str, str] = {
    LEADING: ANSWER,
    ASSISTING: ANSWER,
    PLACE: ANSWER,
    ANOTHER: CHECK,
    DESK: DIRECT,
    LEADER: LEAD,
    SYSTEM: "",
}
PARTIES: dict[str, tuple[str, str]] = {
    LEADING: (N_("牵头单位"), "the leading unit"),
    ASSISTING: (N_("协办单位"), "an assisting unit"),
    PLACE: (N_("属地单位"), "the place's unit"),
    ANOTHER: (N_("另一方（核查）"), "another party (checks)"),
    DESK: (N_("创建办（受理派遣）"), "the HQ office (directs)"),
    LEADER: (N_("领导"), "a leader"),
    SYSTEM: (N_("系统"), "the system"),
}


@dataclass(frozen=True, slots=True)
class Transition:
    """One step that a finding may take (流转).

    ``by`` are the parties that may take it. ``needs`` and ``takes`` name the fields that it asks for and those that it can
    do with: note, photos, outcome, reason, unit, person, days, review_on, due_on, target, changes, precedent,
    leader, said_on. ``new_deadline``
    starts the time limit again; ``source`` limits the step to findings that came in by it.
    """

    verb: str
    title_zh: str
    title_en: str
    from_states: frozenset[str]
    to_state: str
    by: tuple[str, ...]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    new_deadline: bool = False
    source: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """Everything that the step can be given."""
        return (*self.needs, *self.takes)

    @property
    def needs_note(self) -> bool:
        """Whether it must say why."""
        return "note" in self.needs

    @property
    def needs_photo(self) -> bool:
        """Whether it must show a photo."""
        return "photos" in self.needs

    @property
    def needs_outcome(self) -> bool:
        """Whether it must say what the finding ended in."""
        return "outcome" in self.needs

    @property
    def permission(self) -> str:
        """The verb of the party that it is meant for first."""
        return PERMISSIONS[self.by[0]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands to one finding (办理身份): the parties that he belongs to.

    ``own`` says why he is no other party - he answered it himself, or he checks from within the unit that fixed it; '' when
    he may judge. The system itself stands as SYSTEM alone.
    """

    parties: frozenset[str] = field(default_factory=frozenset)
    own: str = ""

    @property
    def answers(self) -> bool:
        """Whether he acts for the leading unit."""
        return LEADING in self.parties

    @property
    def checks(self) -> bool:
        """Whether his checks reach the place, be he another party or not."""
        return ANOTHER in self.parties

    def permits(self, step: Transition) -> bool:
        """Whether he may take the step as far as the person goes, whatever the state."""
        return any(party in self.parties and not (party == ANOTHER and self.own) for party in step.by)
