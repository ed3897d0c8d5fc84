"""National forest city (国家森林城市): a campaign of an outside author, as the tests imagine one."""

from core.campaigns import Campaign, hookimpl, load


@hookimpl
def campaign() -> Campaign:
    """The campaign as its files declare it."""
    return load(__package__)
