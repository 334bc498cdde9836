"""Who may call which route: each route of the OpenAPI document, called by everybody.

`access_matrix.tsv` holds the expected answers, one line for each route. `ok` is any answer to a
caller who may call it, be it about a wrong body; the other cells are statuses. The callers:

- `nobody` sends neither token nor key;
- `owner` is the user whose things the address names, `other` another user;
- `admin` is an admin to whom they do not belong either;
- `read`, `write` and `lists` are keys of the owner with this scope, `admin_key` one of the admin.

A new route needs a line, and, if its address names a thing of a user, a maker in `MAKERS`.
"""

import csv
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from service.http.openapi_document import build_document
from tests.support import service_runner
from tests.support.api_accounts import ApiUser, create_key, create_user, log_in
from tests.support.openapi import create_finalized_app
from tests.support.service_runner import ADMIN, ApiClient, Response

pytestmark = pytest.mark.once

MATRIX_FILE = Path(__file__).with_name("access_matrix.tsv")
USERS, SCOPES = ("owner", "other", "admin"), ("read", "write", "lists")
CALLERS = ("nobody", *USERS, *SCOPES, "admin_key")
REFUSALS = (401, 403, 404)
METHODS = ("get", "post", "put", "patch", "delete")
PASSWORD = "correct horse battery"
IMDB_ID = "tt0073195"
FILM = {"title": "Jaws", "imdb_id": IMDB_ID}
Cells = dict[str, str]


def read_matrix() -> dict[str, Cells]:
    """Return route → caller → expected answer."""
    with MATRIX_FILE.open(newline="") as file:
        return {row.pop("route"): dict(row) for row in csv.DictReader(file, delimiter="\t")}


def list_operations() -> dict[str, Mapping[str, Any]]:
    """Return route → operation of the OpenAPI document."""
    paths = build_document(create_finalized_app(), "0")["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, operations in paths.items()
        for method, operation in operations.items()
        if method in METHODS
    }


@dataclass
class World:
    """A service with three users, their keys, and what the owner has."""

    api: ApiClient
    users: dict[str, ApiUser]
    keys: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)

    async def create(self, path: str, body: object) -> str:
        """Return the id of something new that belongs to the owner."""
        token = self.users["owner"].token
        created = await self.api.request("POST", path, token=token, json=body)
        assert created.status == 201, created.json
        return str(created.json["id"])

    async def call(self, caller: str, method: str, path: str, body: object) -> Response:
        """Send a request as this caller."""
        options = {} if body is None else {"json": body}
        if caller in self.users:
            return await self.api.request(method, path, token=self.users[caller].token, **options)
        headers = {} if caller == "nobody" else {"X-API-Key": self.keys[caller]}
        return await self.api.request(method, path, headers=headers, **options)

    async def renew_session(self, caller: str) -> None:
        """Log the user in again if the last request has ended the session."""
        user = self.users.get(caller)
        if user and (await self.api.get("/api/v1/me", token=user.token)).status == 401:
            password = ADMIN[1] if caller == "admin" else PASSWORD
            self.users[caller] = await log_in(self.api, user.name, password)


async def make_session(world: World) -> str:
    user = await log_in(world.api, world.users["owner"].name, PASSWORD)
    sessions = await world.api.get("/api/v1/me/sessions", token=user.token)
    return next(str(entry["id"]) for entry in sessions.json["results"] if entry["is_current"])


async def make_key(world: World) -> str:
    return await world.create("/api/v1/me/keys", {"name": "player", "scopes": ["read"]})


async def make_entry(world: World) -> str:
    return await world.create("/api/v1/me/history", {"movie": world.ids["movie"]})


async def make_rating(world: World) -> str:
    token = world.users["owner"].token
    for rating in (await world.api.get("/api/v1/ratings", token=token)).json["results"]:
        return str(rating["id"])  # there is one for each film
    return await world.create("/api/v1/ratings", {"movie": IMDB_ID, "vote": "up"})


async def make_export(world: World) -> str:
    token = world.users["owner"].token
    await world.api.request("POST", "/api/v1/me/exports", token=token)  # 409 if there is one
    (export,) = (await world.api.get("/api/v1/me/exports", token=token)).json["results"]
    return str(export["id"])


async def make_list(world: World) -> str:
    list_id = await world.create("/api/v1/lists", {"name": "mine", "visibility": "private"})
    await world.call("owner", "PUT", f"/api/v1/lists/{list_id}/items/{IMDB_ID}", {})
    return list_id


async def get_read_key(world: World) -> str:
    return world.keys["read"]


async def get_film(world: World) -> str:
    return world.ids["movie"]


async def restore_film(world: World) -> None:
    """Add the film again if the last request has deleted it."""
    if (await world.api.get(f"/api/v1/movies/{world.ids['movie']}")).status == 404:
        token = world.users["admin"].token
        film = await world.api.request("POST", "/api/v1/movies", token=token, json=FILM)
        world.ids["movie"] = film.json["id"]


async def get_owner_name(world: World) -> str:
    return world.users["owner"].name


