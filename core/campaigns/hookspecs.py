"""What a plugin may answer (插件接口): one hook so far; a new one ships only with a plugin that needs it."""

from __future__ import annotations

import pluggy

from core.campaigns.catalogue import Campaign

PROJECT = "sancheng"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def campaign() -> Campaign | None:
    """The campaign that this plugin declares (创建项目).

    Usually ``return load(__package__)``. Called once at start-up, outside any request, tenant or transaction; the answer is
    pure data. A plugin that raises here is refused by name and the rest run.
    """
