"""National civilized city (全国文明城市).

围绕公共环境、公共秩序、市民素质和未成年人成长环境的创建项目。
"""

from core.campaigns import Campaign, hookimpl, load


@hookimpl
def campaign() -> Campaign:
    """The campaign as its files declare it."""
    return load(__package__)
