"""Sealed draws on the command line (抽样复算): anybody recomputes a revealed draw from its file, without a database."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from core.cli.ground import tell
from core.errors import N_, Fault, InvalidInput
from core.work.rounds.sealed_sample import METHOD, commitment, sample


@click.group()
def draw() -> None:
    """密封抽样。"""


@draw.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--commitment", "published", default="", help="事先公布的承诺值；不填用文件里写的")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def check(path: Path, published: str, *, as_json: bool) -> None:
    """用揭示后的复算文件核对承诺值和抽样结果；不符时退出码为 1。"""
    said = _read(path)
    wanted = published.strip().lower() or said["commitment"]
    sealed = commitment(said["seed"], said["frame"], said["sizes"], said["outside"]) == wanted
    drawn = sample(said["seed"], said["outside_value"], said["frame"], said["sizes"])
    same = drawn == said["drawn"]
    count = sum(len(ids) for ids in drawn.values())
    lines = [
        "承诺值相符" if sealed else "承诺值不符：种子、抽样框或数量在公布后改过",
        f"抽样结果相符：{len(drawn)} 层，{count} 个点位" if same else "抽样结果不符：抽中的不是算出来的那些",
    ]
    tell({"sealed": sealed, "same": same, "drawn": drawn}, as_json=as_json, text="\n".join(lines))
    sys.exit(0 if sealed and same else 1)


def _read(path: Path) -> dict[str, Any]:
    """The file's content with the fields that count. Raises InvalidInput naming what is missing or of the wrong kind."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        remedy = N_("请在抽样页下载复算文件")
        raise InvalidInput(faults=[Fault(N_("不是复算文件"), where=path.name, remedy=remedy)]) from error
    kinds = {"commitment": str, "seed": str, "outside": str, "outside_value": str, "frame": dict, "sizes": dict}
    kinds |= {"drawn": dict, "method": str}
    found: dict[str, Any] = said if isinstance(said, dict) else {}
    wrong = [name for name, kind in kinds.items() if not isinstance(found.get(name), kind)]
    faults = [Fault(N_("缺少或写错了这一项"), name, where=path.name, remedy=N_("请重新下载")) for name in wrong]
    if not wrong and found["method"] != METHOD:
        remedy = N_("请用新版本复算")
        faults.append(
            Fault(N_("不认识的抽样方法"), "method", value=found["method"][:40], where=path.name, remedy=remedy)
        )
    if not wrong and not _shaped(found):
        faults.append(Fault(N_("抽样框不对"), "frame", where=path.name, remedy=N_("请重新下载")))
    if faults:
        raise InvalidInput(faults=faults)
    return found


def _shaped(said: dict[str, Any]) -> bool:
    """Whether frame and result list texts, and sizes are whole numbers."""
    lists = [*said["frame"].values(), *said["drawn"].values()]
    texts = all(isinstance(one, list) and all(isinstance(site, str) for site in one) for one in lists)
    return texts and all(isinstance(size, int) and size >= 0 for size in said["sizes"].values())
