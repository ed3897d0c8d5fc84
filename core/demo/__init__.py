"""The demo city (演示城市): 太原市 and its districts with synthetic visits, findings and publications; no real person's name."""

from core.demo.lay import ACCOUNTS, PASSWORD, lay_demo

__all__ = ["ACCOUNTS", "PASSWORD", "lay_demo"]
