"""What forms can show a picture of (可配图的内容): their items, and the questions and choices whose author asks for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.campaigns import Campaign, Form
from core.web.forms.pictured import drawing_address
from core.web.words import by_locale
from core.work.forms.illustrating import History
from core.work.forms.pictures import wanted

OWN, DRAWN, NONE = "own", "drawn", "none"


@dataclass(frozen=True, slots=True)
class Asked:
    """An item, question or choice (一处): its code, what it says, and the names of pictures for it, the best first."""

    campaign: Campaign
    form: Form
    code: str
    text: str
    names: tuple[str, ...]
    question: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """The same with what is shown there (示范图情况): ``source`` is own, drawn or none.

    ``standing`` is the name of the district's picture that is shown, '' for none; ``back`` the name under which a former one can be
    put back; ``put`` the name that a picture for it alone gets; ``address`` where the drawing of the system is.
    """

    asked: Asked
    source: str
    put: str
    standing: str = ""
    file_id: UUID | None = None
    back: str = ""
    address: str = ""


def asked_for(runs: Sequence[tuple[Campaign, Form]], locale: str) -> Iterator[Asked]:
    """Everything that some forms can show a picture of, in their order."""
    names = wanted((form for _, form in runs), locale)
    for campaign, form in runs:
        for item in form.items:
            text = by_locale(item.text_zh, item.text_en)
            yield Asked(campaign, form, item.code, text, names[item.code], item.question)
        yield from _beside(campaign, form, locale)


def _beside(campaign: Campaign, form: Form, locale: str) -> Iterator[Asked]:
    """The images that a form asks for beside its items."""
    if form.survey is None:
        return
    for field in form.survey.fields():
        for image in dict.fromkeys(filter(None, (field.image.zh, field.image.en))) if field.scoring is None else ():
            yield Asked(campaign, form, field.name, field.label.said(locale) or field.name, (image,))
    for listed in form.survey.lists:
        for choice in listed.choices:
            if choice.image:
                yield Asked(campaign, form, choice.name, choice.label.said(locale) or choice.name, (choice.image,))


def piece_of(asked: Asked, known: Mapping[str, UUID], stood: Mapping[str, History], drawn: frozenset[str]) -> Piece:
    """What is shown at one place: ``known`` are the district's pictures by name, ``drawn`` the questions with a drawing."""
    standing = next((name for name in asked.names if name in known), "")
    order = [standing, *asked.names]
    back = next((name for name in order if name in stood and stood[name].former is not None), "")
    if standing:
        return Piece(asked, OWN, asked.names[0], standing, known[standing], back)
    if asked.question in drawn:
        return Piece(asked, DRAWN, asked.names[0], back=back, address=drawing_address(asked.question))
    return Piece(asked, NONE, asked.names[0], back=back)
