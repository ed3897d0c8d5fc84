"""The registry: found by entry point, loaded one by one; a broken plugin is refused by name and the rest run."""

import logging
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from core.campaigns import installed, load_registry
from core.campaigns.hookspecs import hookimpl
from core.campaigns.registry import GROUP, UnknownCampaign
from tests.campaigns.packages import DATA

HEAD = "from core.campaigns import hookimpl, load, Campaign\n"
BROKEN = {
    "raises_on_import": "raise RuntimeError('kaputt')",
    "syntax": "def (",
    "exits": "import sys\nsys.exit(3)",
    "needs_more": "import a_library_nobody_has",
    "hook_raises": HEAD + "@hookimpl\ndef campaign():\n    raise ValueError('no luck')\n",
    "hook_exits": HEAD + "@hookimpl\ndef campaign():\n    raise SystemExit\n",
    "returns_text": HEAD + "@hookimpl\ndef campaign():\n    return 'a campaign'\n",
    "returns_nothing": HEAD + "@hookimpl\ndef campaign():\n    return None\n",
    "no_hook": "x = 1\n",
    "wrong_arguments": HEAD + "@hookimpl\ndef campaign(session):\n    return None\n",
    "unknown_hook": HEAD + "@hookimpl\ndef canpaign():\n    return None\n",
    "bad_package": HEAD + "@hookimpl\ndef campaign():\n    return load('tests.campaigns')\n",
    "same_key": HEAD + "@hookimpl\ndef campaign():\n    return load('plugins.sanitary_city')\n",
    "same_short": HEAD
    + "from dataclasses import replace\n@hookimpl\ndef campaign():\n"
    + "    return replace(load('plugins.sanitary_city'), key='another')\n",
    "old_contract": HEAD
    + "from dataclasses import replace\n@hookimpl\ndef campaign():\n"
    + "    return replace(load('plugins.sanitary_city'), key='k', short='k', contract=0)\n",
    "no_edition": HEAD
    + "from dataclasses import replace\n@hookimpl\ndef campaign():\n"
    + "    return replace(load('plugins.sanitary_city'), key='k', short='k', editions=())\n",
}


def point(name, module):
    return EntryPoint(name=name, value=module, group=GROUP)


def ours():
    return [point(k, f"plugins.{k}") for k in ("civilized_city", "sanitary_city", "food_safety_city")]


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_our_three_are_installed():
    registry = installed()
    assert registry is installed()
    assert {"civilized_city", "sanitary_city", "food_safety_city"} <= set(registry.campaigns)
    assert registry.refused == ()
    assert registry.get("food_safety_city").short == "food"


def test_an_unknown_key_is_a_404_that_names_it():
    with pytest.raises(UnknownCampaign, match="forest_city") as caught:
        load_registry(ours()).get("forest_city")
    assert caught.value.status == 404


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_a_broken_plugin_is_refused_by_name_and_the_rest_run(case, on_path, caplog):
    module = f"sancheng_broken_{case}"
    (on_path / f"{module}.py").write_text(BROKEN[case], encoding="utf-8")
    with caplog.at_level(logging.ERROR, logger="core.campaigns.registry"):
        registry = load_registry([point("zz_broken", module), *ours()])
    assert set(registry.campaigns) == {"civilized_city", "sanitary_city", "food_safety_city"}
    (refusal,) = registry.refused
    assert refusal.name == "zz_broken"
    assert refusal.reason
    assert "zz_broken" in caplog.text


def test_each_reason_says_what_was_wrong(on_path):
    words = {
        "raises_on_import": "kaputt",
        "needs_more": "a_library_nobody_has",
        "hook_raises": "no luck",
        "returns_text": "str",
        "unknown_hook": "canpaign",
        "bad_package": "campaign.toml",
        "same_key": "plugins.sanitary_city",
        "old_contract": "合同版本",
    }
    for case in words:
        (on_path / f"sancheng_reason_{case}.py").write_text(BROKEN[case], encoding="utf-8")
    points = [point(f"zz_{case}", f"sancheng_reason_{case}") for case in words]
    reasons = {r.name: r.reason for r in load_registry([*ours(), *points]).refused}
    assert [case for case in words if words[case] not in reasons[f"zz_{case}"]] == []


def test_an_outside_plugin_runs_beside_ours(monkeypatch):
    monkeypatch.syspath_prepend(str(DATA))
    registry = load_registry([point("forest_city", "sancheng_forest"), *ours()])
    assert registry.refused == ()
    assert registry.get("forest_city").title_en == "National forest city"
    words = registry.vocabulary
    assert "forest_grove" in words.site_types
    assert "FOREST-TREE" in words.categories
    assert len(words.roles) == 30


def test_a_plugin_may_be_an_object():
    class Plugin:
        @staticmethod
        @hookimpl
        def campaign():
            return installed().get("sanitary_city")

    class Point(EntryPoint):
        def load(self):
            return Plugin()

    registry = load_registry([Point(name="sanitary_city", value="x", group=GROUP)])
    assert list(registry.campaigns) == ["sanitary_city"]


def test_start_up_needs_neither_database_nor_web_and_is_quick():
    code = (
        "import time; t = time.perf_counter()\n"
        "from core.campaigns import installed\n"
        "n = len(installed().campaigns); s = time.perf_counter() - t\n"
        "import sys; bad = {'flask', 'sqlalchemy', 'core.work', 'tenants'} & set(sys.modules)\n"
        "print(n, round(s, 3), sorted(bad))"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3)]
    found = [run.stdout.split(maxsplit=2) for run in runs]
    assert {(n, bad.strip()) for n, _, bad in found} == {("3", "[]")}
    assert min(float(seconds) for _, seconds, _ in found) < 0.5
