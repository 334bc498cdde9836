"""The service that has films under `/api/movies` and accounts under `/api/auth`."""

import uuid
from typing import Any

import pytest

from tests.support.api_accounts import PASSWORD
from tests.support.members import add_film, clear_cache, merge_films
from tests.support.service_runner import ADMIN, ApiClient, Response
from tests.support.waiting import wait_until

FILM_FIELDS = {"id", "title", "description", "rating", "genre", "poster_url", "release_date"}


def make_account(**fields: str) -> dict[str, str]:
    name = f"user-{uuid.uuid4().hex[:12]}"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    return {**account, "confirm_password": PASSWORD, **fields}


def make_film(**facts: object) -> dict[str, Any]:
    return {
        "title": f"Umberfell {uuid.uuid4().hex[:10]}",
        "description": 'A plot with "quotes".',
        "rating": 7.5,
        "genre": "Drama, Comedy",
        "release_date": "1999-03-31",
        **facts,
    }


async def post(api: ApiClient, path: str, body: object, token: str | None = None) -> Response:
    return await api.request("POST", f"/api/{path}", json=body, token=token)


async def add(api: ApiClient, **facts: object) -> tuple[str, dict[str, Any]]:
    film = make_film(**facts)
    created = await post(api, "movies", film, await api.admin_token())
    assert (created.status, created.json["message"]) == (201, "Movie created")
    assert set(created.json) == {"message", "id"}
    return created.json["id"], film


# GET /api/auth/status, GET /api/movies/status


@pytest.mark.parametrize("part", ["auth", "movies"])
async def test_the_status_says_that_the_database_is_connected(api: ApiClient, part: str) -> None:
    status = await api.get(f"/api/{part}/status")
    assert (status.status, status.json) == (200, {"status": "OK", "database": "Connected"})


# POST /api/auth/register {username, email, password, confirm_password}


async def test_a_registered_user_logs_in_and_out(api: ApiClient) -> None:
    account = make_account()
    created = await post(api, "auth/register", account)
    assert (created.status, created.json) == (201, {"message": "User registered successfully"})
    credentials = {"email": account["email"], "password": PASSWORD}
    session = await post(api, "auth/login", credentials)
    token = session.json.pop("access_token")
    assert session.status == 200
    assert session.json == {"message": "Login successful", "user": account["username"]}
    assert (await api.get("/api/v1/me", token=token)).status == 200
    ended = await post(api, "auth/logout", None, token)
    assert (ended.status, ended.json) == (200, {"message": "User logged out"})
    assert (await api.get("/api/v1/me", token=token)).status == 401
    again = await post(api, "auth/logout", None, token)
    assert (again.status, set(again.json)) == (401, {"message"})


async def test_a_taken_name_and_a_taken_address_are_named(api: ApiClient) -> None:
    account = make_account()
    await post(api, "auth/register", account)
    name = make_account(username=account["username"].upper())
    refused = await post(api, "auth/register", name)
    assert (refused.status, refused.json) == (400, {"message": "Username already exists"})
    address = make_account(email=account["email"])
    refused = await post(api, "auth/register", address)
    assert (refused.status, refused.json) == (400, {"message": "Email already exists"})


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"password": "password", "confirm_password": "password"}, "password"),
        ({"confirm_password": "another password"}, "confirm_password"),
        ({"email": "nowhere"}, "email"),
        ({"username": "x"}, "username"),
    ],
)
async def test_a_wrong_registration_says_what_is_wrong(
    api: ApiClient, change: dict[str, str], word: str
) -> None:
    refused = await post(api, "auth/register", make_account(**change))
    assert (refused.status, set(refused.json)) == (400, {"message"})
    assert word in refused.json["message"]


# POST /api/auth/login {email, password}


@pytest.mark.parametrize(
    "credentials",
    [
        {"email": "nobody@example.org", "password": PASSWORD},
        {"email": ADMIN[0], "password": ADMIN[1]},
        {"email": "nobody@example.org"},
        {},
    ],
)
async def test_each_wrong_login_has_the_same_answer(api: ApiClient, credentials: object) -> None:
    refused = await post(api, "auth/login", credentials)
    assert (refused.status, refused.json) == (401, {"message": "Invalid email or password"})