async def make_review(world: World) -> str:
    """Return the id of a review of the owner, of a film of its own."""
    facts = {"title": f"Reviewed {uuid.uuid4().hex[:10]}"}
    token = world.users["admin"].token
    film = await world.api.request("POST", "/api/v1/movies", token=token, json=facts)
    draft = {"title": "Fine", "body": "Fine."}
    return await world.create(f"/api/v1/movies/{film.json['id']}/reviews", draft)


MAKERS: dict[str, Callable[[World], Awaitable[str]]] = {
    "movie": get_film,
    "addon_key": get_read_key,
    "username": get_owner_name,
    "session": make_session,
    "key_id": make_key,
    "entry": make_entry,
    "export": make_export,
    "list_id": make_list,
    "rating": make_rating,
    "review": make_review,
}
"""By the name of the parameter; of any other, the document's example is sent, and it is nothing's
id. What a request may delete is made for each one."""


OWNED = ("session", "key_id", "entry", "list_id", "rating", "export")
"""What belongs to one user, and is not there for others."""

BODIES: dict[str, object] = {
    "PATCH /api/v1/admin/users/{user}": {"end_sessions": True},
    "POST /api/v1/lists/{list_id}/order": {"movies": [IMDB_ID]},
    "PUT /api/v1/lists/{list_id}": {"name": "theirs"},
    "PUT /api/v1/ratings/{rating}": {"vote": "up"},
    "PUT /api/v1/reviews/{review}": {"title": "Fine", "body": "Fine."},
}
"""Where an empty body would be refused before it is known whose thing it is about."""


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Yield a service of its own, since the admin's requests change what all others share."""
    settings = {
        **service_runner.embedded_settings(tmp_path_factory.mktemp("matrix")),
        "INDEXER": "external",  # nobody does what the requests ask for
        "RATE_LIMITS": "off",
        "OMDB_URL": "http://127.0.0.1:1/",
        "OMDB_API_KEY": service_runner.OMDB_KEY,
    }
    created = service_runner.run_command(settings, "create-admin", ADMIN[0], stdin=f"{ADMIN[1]}\n")
    assert created.returncode == 0, created.stderr
    async with (
        service_runner.open_in_thread(service_runner.run_service(settings)) as service,
        ApiClient.connect(service) as api,
    ):
        users = {name: await create_user(api) for name in ("owner", "other")}
        users["admin"] = await log_in(api, *ADMIN)
        keys = {s: str((await create_key(api, users["owner"].token, s))["key"]) for s in SCOPES}
        keys["admin_key"] = str((await create_key(api, users["admin"].token, "admin"))["key"])
        film = await api.request("POST", "/api/v1/movies", token=users["admin"].token, json=FILM)
        yield World(api, users, keys, {"movie": film.json["id"]})


def classify(response: Response) -> str:
    """Return what the table calls an answer; one that is no answer to the question is named."""
    is_answer = response.status < 500 and response.status not in (*REFUSALS, 405, 429)
    return "ok" if is_answer else str(response.status)


def test_the_table_has_a_line_for_each_route_and_no_other() -> None:
    matrix, operations = read_matrix(), list_operations()
    assert sorted(matrix) == list(matrix), "the lines are sorted"
    assert set(operations) - set(matrix) == set(), "these routes have no line in the table"
    assert set(matrix) - set(operations) == set(), "these lines have no route"
    for route, cells in matrix.items():
        assert tuple(cells) == CALLERS, route
        assert set(cells.values()) <= {"ok", *map(str, REFUSALS)}, route


@pytest.mark.parametrize("name", OWNED)
def test_what_belongs_to_one_user_is_not_there_for_others(name: str) -> None:
    routes = {r: cells for r, cells in read_matrix().items() if f"{{{name}}}" in r}
    assert routes
    for route, cells in routes.items():
        assert (cells["owner"], cells["other"], cells["admin"]) == ("ok", "404", "404"), route


async def test_each_route_answers_each_caller_as_the_table_says(world: World) -> None:
    matrix, answers = read_matrix(), dict[str, Cells]()
    for route, operation in list_operations().items():
        method, template = route.split(" ")
        body = BODIES.get(route, {}) if operation.get("requestBody", {}).get("required") else None
        examples = {p["name"]: p["example"] for p in operation["parameters"] if p["in"] == "path"}
        answers[route] = {}
        for caller in CALLERS:
            ids = {n: await MAKERS[n](world) if n in MAKERS else e for n, e in examples.items()}
            path = re.sub(r"{(\w+)}", lambda match, ids=ids: ids[match[1]], template)
            response = await world.call(caller, method, path, body)
            answers[route][caller] = classify(response)
            if method != "GET":
                await world.renew_session(caller)
            if method == "DELETE":
                await restore_film(world)
    wrong = {
        (route, caller): f"{answer}, not {matrix.get(route, {}).get(caller)}"
        for route, cells in answers.items()
        for caller, answer in cells.items()
        if answer != matrix.get(route, {}).get(caller)
    }
    assert wrong == {}
