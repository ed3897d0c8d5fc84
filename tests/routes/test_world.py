"""Every file that asks begins with the same world (路由测试的世界), whatever the file before did in its own."""

from __future__ import annotations

from core.databases import Urls
from tests.conftest import Once
from tests.routes import canaries
from tests.routes.walk import body_of, call_of, rules_of, variables_of
from tests.routes.world import World, standing


def picture(world: World) -> tuple[object, ...]:
    """All that a file could leave behind: rows of both districts, files, and what the world remembers."""
    rows = [canaries.digest(world.super, made.ref.id) for made in (world.a, world.b)]
    kept = {str(path.relative_to(world.files)): path.read_bytes() for path in world.files.rglob("*") if path.is_file()}
    made = [(dict(one.ids), sorted(one.actors), list(one.findings)) for one in (world.a, world.b)]
    askers = {name: (who.cookie, who.csrf, who.token) for name, who in world.askers.items()}
    return rows, kept, made, askers, dict(world.verbs), dict(world.bodies)


def test_what_one_file_does_the_next_does_not_find(server: Urls, once: Once) -> None:
    with standing(server, once) as world:
        before = picture(world)
        call = next(
            call_of(world, world.askers["hq_office"], rule, "POST", dict.fromkeys(variables_of(rule), "own"))
            for rule in rules_of(world)
            if rule.endpoint == "api_sites.add_site"
        )
        body_of(world, world.askers["hq_office"], call)
        world.verbs["hq_office"] = frozenset()
        for made in (world.a, world.b):
            world.super.execute("UPDATE site SET name = 'another' WHERE tenant_id = %s", [made.ref.id])
            made.ids["site_id"] = "another"
            made.actors.clear()
            made.findings.clear()
        (world.files / "another").write_text("left behind")
        world.askers["leader"].cookie = ""
        left = picture(world)
        assert all(one != other for one, other in zip(before, left, strict=True))
    with standing(server, once) as world:
        assert picture(world) == before
        assert world.askers["leader"].client.get(f"/t/{world.a.ref.slug}/").status_code in (302, 303)  # nobody's cookie
        world.askers["leader"].fresh()
        assert world.askers["leader"].client.get(f"/t/{world.a.ref.slug}/").status_code == 200