# GET /api/movies, GET /api/movies/{id}


async def test_an_added_film_is_there_at_once_with_all_its_facts(api: ApiClient) -> None:
    film_id, film = await add(api)
    expected = {**film, "id": film_id, "poster_url": None}
    shown = await api.get(f"/api/movies/{film_id}")
    assert (shown.status, shown.json) == (200, expected)
    listed = await api.get("/api/movies?page=1")
    assert listed.status == 200
    assert expected in listed.json
    native = (await api.get(f"/api/v1/movies/{film_id}")).json
    assert (native["year"], native["released"]) == (1999, "1999-03-31")


async def test_all_films_are_an_array_with_the_best_known_first(api: ApiClient) -> None:
    films = (await api.get("/api/movies")).json
    assert len(films) <= 1000
    assert all(set(film) == FILM_FIELDS for film in films)
    first = [(await api.get(f"/api/v1/movies/{film['id']}")).json for film in films[:3]]
    votes = [film["ratings"]["imdb"]["votes"] for film in first]
    assert votes == sorted(votes, reverse=True)


async def test_a_poster_has_its_whole_address(api: ApiClient) -> None:
    films = (await api.get("/api/movies")).json
    addresses = [film["poster_url"] for film in films if film["poster_url"]]
    assert all(address.startswith(f"{api.service.url}/api/v1/posters/") for address in addresses)


@pytest.mark.parametrize("movie", ["17", "01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42", "tt0000000"])
async def test_an_unknown_film_is_not_found(api: ApiClient, movie: str) -> None:
    missing = await api.get(f"/api/movies/{movie}")
    assert (missing.status, missing.json) == (404, {"message": "Movie not found"})


async def test_a_merged_film_leads_to_the_one_that_stays(api: ApiClient) -> None:
    merged, into = await add_film(api), await add_film(api)
    await merge_films(api, merged["id"], into["id"])
    assert (await api.get(f"/api/movies/{merged['id']}")).json["id"] == into["id"]


# GET /api/movies/popular, GET /api/movies/search?title&genre&min_rating&max_rating


async def test_results_say_whether_they_come_from_the_cache(api: ApiClient) -> None:
    title = f"the godfahter {uuid.uuid4().hex[:4]}"
    first = await api.get("/api/movies/search", params={"title": title})
    assert first.json["message"] == "Results retrieved from database"

    async def search_again() -> Response | None:
        again = await api.get("/api/movies/search", params={"title": title})
        return again if again.json["message"] == "Results retrieved from cache" else None

    again = await wait_until(search_again)  # another worker's index may change in between
    assert again.json["data"] == first.json["data"]


async def test_popular_films_are_the_first_of_the_chart(api: ApiClient) -> None:
    await clear_cache(api)  # so that both charts are of now
    popular = (await api.get("/api/movies/popular")).json
    assert popular["message"].startswith("Results retrieved from ")
    chart = (await api.get("/api/v1/movies/popular?limit=20")).json["results"]
    assert [film["id"] for film in popular["data"]] == [entry["movie"]["id"] for entry in chart]
    assert set(popular["data"][0]) == FILM_FIELDS


async def test_a_search_takes_any_of_its_filters(api: ApiClient) -> None:
    films = (await api.get("/api/movies/search?title=godfahter")).json["data"]
    assert films[0]["title"] == "The Godfather"
    dramas = (await api.get("/api/movies/search?genre=drama&min_rating=8&max_rating=8.5")).json
    assert dramas["data"]
    assert all("Drama" in film["genre"] for film in dramas["data"])
    assert all(8 <= film["rating"] <= 8.5 for film in dramas["data"])
    everything = (await api.get("/api/movies/search")).json["data"]
    assert len(everything) == 100
    nothing = (await api.get("/api/movies/search?title=qqqzzzxxxwww")).json
    assert nothing["data"] == []


