"""A query that is asked again byte for byte: the same answer, as long as the index is the same."""

import asyncio
import uuid

import pytest

from tests.support.members import add_film
from tests.support.service_runner import ApiClient, Response
from tests.support.waiting import wait_until

PATHS = ("/api/v1/search?q=casablanca", "/api/v1/movies?limit=30", "/api/v1/suggest?q=casab")


async def wait_for_hits(api: ApiClient, path: str, encoding: str) -> list[Response]:
    """Return responses of which the last two were cached; the index may change meanwhile."""
    responses: list[Response] = []

    async def are_hits() -> bool:
        responses.append(await api.get(path, headers={"Accept-Encoding": encoding}))
        hits = ["hit" in response.headers["Cache-Status"] for response in responses[-2:]]
        return hits == [True, True]

    assert await wait_until(are_hits)
    return responses


@pytest.mark.parametrize("path", PATHS)
async def test_an_answer_that_is_given_again_differs_only_in_its_cache_status(
    api: ApiClient, path: str
) -> None:
    *_, first, second = await wait_for_hits(api, path, "gzip")
    assert first.body == second.body
    for name in ("Cache-Control", "Content-Type", "Vary", "Content-Security-Policy"):
        assert first.headers.getall(name) == second.headers.getall(name), name
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    for name in ("Content-Encoding", "Link"):
        assert first.headers.get(name) == second.headers.get(name), name


async def test_each_encoding_has_its_own_answer(api: ApiClient) -> None:
    path = PATHS[1]
    for encoding in ("identity", "gzip", "br", "identity", "gzip"):
        *_, answer = await wait_for_hits(api, path, encoding)
        expected = None if encoding == "identity" else encoding
        assert answer.headers.get("Content-Encoding") == expected
        assert answer.headers["Vary"].split(", ").count("Accept-Encoding") == 1
        assert len(answer.json["results"]) == 30


async def test_a_film_that_became_searchable_is_in_the_answer_to_the_same_query(
    api: ApiClient,
) -> None:
    word = f"q{uuid.uuid4().hex[:12]}"
    path = f"/api/v1/search?q={word}&typo=off"
    for _ in range(3):
        assert (await api.get(path)).json["results"] == []
    film = await add_film(api, word)

    async def is_listed() -> bool:
        return [hit["movie"]["id"] for hit in (await api.get(path)).json["results"]] == [film["id"]]

    assert await wait_until(is_listed)


async def test_a_wrong_query_is_refused_each_time(api: ApiClient) -> None:
    answers = await asyncio.gather(*(api.get("/api/v1/search?q=x&limit=0") for _ in range(3)))
    assert {answer.status for answer in answers} == {422}
