"""Routes are said once: dispatch, description, README and scopes follow."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from workbench.scoring import docs, v1, v2
from workbench.scoring.keys import SCOPES, Access, Keys
from workbench.scoring.routes import ROUTES
from workbench.scoring.service import Service

ROOT = Path(__file__).parents[2]
BY_NAME = [pytest.param(route, id=f"{route.method} {route.path}") for route in ROUTES]


@pytest.fixture
def keys(tmp_path) -> Keys:
    return Keys(tmp_path / "keys.json")


def path_of(route) -> str:
    return route.path.format(name="shop", version=1)


def ask(client, route, token="", kind="application/json"):
    headers = {"Content-Type": kind, **({"X-API-Key": token} if token else {})}
    return client.request(
        route.method, path_of(route), content=b"{}" if route.takes else None, headers=headers
    ).status_code


def test_no_route_stands_twice_and_each_scope_is_used():
    assert len({(r.method, r.path) for r in ROUTES}) == len(ROUTES)
    assert {r.scope for r in ROUTES} - {""} == set(SCOPES)
    assert all(bool(r.takes) == bool(r.body) for r in ROUTES)


def test_every_handler_of_the_service_has_a_route(scorer):
    service = Service(scorer)
    handlers = {
        name for name, thing in vars(Service).items()
        if getattr(thing, "__annotations__", {}) == {"request": "Request", "return": "Answer"}
    } - {"_safely"}  # fmt: skip

    assert handlers == {route.handler for route in ROUTES if "." not in route.handler}
    assert {(m, a.path) for a in service._addresses.all() for m in a.methods} == {(r.method, r.path) for r in ROUTES}


def test_every_handler_of_a_module_has_a_route():
    modules = {"docs": docs, "v1": v1, "v2": v2}
    handlers = {
        f"{module}.{name}" for module, there in modules.items() for name, thing in vars(there).items()
        if getattr(thing, "__annotations__", {}) == {"service": "Service", "request": "Request", "return": "Answer"}
    }  # fmt: skip

    assert handlers == {route.handler for route in ROUTES if "." in route.handler}


@pytest.mark.parametrize("route", BY_NAME)
def test_a_route_opens_with_its_scope_and_with_no_other(scorer, keys, route):
    client = TestClient(Service(scorer, access=Access(keys=keys)))
    tokens = {scope: keys.add(scope, [scope]) for scope in SCOPES}

    if not route.scope:
        assert ask(client, route) == 200
        return
    assert ask(client, route) == 401
    assert {ask(client, route, token) for scope, token in tokens.items() if scope != route.scope} == {403}
    assert ask(client, route, tokens[route.scope]) not in (401, 403, 404, 405)


@pytest.mark.parametrize("route", BY_NAME)
def test_a_route_takes_the_kinds_of_content_that_it_says(scorer, route):
    client = TestClient(Service(scorer))

    if route.takes:
        assert ask(client, route, kind="application/x-other") == 415
        assert 415 not in {ask(client, route, kind=kind) for kind in route.takes}


@pytest.mark.parametrize("route", BY_NAME)
def test_a_route_is_described(scorer, keys, route):
    client = TestClient(Service(scorer, access=Access(keys=keys)))
    described = client.get("/openapi.json", headers={"X-API-Key": keys.add("reader", ["read"])}).json()["paths"]

    operation = described[route.path][route.method.lower()]
    assert operation["summary"] == route.summary
    assert ("requestBody" in operation) == bool(route.takes)
    assert (operation.get("security") == []) == (not route.scope)
    assert set(operation["responses"]["200"]["content"]) == {route.gives, *route.streams}
    assert sum(map(len, described.values())) == len(ROUTES)


@pytest.mark.parametrize("route", BY_NAME)
def test_an_answer_is_of_the_kind_that_its_route_says(scorer, route):
    answer = TestClient(Service(scorer)).request(route.method, path_of(route))

    if answer.status_code == 200:
        assert answer.headers["Content-Type"].partition(";")[0] == route.gives


def test_the_readme_has_each_route():
    text = (ROOT / "README.md").read_text()
    there = [line for line in text.splitlines() if line.startswith(("| `GET /", "| `POST /"))]

    assert [tuple(c.strip() for c in line.strip("|").split("|")) for line in there] == [
        (f"`{r.method} {r.path}`", r.summary, r.scope or "no key", ", ".join(f"`{kind}`" for kind in r.takes))
        for r in ROUTES
    ]
