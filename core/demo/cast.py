"""Who plays in the demo (演示名单): bureaus, districts, how busy and how good each is. All of it made up."""

from __future__ import annotations

from dataclasses import dataclass

CIVILIZED, SANITARY, FOOD = "civilized_city", "sanitary_city", "food_safety_city"
ALL = (CIVILIZED, SANITARY, FOOD)


@dataclass(frozen=True, slots=True)
class Part:
    """One district's part: its division, city, campaigns, visits a month, quality (share of good answers) and seed.

    ``detail`` is what it grants its city, ``to_province`` what it grants the province; empty is nothing.
    """

    division: str
    city: str
    visits: int
    quality: float
    seed: int
    campaigns: tuple[str, ...] = ALL
    detail: str = "indicators"
    to_province: str = ""


PROVINCES = ("14",)
CITIES = ("1401", "1402", "1403", "2107", "3203")

# 清徐 and 阳曲 share a seed and so a score: a tie. 娄烦 is visited too rarely to be ranked. 古交 runs one campaign only.
PARTS = (
    Part("140105", "1401", 110, 0.94, 11, to_province="categories"),
    Part("140106", "1401", 55, 0.965, 12, to_province="indicators"),
    Part("140107", "1401", 55, 0.93, 13, to_province="totals"),
    Part("140108", "1401", 55, 0.91, 14),
    Part("140109", "1401", 55, 0.945, 15),
    Part("140110", "1401", 55, 0.955, 16),
    Part("140121", "1401", 55, 0.925, 17),
    Part("140122", "1401", 55, 0.925, 17),
    Part("140123", "1401", 8, 0.95, 19),
    Part("140181", "1401", 45, 0.94, 20, (CIVILIZED,), "totals"),
    Part("140213", "1402", 25, 0.94, 21, to_province="categories"),
    Part("140302", "1403", 25, 0.96, 22, (SANITARY,), to_province="categories"),
    Part("210702", "2107", 25, 0.92, 23),
    Part("320371", "3203", 25, 0.95, 24, (CIVILIZED, SANITARY)),
)

STAGE = "140105"
PASSWORD = "sancheng-demo"  # noqa: S105 - of the demo's made-up accounts, printed at its start
ACCOUNTS: tuple[tuple[str, str], ...] = (
    ("guanli", "小店区管理员（组织、人员、创建项目、授权）"),
    ("chuangban", "小店区创建办（核查销号、发布、报告）"),
    ("jiancha", "小店区检查员（手机检查）"),
    ("lianluo", "小店区市场监管联络员（整改答复）"),
    ("jiedao", "小店区街道联络员（文书、吹哨、属地会签）"),
    ("jilv", "小店区作风督导员（限定范围的问题）"),
    ("lingdao", "小店区领导（一页看全）"),
    ("shiji", "太原市主管部门（区县比较）"),
    ("shengji", "山西省主管部门（各市各区县比较）"),
    ("yunwei", "平台运维（开通新区县）"),
)

# Site types, how many the stage shows and how many every other district, and a word for their made-up names.
PLACES: tuple[tuple[tuple[str, ...], int, int, str], ...] = (
    (("produce_market",), 6, 3, "农贸市场"),
    (("main_road",), 4, 1, "主干道路段"),
    (("back_street",), 4, 0, "背街小巷"),
    (("housing_estate",), 5, 1, "小区"),
    (("community",), 3, 1, "社区居委会"),
    (("public_toilet",), 3, 1, "公厕"),
    (("supermarket",), 2, 1, "超市"),
    (("caterer",), 4, 0, "餐饮店"),
    (("small_caterer",), 4, 2, "小餐饮"),
    (("school_canteen",), 2, 0, "学校食堂"),
    (("hotel",), 2, 0, "宾馆"),
    (("hospital",), 1, 0, "医院"),
    (("construction_site",), 2, 0, "建筑工地"),
    (("park",), 2, 0, "公园"),
    (("service_hall",), 1, 0, "政务大厅"),
    (("school_surroundings",), 2, 0, "校园周边"),
    (("bus_stop",), 2, 0, "公交站台"),
    (("small_workshop",), 1, 0, "小作坊"),
    (("stall_area",), 1, 0, "摊贩集中区"),
)
