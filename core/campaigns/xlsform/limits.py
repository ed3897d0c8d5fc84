"""How large a form's workbook may be (表格大小, ours), and the refusal of one that cannot be read at all."""

from __future__ import annotations

from core.campaigns.xlsform.model import Remark

MAX_FILE = 10_000_000  # bytes
MAX_UNPACKED = 80_000_000  # bytes
MAX_PARTS = 2_000
MAX_ROWS = 60_000
MAX_COLUMNS = 500
MAX_CELLS = 6_000_000
MAX_TEXT = 10_000  # characters in a cell
MAX_DEPTH = 20  # groups within groups
MAX_FIELDS = 5_000


class Refusal(Exception):
    """A workbook that cannot be opened (拒读); carries the remark that says why."""

    def __init__(self, message: str, remedy: str, value: str = "", sheet: str = "", row: int | None = None) -> None:
        super().__init__(message)
        self.remark = Remark("error", message, sheet, row, "", value, remedy)
