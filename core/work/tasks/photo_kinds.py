"""What photos that prove work belong to, and what they show (佐证照片的种类)."""

from __future__ import annotations

from core.errors import N_

TASK, PROJECT, MEETING, QUANTITY = "task", "project", "meeting", "quantity"
PROOF, BEFORE, AFTER, SIGNATURE, SHEET, VOID = "proof", "before", "after", "signature", "sheet", "void"
KINDS: dict[str, str] = {
    PROOF: N_("佐证"),
    BEFORE: N_("实施前"),
    AFTER: N_("实施后"),
    SIGNATURE: N_("签名扫描件"),
    SHEET: N_("签到表"),
    VOID: N_("已作废"),
}
