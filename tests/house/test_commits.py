"""One commit a request, a job or a command, at its boundary; who else commits is listed with a reason."""

from __future__ import annotations

import ast

from tests.house.tree import parse_code

BOUNDARIES = {
    "core/request.py": "the boundary of a page or an API call; looking up a login is a scope-0 transaction of its own",
    "core/jobs/": "the boundary of a job",
    "core/cli/": "the boundary of a command",
}
EXCEPTIONS = {
    "core/web/account.py": "logins, throttles and refusals are kept in their own scope-0 transaction, whatever comes after",
    "core/web/proofs/link_door.py": "tries at a guest's link are counted in their own scope-0 transaction, whatever comes after",
    "core/web/plates/plate_door.py": "reports at a plate are counted in their own scope-0 transaction, whatever comes after",
    "core/web/photos.py": "each photo is kept by itself, so that a form with errors comes back with its photos",
    "core/web/operating.py": "an operator acts outside any tenant's request and enters the new tenant's scope for one act",
    "core/web/operator.py": "the operator's own trail is scope-0 and stands whatever the page does after it",
    "core/demo/": "plays ninety days as their requests would have come, one commit for each, so that it can be resumed",
    "core/bench/": "lays a trial nation on a server of its own, a transaction a district, so that memory stays bounded",
    "core/work/onboarding.py": "a new tenant needs two scopes: the platform's row must stand before its own scope can write",
}


def commits(tree: ast.AST) -> list[int]:
    """The lines that commit something."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]


def allowed(name: str) -> bool:
    return any(name == place or (place.endswith("/") and name.startswith(place)) for place in BOUNDARIES | EXCEPTIONS)


def test_only_boundaries_commit() -> None:
    found = {name: lines for name, tree in parse_code().items() if (lines := commits(tree)) and not allowed(name)}
    assert found == {}, "move the commit to a boundary, or list the file with its reason"


def test_every_exception_is_still_needed() -> None:
    trees = parse_code()
    busy = [name for name, tree in trees.items() if commits(tree)]
    assert [place for place in EXCEPTIONS if not any(name.startswith(place) for name in busy)] == []


def test_a_commit_is_seen() -> None:
    assert commits(ast.parse("def f(session):\n    session.commit()\n")) == [2]
