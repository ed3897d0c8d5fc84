"""The kinds of numbered papers (通知文书种类): their titles, letters and number formats, and whether they order or ask."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import N_

CONDUCT_HEAD = "作风"  # of a restricted paper's number (ours)


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind of paper (文书种类).

    ``letters`` name its series, ``head`` begins its number: 整改〔2026〕第17号. Restricted papers run in a series of their own
    and say so: 作风整改〔2026〕第3号 - a gap in the common one would tell of them. ``orders``: only a unit that the headquarters
    command gets it. ``replies``: it asks for an answer by a day; the others are done once they are signed for.
    """

    code: str
    letters: str
    head: str
    title_zh: str
    title_en: str
    orders: bool = True
    replies: bool = True

    def number(self, year: int, serial: int, *, restricted: bool = False) -> str:
        """The number as it stands on the paper."""
        return f"{CONDUCT_HEAD if restricted else ''}{self.head}〔{year}〕第{serial}号"

    def series(self, year: int, *, restricted: bool = False) -> str:
        """The series that its serials are taken from: one for each tenant, kind and year, restricted papers apart."""
        return f"{'conduct-' if restricted else ''}notice-{self.letters}-{year}"


def blank_number(number: str) -> str:
    """A number with a blank for its serial, which is given at the issue: 通报〔2026〕第　　号."""
    return f"{number.rpartition('第')[0]}第　　号"


RECTIFICATION = "rectification_notice"
REMINDER = "reminder_card"
SUPERVISION = "supervision_order"
CHASER = "chaser"
REQUEST = "request_letter"
CIRCULAR = "circular"
SUMMONS = "summons_talk"

KINDS: dict[str, NoticeKind] = {
    kind.code: kind
    for kind in (
        NoticeKind(REMINDER, "TX", "提醒", N_("提醒卡"), "Reminder card", replies=False),
        NoticeKind(RECTIFICATION, "ZG", "整改", N_("整改通知单"), "Rectification notice"),
        NoticeKind(CHASER, "CB", "催办", N_("催办单"), "Chaser"),
        NoticeKind(SUPERVISION, "DB", "督办", N_("督办单"), "Supervision order"),
        NoticeKind(REQUEST, "SQ", "商请", N_("商请函"), "Letter of request", orders=False),
        NoticeKind(CIRCULAR, "TB", "通报", N_("通报"), "Circular", replies=False),
        NoticeKind(SUMMONS, "YT", "约谈", N_("约谈通知"), "Summons to a talk", replies=False),
    )
}
