"""Where a visit's page leads (检查记录的门): to the open rooms, or, while its round is secret, to the rounds room alone.

The pages of a visit and of its correction are the same in both; only the addresses differ, and what has none yet is no link.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import url_for


@dataclass(frozen=True, slots=True)
class Doors:
    """The addresses of one visit's pages (检查页地址); ``round_id`` and ``title`` are of the secret round in whose room they lie."""

    round_id: UUID | None = None
    title: str = ""

    @property
    def hidden(self) -> bool:
        """Whether the visit is still a secret: its findings have no page, and there is no next place."""
        return self.round_id is not None

    def visit(self, visit_id: UUID) -> str:
        """What came of it."""
        if self.round_id is None:
            return url_for("visits.show", visit_id=visit_id)
        return url_for("round_visits.show", round_id=self.round_id, visit_id=visit_id)

    def correct(self, visit_id: UUID) -> str:
        """Its correction."""
        if self.round_id is None:
            return url_for("correcting.ask", visit_id=visit_id)
        return url_for("round_correcting.ask", round_id=self.round_id, visit_id=visit_id)

    def photo(self, ref: object) -> str:
        """A photo, whole."""
        if self.round_id is None:
            return url_for("photos.show", ref=str(ref))
        return url_for("round_photos.show", round_id=self.round_id, ref=str(ref))

    def small(self, ref: object) -> str:
        """A photo, small."""
        if self.round_id is None:
            return url_for("photos.show_small", ref=str(ref))
        return url_for("round_photos.show_small", round_id=self.round_id, ref=str(ref))

    def upload(self) -> str:
        """Where further photos are sent to."""
        if self.round_id is None:
            return url_for("photos.upload")
        return url_for("round_photos.upload", round_id=self.round_id)


OPEN = Doors()
