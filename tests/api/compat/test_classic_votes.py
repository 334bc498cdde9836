"""The service whose users vote for films, at addresses that end with a slash."""

import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.api_accounts import PASSWORD
from tests.support.members import Member, add_film
from tests.support.service_runner import ApiClient, Response

TOKEN = "/api/v1/auth/token/"
REFRESH = "/api/v1/auth/refresh/"
VERIFY = "/api/v1/auth/verify/"
REGISTER = "/api/v1/users/register/"
MOVIES = "/api/v1/movies/"
VOTES = "/api/v1/movies/ratings/"
NO_CREDENTIALS = {"detail": "Authentication credentials were not provided."}
WRONG_TOKEN = {"detail": "Token is invalid or expired", "code": "token_not_valid"}


def make_account(**fields: str) -> dict[str, str]:
    name = f"user-{uuid.uuid4().hex[:12]}"
    return {"username": name, "password": PASSWORD, "email": f"{name}@example.org", **fields}


async def post(api: ApiClient, path: str, body: object, token: str | None = None) -> Response:
    return await api.request("POST", path, json=body, token=token)


async def log_in(api: ApiClient) -> dict[str, str]:
    account = make_account()
    assert (await post(api, REGISTER, account)).status == 201
    pair = await post(api, TOKEN, account)
    assert (pair.status, set(pair.json)) == (200, {"access", "refresh"})
    tokens: dict[str, str] = pair.json
    return tokens


@pytest.fixture
async def token(api: ApiClient) -> str:
    return (await log_in(api))["access"]


# POST /api/v1/users/register/ {username, password, email?}


async def test_a_registration_returns_the_user(api: ApiClient) -> None:
    for account in (make_account(), make_account(email="")):
        created = await post(api, REGISTER, account)
        assert created.status == 201
        user_id = created.json.pop("id")
        assert uuid.UUID(user_id)
        expected = {name: account[name] for name in ("username", "email")}
        assert created.json == expected
        tokens = (await post(api, TOKEN, account)).json
        assert (await api.get("/api/v1/me", token=tokens["access"])).json["id"] == user_id


async def test_a_wrong_registration_has_the_reasons_by_field(api: ApiClient) -> None:
    account = make_account()
    await post(api, REGISTER, account)
    for body, field in (
        (make_account(username=account["username"]), "username"),
        (make_account(email=account["email"]), "email"),
        (make_account(password="password"), "password"),
        ({"username": "somebody"}, "password"),
    ):
        refused = await post(api, REGISTER, body)
        assert (refused.status, set(refused.json)) == (400, {field})
        assert isinstance(refused.json[field][0], str)


# POST /api/v1/auth/token/ {username, password}


async def test_wrong_credentials_are_no_active_account(api: ApiClient) -> None:
    account = make_account()
    await post(api, REGISTER, account)
    refused = await post(api, TOKEN, {**account, "password": "a wrong password"})
    assert refused.status == 401
    assert refused.json["detail"] == "No active account found with the given credentials"
    incomplete = await post(api, TOKEN, {"username": account["username"]})
    assert (incomplete.status, set(incomplete.json)) == (400, {"password"})


# POST /api/v1/auth/refresh/ {refresh}


async def test_a_refresh_token_works_again_and_again(api: ApiClient) -> None:
    tokens = await log_in(api)
    for _ in range(3):
        renewed = await post(api, REFRESH, {"refresh": tokens["refresh"]})
        assert (renewed.status, set(renewed.json)) == (200, {"access"})
        me = await api.get("/api/v1/me", token=renewed.json["access"])
        assert me.status == 200


async def test_a_refresh_token_that_was_exchanged_does_not_work(api: ApiClient) -> None:
    tokens = await log_in(api)
    native = await post(api, "/api/v1/auth/refresh", {"refresh_token": tokens["refresh"]})
    assert native.status == 200
    for token in (tokens["refresh"], "nonsense"):
        refused = await post(api, REFRESH, {"refresh": token})
        assert (refused.status, refused.json) == (401, WRONG_TOKEN)
    renewed = await post(api, REFRESH, {"refresh": native.json["refresh_token"]})
    assert renewed.status == 200


