"""The service whose films are added and searched for by name.

It has five routes below `/api/v1`. Each answers with a sentence in `message`, whose text is exact.
"""

import uuid
from typing import Any

import pytest

from tests.support.api_accounts import PASSWORD
from tests.support.service_runner import ADMIN, ApiClient, Response
from tests.support.waiting import wait_until

REFUSED = {"message": "Invalid username or password."}


def make_name() -> str:
    return f"user-{uuid.uuid4().hex[:12]}"


def make_film(**facts: object) -> dict[str, Any]:
    film = {"name": f"Zephyrgate {uuid.uuid4().hex[:10]}", "imdb_score": 8.3, "director": "Ada"}
    return {**film, **facts}


async def post(api: ApiClient, route: str, body: object, token: str | None = None) -> Response:
    return await api.request("POST", f"/api/v1/{route}", json=body, token=token)


# POST /api/v1/register {username, password}, and the same as /api/v1/signup


@pytest.mark.parametrize("route", ["register", "signup"])
async def test_a_registration_needs_a_name_and_a_password_alone(api: ApiClient, route: str) -> None:
    account = {"username": make_name(), "password": PASSWORD}
    created = await post(api, route, account)
    assert (created.status, created.json) == (200, {"message": "Registration successful."})
    logged_in = await post(api, "login", account)
    assert logged_in.status == 200


@pytest.mark.parametrize(
    "account",
    [
        {"username": ADMIN[0].upper(), "password": PASSWORD},
        {"username": "x", "password": PASSWORD},
        {"username": "somebody-new", "password": "password"},
        {"username": "somebody-new", "password": "1"},
        {"username": "somebody-new"},
        {"password": PASSWORD},
        {"username": 1, "password": PASSWORD},
        {"username": "somebody-new", "password": PASSWORD, "is_admin": "yes"},
        [],
    ],
    ids=["taken", "short", "weak", "too short", "no password", "no name", "number", "word", "list"],
)
async def test_each_wrong_registration_has_the_same_answer(api: ApiClient, account: object) -> None:
    refused = await post(api, "register", account)
    assert (refused.status, refused.json) == (400, REFUSED)


async def test_only_an_admin_creates_admins(api: ApiClient) -> None:
    account = {"username": make_name(), "password": PASSWORD, "is_admin": True}
    refused = await post(api, "register", account)
    assert refused.status == 403
    assert refused.json == {"message": "Only an admin may create an admin."}
    created = await post(api, "register", account, await api.admin_token())
    assert created.json == {"message": "Registration successful."}
    token = (await post(api, "login", account)).json["token"]
    assert (await api.get("/api/v1/me", token=token)).json["is_admin"] is True


# POST /api/v1/login {username, password}


async def test_a_login_returns_a_token_for_all_routes(api: ApiClient) -> None:
    account = {"username": make_name(), "password": PASSWORD}
    await post(api, "register", account)
    session = await post(api, "login", account)
    assert (session.status, session.json["message"]) == (200, "Login successful.")
    assert set(session.json) == {"message", "token"}
    me = await api.get("/api/v1/me", token=session.json["token"])
    assert (me.json["username"], me.json["email"]) == (account["username"], None)


@pytest.mark.parametrize(
    "credentials",
    [
        {"username": ADMIN[0], "password": "a wrong password"},
        {"username": "nobody-of-this-name", "password": PASSWORD},
        {"username": ADMIN[0]},
        {"username": ADMIN[0], "password": ""},
        {},
    ],
)
async def test_each_wrong_login_has_the_same_answer(api: ApiClient, credentials: object) -> None:
    refused = await post(api, "login", credentials)
    assert (refused.status, refused.json) == (401, REFUSED)


# POST /api/v1/add_movie {name, imdb_score, director, popularity?, genre?[]}, by an admin


