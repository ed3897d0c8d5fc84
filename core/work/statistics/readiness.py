"""What a value still lacks before it can be handed in (上报前的检查): a number, its base, what verified it."""

from __future__ import annotations

from core.errors import N_, Fault
from core.work.statistics.seeds import VERIFIED
from core.work.tables import Observation, Statistic


def missing_of(statistic: Statistic, row: Observation) -> list[Fault]:
    """What a row still lacks before it can be handed in."""
    faults = []
    if row.numerator is None:
        faults.append(Fault(N_("还没有填数"), "numerator", remedy=N_("没有发生请填 0；没有数据就不要上报")))
    if statistic.denominator_measure and row.denominator is None:
        faults.append(Fault(N_("还没有填分母"), "denominator"))
    if statistic.needs_population and not (row.population_base and row.population_on):
        remedy = N_("例如：常住人口，2020-11-01（第七次人口普查）")
        faults.append(Fault(N_("人口数要注明口径和日期"), "population_base", remedy=remedy))
    if row.basis == VERIFIED and not row.note:
        remedy = N_("例如：统计年鉴、监测站报告、上级通报的文号")
        faults.append(Fault(N_("核验数要写明核验的依据"), "note", remedy=remedy))
    return faults
