"""National sanitary city (国家卫生城市).

围绕市容环境卫生、重点场所卫生、病媒生物防制和健康促进的创建项目。
"""

from core.campaigns import Campaign, hookimpl, load


@hookimpl
def campaign() -> Campaign:
    """The campaign as its files declare it."""
    return load(__package__)
