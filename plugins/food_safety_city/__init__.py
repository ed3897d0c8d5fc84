"""National food-safety model city (国家食品安全示范城市).

围绕党政同责、全过程监管、食品安全状况和社会共治的创建项目。
"""

from core.campaigns import Campaign, hookimpl, load


@hookimpl
def campaign() -> Campaign:
    """The campaign as its files declare it."""
    return load(__package__)