async def test_without_the_slash_the_routes_are_those_of_this_service(api: ApiClient) -> None:
    tokens = await log_in(api)
    verified = await post(api, "/api/v1/auth/verify", {"token": tokens["access"]})
    assert verified.json["valid"] is True
    native = await post(api, "/api/v1/auth/refresh", {"refresh_token": tokens["refresh"]})
    assert {"access_token", "refresh_token"} <= set(native.json)
    page = (await api.get("/api/v1/movies?limit=1")).json
    assert "total" in page
    missing = await post(api, "/api/v1/auth/token", {})
    assert (missing.status, missing.json["code"]) == (404, "route_not_found")


async def test_a_film_is_still_added_with_or_without_a_slash(api: ApiClient) -> None:
    admin = await api.admin_token()
    for path in ("/api/v1/movies", "/api/v1/movies/"):
        body = {"title": f"Tarnwick {uuid.uuid4().hex[:10]}"}
        assert (await post(api, path, body, admin)).status == 201
    allowed = {"GET, HEAD, POST, OPTIONS"}
    paths = ("/api/v1/movies", "/api/v1/movies/")
    assert {(await api.request("TRACE", path)).headers["Allow"] for path in paths} == allowed


# POST /api/v1/auth/verify/ {token}


async def test_a_valid_token_is_an_empty_object(api: ApiClient) -> None:
    tokens = await log_in(api)
    for token in tokens.values():
        verified = await post(api, VERIFY, {"token": token})
        assert (verified.status, verified.json) == (200, {})
    for token in ("nonsense", "a.b.c", ""):
        refused = await post(api, VERIFY, {"token": token})
        assert (refused.status, refused.json) == (401, WRONG_TOKEN)


# GET /api/v1/movies/?query=&limit=10&offset=0


async def test_films_come_in_pages_with_the_addresses_of_the_neighbours(api: ApiClient) -> None:
    first = (await api.get(MOVIES)).json
    assert set(first) == {"count", "next", "previous", "results"}
    assert (len(first["results"]), first["previous"]) == (10, None)
    assert first["next"] == f"{api.service.url}{MOVIES}?limit=10&offset=10"
    second = (await api.get(first["next"].removeprefix(api.service.url))).json
    assert second["previous"] == f"{api.service.url}{MOVIES}?limit=10"
    titles = [film["title"] for page in (first, second) for film in page["results"]]
    native = (await api.get("/api/v1/movies?limit=20")).json["results"]
    assert titles == [film["title"] for film in native]


async def test_a_query_tolerates_typos_and_is_kept_in_the_addresses(api: ApiClient) -> None:
    page = (await api.get(f"{MOVIES}?query=the+godfahter&limit=1&x=1")).json
    assert page["results"][0]["title"] == "The Godfather"
    parameters = parse_qs(urlsplit(page["next"]).query)
    assert parameters == {"query": ["the godfahter"], "limit": ["1"], "offset": ["1"]}


@pytest.mark.parametrize("page", ["limit=many", "limit=0", "limit=-1&offset=-5", "offset=x"])
async def test_a_page_that_is_no_page_is_the_first_one(api: ApiClient, page: str) -> None:
    odd = await api.get(f"{MOVIES}?{page}")
    assert (odd.status, len(odd.json["results"])) == (200, 10)


async def test_a_page_behind_a_thousand_films_is_refused(api: ApiClient) -> None:
    refused = await api.get(f"{MOVIES}?offset=1000")
    assert (refused.status, set(refused.json)) == (400, {"detail"})


# GET, POST /api/v1/movies/ratings/, GET, PUT, PATCH, DELETE /api/v1/movies/ratings/{id}