async def test_an_added_film_is_found_with_all_its_facts(api: ApiClient) -> None:
    film = make_film(popularity=83.0, genre=["Drama", " Comedy"])
    added = await post(api, "add_movie", film, await api.admin_token())
    assert (added.status, added.json) == (200, {"message": "Movie added successfully"})

    async def find() -> Response | None:
        answer = await post(api, "search_movie", {"name": film["name"]})
        is_there = answer.status == 200 and answer.json["movies"][0]["name"] == film["name"]
        return answer if is_there else None

    answer = await wait_until(find)
    assert answer.json["message"] == "Movie found"
    assert answer.json["movies"][0] == {
        "director": "Ada",
        "genres": [{"title": "Drama"}, {"title": "Comedy"}],
        "imdb_score": 8.3,
        "name": film["name"],
        "popularity": 83.0,
    }


async def test_a_film_is_added_once(api: ApiClient) -> None:
    film, token = make_film(), await api.admin_token()
    assert (await post(api, "add_movie", film, token)).status == 200
    again = await post(api, "add_movie", film, token)
    assert (again.status, again.json) == (409, {"message": "Movie already exists"})


async def test_an_unknown_genre_is_not_found(api: ApiClient) -> None:
    film = make_film(genre=["Drama", "Knitting"])
    refused = await post(api, "add_movie", film, await api.admin_token())
    assert (refused.status, refused.json) == (404, {"message": "Genre not found"})


@pytest.mark.parametrize(
    "change",
    [
        {"name": None},
        {"director": None},
        {"imdb_score": None},
        {"imdb_score": "good"},
        {"imdb_score": 11},
        {"genre": "Drama"},
        {"name": ""},
    ],
)
async def test_a_film_that_lacks_something_is_not_added(
    api: ApiClient, change: dict[str, object]
) -> None:
    film = {k: v for k, v in make_film(**change).items() if v is not None}
    refused = await post(api, "add_movie", film, await api.admin_token())
    assert (refused.status, refused.json) == (400, {"message": "Missing data"})


async def test_only_an_admin_adds_films(api: ApiClient) -> None:
    account = {"username": make_name(), "password": PASSWORD}
    await post(api, "register", account)
    token = (await post(api, "login", account)).json["token"]
    refused = await post(api, "add_movie", make_film(), token)
    assert (refused.status, refused.json) == (403, {"message": "Only an admin may do this."})
    nobody = await post(api, "add_movie", make_film())
    assert (nobody.status, nobody.json) == (401, {"message": "A bearer token is required."})


# POST /api/v1/search_movie {name}


async def test_a_search_tolerates_typos(api: ApiClient) -> None:
    answer = await post(api, "search_movie", {"name": "the godfahter", "page": 1})
    assert (answer.status, answer.json["message"]) == (200, "Movie found")
    first = answer.json["movies"][0]
    assert (first["name"], first["director"]) == ("The Godfather", "Francis Ford Coppola")
    assert set(first) == {"director", "genres", "imdb_score", "name", "popularity"}


async def test_a_search_that_finds_nothing_is_not_found(api: ApiClient) -> None:
    missing = await post(api, "search_movie", {"name": "qqqzzzxxxwww"})
    assert (missing.status, missing.json) == (404, {"message": "Movie not found"})


@pytest.mark.parametrize("body", [{}, {"name": 1}, {"name": ""}, []])
async def test_a_search_without_a_name_says_what_is_wrong(api: ApiClient, body: object) -> None:
    refused = await post(api, "search_movie", body)
    assert (refused.status, set(refused.json)) == (400, {"message"})


async def test_what_is_no_json_is_refused_with_a_message(api: ApiClient) -> None:
    headers = {"Content-Type": "application/json"}
    path = "/api/v1/search_movie?unknown=1"
    refused = await api.request("POST", path, data=b"{nope", headers=headers)
    assert (refused.status, set(refused.json)) == (400, {"message"})
    assert refused.headers["Content-Type"] == "application/json"
