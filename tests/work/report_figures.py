"""What five reports state (报告数字): the task counts, quantities and registry sizes, as facts to be entered and printed again."""

from __future__ import annotations

from typing import NamedTuple


class Stated(NamedTuple):
    """One stated figure: its number as a text, the unit's word, the qualifier's, the period as written."""

    id: str
    district: str
    campaign: str
    subject: str
    value: str
    unit: str
    qualifier: str
    period: str
    kind: str

    @property
    def report(self) -> str:
        """The report that states it."""
        return self.id.partition("-")[0]

    @property
    def name(self) -> str:
        """What is counted: 拆除私搭乱建 of 拆除私搭乱建(市容)."""
        return self.subject.partition("(")[0]

    @property
    def scope(self) -> str:
        """What it covers: 市容 of 拆除私搭乱建(市容)."""
        return self.subject.partition("(")[2].removesuffix(")")


STATED = (
    Stated("S0-F009", "阳泉市城区", "sanitary", "建成区街道数", "5", "subdistricts", "exact", "", "registry-size"),
    Stated("S0-F010", "阳泉市城区", "sanitary", "包保社区数", "49", "communities", "exact", "", "registry-size"),
    Stated("S0-F020", "阳泉市城区", "sanitary", "编组干部数", "1400", "persons", "over", "", "registry-size"),
    Stated(
        "S0-F024",
        "阳泉市城区",
        "sanitary",
        "志愿者队伍规模",
        "数万",
        "persons",
        "tens_of_thousands",
        "",
        "registry-size",
    ),
    Stated("S0-F026", "阳泉市城区", "sanitary", "北岭散居院落", "30", "courtyards", "exact", "", "quantity"),
    Stated("S0-F027", "阳泉市城区", "sanitary", "北岭散居住户", "47", "households", "exact", "", "quantity"),
    Stated("S0-F028", "阳泉市城区", "sanitary", "北岭散居建成年代", "1980", "decade", "approx", "", "quantity"),
    Stated("S0-F029", "阳泉市城区", "sanitary", "北岭垃圾积存年数", "30", "years", "over", "", "quantity"),
    Stated(
        "S0-F032",
        "阳泉市城区",
        "sanitary",
        "麻巷投资",
        "2000000",
        "CNY",
        "over",
        "from mid March, 40-odd days",
        "quantity",
    ),
    Stated("S0-F033", "阳泉市城区", "sanitary", "麻巷取缔废品收购站", "5", "count", "exact", "", "quantity"),
    Stated("S0-F034", "阳泉市城区", "sanitary", "麻巷拆违拆临处数", "20", "count", "over", "", "quantity"),
    Stated("S0-F035", "阳泉市城区", "sanitary", "麻巷拆违拆临面积", "300", "m2", "over", "", "quantity"),
    Stated("S0-F036", "阳泉市城区", "sanitary", "麻巷拆除旱厕", "20", "count", "exact", "", "quantity"),
    Stated("S0-F037", "阳泉市城区", "sanitary", "麻巷清理垃圾", "1100", "t", "over", "", "quantity"),
    Stated("S0-F038", "阳泉市城区", "sanitary", "麻巷立面整饰", "5000", "m2", "over", "", "quantity"),
    Stated("S0-F039", "阳泉市城区", "sanitary", "麻巷绿化", "600", "m2", "exact", "", "quantity"),
    Stated("S0-F040", "阳泉市城区", "sanitary", "麻巷道路硬化", "300", "m2", "approx", "", "quantity"),
    Stated("S0-F041", "阳泉市城区", "sanitary", "麻巷墙体彩绘", "4000", "m2", "over", "", "quantity"),
    Stated("S0-F042", "阳泉市城区", "sanitary", "麻巷工期", "40", "days", "over", "", "quantity"),
    Stated(
        "S0-F046", "阳泉市城区", "sanitary", "完成冲刺任务", "11487", "tasks", "exact", "to date (August)", "task-count"
    ),
    Stated(
        "S0-F048", "阳泉市城区", "sanitary", "自查达标网格", "247", "grids", "exact", "to date (August)", "task-count"
    ),
    Stated("S0-F050", "阳泉市城区", "sanitary", "公厕改造完成", "62", "count", "exact", "", "quantity"),
    Stated("S0-F051", "阳泉市城区", "sanitary", "户厕改造完成", "524", "count", "exact", "", "quantity"),
    Stated("S0-F052", "阳泉市城区", "sanitary", "外立面粉刷", "968447.06", "m2", "exact", "", "quantity"),
    Stated("S0-F053", "阳泉市城区", "sanitary", "新增绿地", "28392", "m2", "exact", "", "quantity"),
    Stated("S0-F054", "阳泉市城区", "sanitary", "规范建筑工地", "21", "count", "exact", "", "quantity"),
    Stated("S0-F055", "阳泉市城区", "sanitary", "拆除临建违建处数", "1325", "count", "exact", "", "quantity"),
    Stated("S0-F056", "阳泉市城区", "sanitary", "拆除临建违建面积", "74158", "m2", "approx", "", "quantity"),
    Stated("S1-F001", "太原市小店区", "civilized", "太原市辖城区数", "6", "districts", "exact", "", "registry-size"),
    Stated("S1-F002", "太原市小店区", "civilized", "镇", "1", "count", "exact", "", "registry-size"),
    Stated("S1-F003", "太原市小店区", "civilized", "乡", "2", "count", "exact", "", "registry-size"),
    Stated("S1-F004", "太原市小店区", "civilized", "街道办事处", "6", "count", "exact", "", "registry-size"),
    Stated("S1-F005", "太原市小店区", "civilized", "社区居委会", "60", "count", "exact", "", "registry-size"),
    Stated("S1-F006", "太原市小店区", "civilized", "行政村", "80", "count", "exact", "", "registry-size"),
    Stated(
        "S1-F012",
        "太原市小店区",
        "civilized",
        "总指挥召开专题会/现场会",
        "20",
        "meetings",
        "over",
        "2018-2019-10",
        "task-count",
    ),
    Stated("S1-F013", "太原市小店区", "civilized", "常委会研究次数", "数十", "meetings", "tens", "", "task-count"),
    Stated("S1-F015", "太原市小店区", "civilized", "线上问卷参与", "210000", "person-times", "over", "", "task-count"),
    Stated("S1-F016", "太原市小店区", "civilized", "硬化路(地)面", "978500", "m2", "exact", "", "quantity"),
    Stated("S1-F017", "太原市小店区", "civilized", "第五立面整治", "740000", "m2", "exact", "", "quantity"),
    Stated("S1-F018", "太原市小店区", "civilized", "粉刷楼体立面", "230000", "m2", "exact", "", "quantity"),
    Stated("S1-F019", "太原市小店区", "civilized", "拆除违规广告、私搭乱建", "91900", "m2", "exact", "", "quantity"),
    Stated("S1-F020", "太原市小店区", "civilized", "电线电缆入地", "50", "km", "over", "", "quantity"),
    Stated("S1-F023", "太原市小店区", "civilized", "释放机动车停车位", "6360", "count", "exact", "", "quantity"),
    Stated("S1-F024", "太原市小店区", "civilized", "非机动车停车位", "1452", "places", "exact", "", "quantity"),
    Stated("S1-F025", "太原市小店区", "civilized", "老旧示范小区", "80", "estates", "over", "", "quantity"),
    Stated("S1-F026", "太原市小店区", "civilized", "非老旧居民小区", "582", "estates", "exact", "", "registry-size"),
    Stated("S1-F028", "太原市小店区", "civilized", "文明单位包联", "170", "units", "over", "", "registry-size"),
    Stated(
        "S1-F029",
        "太原市小店区",
        "civilized",
        "背街小巷整治完成",
        "139",
        "streets",
        "exact",
        "to 2019-10",
        "task-count",
    ),
    Stated(
        "S1-F030",
        "太原市小店区",
        "civilized",
        "老旧小区整治完成",
        "427",
        "estates",
        "exact",
        "to 2019-10",
        "task-count",
    ),
    Stated(
        "S1-F031", "太原市小店区", "civilized", "集贸市场整治完成", "30", "markets", "exact", "to 2019-10", "task-count"
    ),
    Stated(
        "S1-F032",
        "太原市小店区",
        "civilized",
        "大型专业市场整治完成",
        "26",
        "markets",
        "exact",
        "to 2019-10",
        "task-count",
    ),
    Stated("S1-F033", "太原市小店区", "civilized", "集中连片整治片区", "8", "areas", "exact", "", "quantity"),
    Stated("S1-F034", "太原市小店区", "civilized", "省府片区街巷入地", "5", "streets", "exact", "", "quantity"),
    Stated("S1-F035", "太原市小店区", "civilized", "省府片区小区入地", "15", "estates", "exact", "", "quantity"),
    Stated("S1-F036", "太原市小店区", "civilized", "清洗瓷砖立面", "2000", "m2", "over", "", "quantity"),
    Stated("S1-F037", "太原市小店区", "civilized", "中煤七处无物业年数", "20", "years", "over", "", "quantity"),
    Stated("S1-F038", "太原市小店区", "civilized", "幸福汇菜市场面积", "2500", "m2", "over", "", "quantity"),
    Stated("S1-F039", "太原市小店区", "civilized", "幸福汇整治时长", "2", "months", "over", "", "quantity"),
    Stated("S1-F044", "太原市小店区", "civilized", "市场大型整治数(重复)", "26", "markets", "exact", "", "task-count"),
    Stated("S1-F046", "太原市小店区", "civilized", "常住+流动人口", "1500000", "persons", "over", "", "registry-size"),
    Stated("S1-F047", "太原市小店区", "civilized", "临街门店", "14000", "shops", "over", "", "registry-size"),
    Stated("S1-F048", "太原市小店区", "civilized", "宣传资料手册", "40000", "copies", "over", "", "quantity"),
    Stated("S1-F049", "太原市小店区", "civilized", "门前三包责任牌", "13000", "plates", "over", "", "task-count"),
    Stated("S1-F051", "太原市小店区", "civilized", "烟头兑换投入", "90000", "CNY", "exact", "", "quantity"),
    Stated(
        "S1-F052", "太原市小店区", "civilized", "烟头兑换礼品", "40000", "gifts", "over", "2018 to date", "task-count"
    ),
    Stated("S1-F053", "太原市小店区", "civilized", "无物业楼院", "301", "yards", "exact", "", "registry-size"),
    Stated("S1-F054", "太原市小店区", "civilized", "无物业楼院保洁员", "127", "persons", "exact", "", "registry-size"),
    Stated("S1-F055", "太原市小店区", "civilized", "灭烟器", "2000", "count", "exact", "", "quantity"),
    Stated("S1-F056", "太原市小店区", "civilized", "果皮箱", "535", "count", "exact", "", "quantity"),
    Stated(
        "S1-F057", "太原市小店区", "civilized", "不文明行为警示教育", "4000", "person-times", "over", "", "task-count"
    ),
    Stated(
        "S2-F011", "大同市平城区", "civilized", "老旧小区改造", "104", "estates", "exact", "this year", "task-count"
    ),
    Stated("S2-F015", "大同市平城区", "civilized", "小哥有价值信息", "150", "reports", "over", "", "task-count"),
    Stated("S2-F016", "大同市平城区", "civilized", "小哥办好事", "130", "deeds", "over", "", "task-count"),
    Stated("S3-F004", "锦州市古塔区", "all", "会议与督导次数", "80", "times", "over", "2018", "task-count"),
    Stated("S3-F009", "锦州市古塔区", "civilized", "致市民一封信", "1000", "copies", "exact", "", "quantity"),
    Stated("S3-F010", "锦州市古塔区", "civilized", "公益宣传板", "3000", "boards", "exact", "", "quantity"),
    Stated("S3-F011", "锦州市古塔区", "civilized", "禁止售卖警示牌", "21", "signs", "exact", "", "quantity"),
    Stated("S3-F013", "锦州市古塔区", "civilized", "道旗", "550", "flags", "exact", "", "quantity"),
    Stated("S3-F014", "锦州市古塔区", "civilized", "景观小品", "7", "sets", "exact", "", "quantity"),
    Stated("S3-F016", "锦州市古塔区", "civilized", "带队领导督导次数", "7.5", "times", "approx", "", "task-count"),
    Stated("S3-F017", "锦州市古塔区", "sanitary", "拆除私搭乱建(市容)", "2770", "count", "exact", "", "quantity"),
    Stated("S3-F018", "锦州市古塔区", "sanitary", "清理流动商贩", "20000", "person-times", "exact", "", "task-count"),
    Stated("S3-F019", "锦州市古塔区", "sanitary", "店外经营加工", "6700", "cases", "over", "", "task-count"),
    Stated("S3-F020", "锦州市古塔区", "sanitary", "三乱", "9300", "cases", "over", "", "task-count"),
    Stated("S3-F023", "锦州市古塔区", "sanitary", "环卫出动人员(一)", "2300", "person-times", "over", "", "task-count"),
    Stated("S3-F024", "锦州市古塔区", "sanitary", "专业车辆(一)", "1480", "vehicle-trips", "exact", "", "task-count"),
    Stated("S3-F025", "锦州市古塔区", "sanitary", "清运垃圾(一)", "2800", "t", "approx", "", "quantity"),
    Stated("S3-F026", "锦州市古塔区", "sanitary", "清除小广告(一)", "3000", "sheets", "over", "", "quantity"),
    Stated("S3-F027", "锦州市古塔区", "sanitary", "边沟清淤护坡", "5700", "m", "exact", "", "quantity"),
    Stated("S3-F028", "锦州市古塔区", "sanitary", "路面硬化", "22700", "m2", "exact", "", "quantity"),
    Stated("S3-F029", "锦州市古塔区", "sanitary", "楼体粉饰", "624445", "m2", "exact", "", "quantity"),
    Stated("S3-F030", "锦州市古塔区", "sanitary", "垃圾箱投放", "3765", "count", "exact", "", "quantity"),
    Stated("S3-F032", "锦州市古塔区", "sanitary", "出动人员(二)", "41329", "person-times", "exact", "", "task-count"),
    Stated("S3-F033", "锦州市古塔区", "sanitary", "出动车辆(二)", "5700", "vehicle-trips", "over", "", "task-count"),
    Stated("S3-F034", "锦州市古塔区", "sanitary", "运送垃圾(二)", "40296", "t", "exact", "", "quantity"),
    Stated("S3-F035", "锦州市古塔区", "sanitary", "清理小广告(二)", "800000", "sheets", "over", "", "quantity"),
    Stated("S3-F036", "锦州市古塔区", "sanitary", "拆除私搭乱建(社区)", "6570", "count", "exact", "", "quantity"),
    Stated("S3-F037", "锦州市古塔区", "sanitary", "清理小田园杂草", "705000", "m2", "exact", "", "quantity"),
    Stated("S3-F038", "锦州市古塔区", "sanitary", "毒饵盒", "6000", "count", "exact", "", "quantity"),
    Stated("S3-F039", "锦州市古塔区", "sanitary", "鼠药", "21.5", "t", "exact", "", "quantity"),
    Stated(
        "S3-F041", "锦州市古塔区", "sanitary", "医疗卫生机构健教专员", "200", "facilities", "exact", "", "registry-size"
    ),
    Stated("S3-F043", "锦州市古塔区", "sanitary", "电厂脱硫脱硝", "2", "plants", "exact", "", "task-count"),
    Stated("S3-F044", "锦州市古塔区", "sanitary", "加油站VOC治理", "10", "stations", "exact", "", "task-count"),
    Stated("S3-F045", "锦州市古塔区", "sanitary", "油库VOC治理", "1", "depot", "exact", "", "task-count"),
    Stated("S3-F046", "锦州市古塔区", "sanitary", "淘汰小锅炉", "9", "boilers", "exact", "to 2018-11", "task-count"),
    Stated("S3-F047", "锦州市古塔区", "sanitary", "剩余小锅炉", "14", "boilers", "exact", "by year end", "task-count"),
    Stated("S3-F048", "锦州市古塔区", "sanitary", "烟囱拆除投资", "1200000", "CNY", "over", "", "quantity"),
    Stated("S3-F049", "锦州市古塔区", "sanitary", "废弃烟囱", "28", "count", "exact", "", "task-count"),
    Stated("S3-F053", "锦州市古塔区", "food", "餐饮单位", "1480", "operators", "over", "", "registry-size"),
    Stated("S3-F054", "锦州市古塔区", "food", "流通单位", "1680", "operators", "exact", "", "registry-size"),
    Stated("S3-F055", "锦州市古塔区", "food", "食品生产企业", "23", "companies", "exact", "", "registry-size"),
    Stated("S3-F056", "锦州市古塔区", "food", "小作坊", "7", "workshops", "exact", "", "registry-size"),
    Stated("S3-F057", "锦州市古塔区", "food", "农贸市场", "5", "markets", "exact", "", "registry-size"),
    Stated("S3-F058", "锦州市古塔区", "food", "摊贩集中区", "14", "areas", "exact", "", "registry-size"),
    Stated("S3-F059", "锦州市古塔区", "food", "食品摊贩", "1400", "stalls", "over", "", "registry-size"),
    Stated("S3-F060", "锦州市古塔区", "food", "信息公示板", "3300", "boards", "over", "", "task-count"),
    Stated("S3-F061", "锦州市古塔区", "food", "三小许可", "450", "permits", "over", "", "task-count"),
    Stated("S3-F062", "锦州市古塔区", "food", "三小关停", "23", "operators", "exact", "", "task-count"),
    Stated("S3-F064", "锦州市古塔区", "civilized", "志愿服务队", "100", "teams", "over", "", "registry-size"),
    Stated("S3-F067", "锦州市古塔区", "civilized", "文明劝导员", "1000", "persons", "approx", "", "registry-size"),
    Stated(
        "S4-F004", "徐州经济技术开发区", "sanitary", "公共卫生与医疗单位", "174", "units", "exact", "", "registry-size"
    ),
    Stated("S4-F005", "徐州经济技术开发区", "sanitary", "公共场所点位", "712", "sites", "exact", "", "registry-size"),
    Stated(
        "S4-F008",
        "徐州经济技术开发区",
        "sanitary+food",
        "餐饮经营者总数",
        "3182",
        "operators",
        "exact",
        "",
        "registry-size",
    ),
    Stated(
        "S4-F009", "徐州经济技术开发区", "sanitary+food", "大型餐饮", "36", "operators", "exact", "", "registry-size"
    ),
    Stated(
        "S4-F010", "徐州经济技术开发区", "sanitary+food", "中型餐饮", "142", "operators", "exact", "", "registry-size"
    ),
    Stated(
        "S4-F011", "徐州经济技术开发区", "sanitary+food", "小型餐饮", "2124", "operators", "exact", "", "registry-size"
    ),
    Stated(
        "S4-F012", "徐州经济技术开发区", "sanitary+food", "微型餐饮", "819", "operators", "exact", "", "registry-size"
    ),
    Stated("S4-F013", "徐州经济技术开发区", "sanitary+food", "农贸市场", "7", "markets", "exact", "", "registry-size"),
    Stated(
        "S4-F014", "徐州经济技术开发区", "sanitary+food", "专业和批发市场", "3", "markets", "exact", "", "registry-size"
    ),
    Stated("S4-F022", "徐州经济技术开发区", "civilized", "主要路口", "3", "junctions", "exact", "", "registry-size"),
    Stated("S4-F023", "徐州经济技术开发区", "civilized", "主次干道", "6", "roads", "exact", "", "registry-size"),
    Stated("S4-F024", "徐州经济技术开发区", "civilized", "商业大街", "1", "street", "exact", "", "registry-size"),
)
