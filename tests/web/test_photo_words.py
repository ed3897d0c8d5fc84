"""What is said of photos that do not fit: short, rounded, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from core.web.photo_words import say_distance, say_gap, say_time
from core.work.inspection.photo_gaps import Gap

TAKEN = datetime(2026, 11, 20, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (Gap("visit", TAKEN, timedelta(days=2)), "照片拍摄于 11月20日 09:12，早于检查开始 2 天"),
        (
            Gap("report", TAKEN, timedelta(hours=13), by_device=True),
            "照片拍摄于 11月20日 09:12，早于上报 13 小时（据设备）",
        ),
        (Gap("found", TAKEN, timedelta(days=400)), "照片拍摄于 2026年11月20日 09:12，早于发现问题 400 天"),
        (Gap("again", TAKEN, timedelta(minutes=31)), "照片拍摄于 11月20日 09:12，早于退回或反弹 31 分钟"),
        (Gap("received", TAKEN, timedelta(hours=1)), "照片上的时间 11月20日 09:12，晚于收到照片 1 小时"),
        (Gap("far", metres=1313), "拍摄地点距点位 1.3 公里"),
        (Gap("far", metres=420, by_device=True), "拍摄地点距点位 420 米（据设备）"),
        (Gap("device_far", metres=420, by_device=True), "选照片时设备距点位 420 米"),
        (Gap("fast", span=timedelta(minutes=25), by_device=True), "设备时钟快 25 分钟"),
        (Gap("slow", span=timedelta(days=20_000), by_device=True), "设备时钟慢 20000 天"),
    ],
)
def test_every_gap_is_said(app: Flask, gap: Gap, said: str) -> None:
    with app.test_request_context(), force_locale("zh"):
        assert say_gap(gap) == said


def test_spans_and_distances_are_rounded(app: Flask) -> None:
    with app.test_request_context(), force_locale("zh"):
        spans = {
            59: "59 分钟",
            60: "1 小时",
            89: "1 小时",
            90: "2 小时",
            1409: "23 小时",
            1410: "1 天",
            2860: "2 天",
            3600: "3 天",
        }
        assert {minutes: say_time(timedelta(minutes=minutes)) for minutes in spans} == spans
        assert [say_distance(n) for n in (999, 1000, 1049, 1050, 94_960)] == [
            "999 米",
            "1.0 公里",
            "1.0 公里",
            "1.1 公里",
            "95.0 公里",
        ]