async def test_a_vote_is_added_changed_and_deleted(api: ApiClient, token: str) -> None:
    film = await add_film(api)
    created = await post(api, VOTES, {"movie": film["id"], "rating": "UPVOTE"}, token)
    assert created.status == 201
    vote: dict[str, Any] = {"id": created.json["id"], "movie": film["id"], "rating": "UPVOTE"}
    assert created.json == vote
    listed = await api.get(VOTES, token=token)
    assert listed.json == {"count": 1, "next": None, "previous": None, "results": [vote]}
    for address in (f"{VOTES}{vote['id']}", f"{VOTES}{vote['id']}/"):
        assert (await api.get(address, token=token)).json == vote
        for method, word in (("PUT", "DOWNVOTE"), ("PATCH", "UPVOTE")):
            changed = await api.request(method, address, json={"rating": word}, token=token)
            assert (changed.status, changed.json) == (200, {**vote, "rating": word})
    unchanged = await api.request("PATCH", address, json={}, token=token)
    assert unchanged.json == vote
    shown = (await api.get(f"/api/v1/movies/{film['id']}")).json
    assert shown["votes"] == {"up": 1, "down": 0}
    deleted = await api.request("DELETE", address, token=token)
    assert (deleted.status, deleted.body) == (204, b"")
    missing = await api.get(address, token=token)
    assert (missing.status, missing.json) == (404, {"detail": "Not found."})


async def test_a_film_is_voted_for_once_also_by_its_imdb_id(api: ApiClient, token: str) -> None:
    first = await post(api, VOTES, {"movie": "tt0073195", "rating": "DOWNVOTE"}, token)
    assert first.status == 201
    again = await post(api, VOTES, {"movie": first.json["movie"], "rating": "UPVOTE"}, token)
    assert (again.status, set(again.json)) == (400, {"detail"})


async def test_a_score_of_the_film_stays_whatever_the_vote_does(api: ApiClient) -> None:
    member, film = await Member.join(api), await add_film(api)
    scored = await member.send("POST", "/ratings", {"movie": film["id"], "score": 9})
    address = f"{VOTES}{scored.json['id']}"
    assert (await api.get(VOTES, token=member.token)).json["count"] == 0
    assert (await api.get(address, token=member.token)).status == 404
    voted = await post(api, VOTES, {"movie": film["id"], "rating": "UPVOTE"}, member.token)
    assert (voted.status, voted.json["id"]) == (201, scored.json["id"])
    change = {"rating": "DOWNVOTE"}
    await api.request("PUT", address, json=change, token=member.token)
    rating = await member.get(f"/ratings/{scored.json['id']}")
    assert (rating["vote"], rating["score"]) == ("down", 9)
    await api.request("DELETE", address, token=member.token)
    rating = await member.get(f"/ratings/{scored.json['id']}")
    assert (rating["vote"], rating["score"]) == (None, 9)


async def test_votes_of_others_are_not_there(api: ApiClient, token: str) -> None:
    film, other = await add_film(api), (await log_in(api))["access"]
    vote = await post(api, VOTES, {"movie": film["id"], "rating": "UPVOTE"}, token)
    address = f"{VOTES}{vote.json['id']}"
    assert (await api.get(VOTES, token=other)).json["count"] == 0
    for method, body in (("GET", None), ("PUT", {"rating": "UPVOTE"}), ("DELETE", None)):
        options = {} if body is None else {"json": body}
        missing = await api.request(method, address, token=other, **options)
        assert (missing.status, missing.json) == (404, {"detail": "Not found."}), method


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"movie": "tt0000000", "rating": "UPVOTE"}, 404, "detail"),
        ({"movie": "tt0073195", "rating": "up"}, 400, "rating"),
        ({"movie": "tt0073195"}, 400, "rating"),
        ({"rating": "UPVOTE"}, 400, "movie"),
        ([], 400, "detail"),
    ],
)
async def test_a_wrong_vote_says_what_is_wrong(
    api: ApiClient, token: str, body: object, status: int, field: str
) -> None:
    refused = await post(api, VOTES, body, token)
    assert (refused.status, set(refused.json)) == (status, {field})


async def test_votes_need_a_token(api: ApiClient) -> None:
    address = f"{VOTES}{uuid.uuid4()}"
    for method, path in (("GET", VOTES), ("POST", VOTES), ("GET", address), ("PUT", address)):
        refused = await api.request(method, path)
        assert (refused.status, refused.json) == (401, NO_CREDENTIALS), (method, path)
    wrong = await api.get(VOTES, token="a.b.c")
    assert (wrong.status, wrong.json["code"]) == (401, "token_not_valid")