@pytest.mark.parametrize("query", ["min_rating=good", "max_rating=11"])
async def test_a_wrong_filter_is_named(api: ApiClient, query: str) -> None:
    refused = await api.get(f"/api/movies/search?{query}")
    assert (refused.status, set(refused.json)) == (400, {"message"})
    assert query.partition("=")[0] in refused.json["message"]


# POST /api/movies, PUT and DELETE /api/movies/{id}, by an admin and without If-Match


async def test_a_change_keeps_what_it_omits(api: ApiClient) -> None:
    film_id, film = await add(api)
    token = await api.admin_token()
    change = {"title": film["title"] + " II", "rating": 8, "id": "ignored"}
    changed = await api.request("PUT", f"/api/movies/{film_id}", json=change, token=token)
    assert (changed.status, changed.json) == (200, {"message": "Movie updated successfully"})
    shown = (await api.get(f"/api/movies/{film_id}")).json
    expected = {**film, "title": change["title"], "rating": 8.0, "poster_url": None}
    assert shown == {**expected, "id": film_id}


async def test_a_new_genre_is_added_with_its_film(api: ApiClient) -> None:
    genre = f"Genre {uuid.uuid4().hex[:8]}"
    film_id, _ = await add(api, genre=genre)
    assert (await api.get(f"/api/movies/{film_id}")).json["genre"] == genre


async def test_a_deleted_film_is_gone(api: ApiClient) -> None:
    film_id, _ = await add(api)
    token = await api.admin_token()
    deleted = await api.request("DELETE", f"/api/movies/{film_id}", token=token)
    assert (deleted.status, deleted.json) == (200, {"message": "Movie deleted successfully"})
    for method, options in (("GET", {}), ("PUT", {"json": {"title": "x"}}), ("DELETE", {})):
        missing = await api.request(method, f"/api/movies/{film_id}", token=token, **options)
        assert (missing.status, missing.json) == (404, {"message": "Movie not found"}), method


async def test_the_same_film_is_added_once(api: ApiClient) -> None:
    _, film = await add(api)
    again = await post(api, "movies", film, await api.admin_token())
    assert (again.status, again.json) == (409, {"message": "Movie already exists"})


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"title": None}, "title"),
        ({"rating": "good"}, "rating"),
        ({"rating": 11}, "ratings"),
        ({"release_date": "soon"}, "release_date"),
        ({"genre": 7}, "genre"),
    ],
)
async def test_a_wrong_film_says_what_is_wrong(
    api: ApiClient, change: dict[str, object], word: str
) -> None:
    refused = await post(api, "movies", make_film(**change), await api.admin_token())
    assert (refused.status, set(refused.json)) == (400, {"message"})
    assert word in refused.json["message"]


async def test_only_an_admin_writes_films_and_clears_the_cache(api: ApiClient) -> None:
    account = make_account()
    await post(api, "auth/register", account)
    credentials = {"email": account["email"], "password": PASSWORD}
    token = (await post(api, "auth/login", credentials)).json["access_token"]
    film_id, film = await add(api)
    for method, path in (
        ("POST", "movies"),
        ("PUT", f"movies/{film_id}"),
        ("DELETE", f"movies/{film_id}"),
        ("DELETE", "movies/cache/clear"),
    ):
        for caller, status in ((token, 403), (None, 401)):
            refused = await api.request(method, f"/api/{path}", json=film, token=caller)
            assert (refused.status, set(refused.json)) == (status, {"message"}), (method, path)


# DELETE /api/movies/cache/clear, by an admin


async def test_a_cleared_cache_is_empty(api: ApiClient) -> None:
    token = await api.admin_token()
    cleared = await api.request("DELETE", "/api/movies/cache/clear", token=token)
    assert (cleared.status, cleared.json) == (200, {"message": "All cache cleared successfully"})
    popular = await api.get("/api/movies/popular")
    assert popular.json["message"] == "Results retrieved from database"
