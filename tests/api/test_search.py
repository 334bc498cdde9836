"""Search over HTTP, on the sample films: found however it is typed, in pages that fit together."""

import asyncio
from urllib.parse import quote

import pytest

from tests.running import Api, until


@pytest.fixture(autouse=True)
async def indexed(api: Api) -> None:
    """The samples were loaded before the service started; they are searchable soon after."""

    async def all_there() -> bool:
        ready = await api.get("/health/ready")
        return "0 films waiting" in ready.json["parts"]["indexer"]["detail"]

    await until(all_there, seconds=60)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("godfahter", "The Godfather"),
        ("the godfather", "The Godfather"),
        ("spilberg jaws", "Jaws"),
        ("jaws 1975", "Jaws"),
        ("se7en", "Se7en"),
        ("seven", "Se7en"),
        ("leon", "Léon: The Professional"),
        ("starwars", "Star Wars: Episode IV - A New Hope"),
        ("tt0073195", "Jaws"),
        ("https://www.imdb.com/title/tt0073195/?ref_=x", "Jaws"),
    ],
)
async def test_what_a_person_types_finds_the_film_first(api: Api, typed: str, first: str) -> None:
    assert (await api.titles(typed))[0] == first


async def test_a_page_knows_its_neighbours(api: Api) -> None:
    page = await api.search("the", limit=5)
    assert len(page.json["results"]) == 5
    assert page.json["previous"] is None
    assert f'<{page.json["next"]}>; rel="next"' in page.headers["Link"]
    second = await api.get(page.json["next"])
    first_ids = {hit["movie"]["id"] for hit in page.json["results"]}
    second_ids = {hit["movie"]["id"] for hit in second.json["results"]}
    assert not first_ids & second_ids
    back = await api.get(second.json["previous"])
    assert back.json["results"] == page.json["results"]


async def test_all_pages_together_show_every_film_once(api: Api) -> None:
    seen: list[str] = []
    address = "/api/v1/search?q=man&limit=7"
    while address:
        page = await api.get(address)
        seen += [hit["movie"]["id"] for hit in page.json["results"]]
        address = page.json["next"]
    assert len(seen) == len(set(seen)) == page.json["total"]["value"]


async def test_the_second_time_is_a_hit_with_the_same_answer(api: Api) -> None:
    answers = [await api.search("casablanca") for _ in range(2)]
    if "hit" not in answers[1].headers["Cache-Status"]:  # a film was indexed in between
        answers = [await api.search("casablanca") for _ in range(2)]
    assert answers[0].json["results"] == answers[1].json["results"]


async def test_many_at_once_all_get_their_answer(api: Api) -> None:
    words = ["alien", "heat", "psycho", "vertigo", "rocky"] * 20
    answers = await asyncio.gather(*(api.search(word) for word in words))
    assert {answer.status for answer in answers} == {200}


@pytest.mark.parametrize(
    ("params", "status", "named"),
    [
        ("q=x&limit=0", 422, "limit"),
        ("q=x&limit=1000", 422, "limit"),
        ("q=x&limit=ten", 422, "limit"),
        ("q=x&offset=-1", 422, "offset"),
        ("q=x&limit=100&offset=950", 422, "offset"),
        ("q=x&ofset=1", 422, "ofset"),
        ("q=x&q=y", 422, "q"),
        ("limit=5", 422, "q"),
        ("q=", 422, "q"),
        ("q=" + quote(" \t "), 422, "q"),
        ("q=" + "x" * 10_000, 422, "q"),
        ("q=" + quote("w " * 60), 422, "q"),
        ("q=%00abc", 422, "q"),
        ("q=%ED%A0%80", 400, None),
        ("q=%FF", 400, None),
    ],
)
async def test_bad_questions_are_refused_by_name(
    api: Api, params: str, status: int, named: str | None
) -> None:
    async with api.session.get(f"{api.service.url}/api/v1/search?{params}") as response:
        told = await response.json(content_type=None)
    assert (response.status, response.content_type) == (status, "application/problem+json")
    if named:
        assert named in {error["pointer"] for error in told["errors"]}


@pytest.mark.parametrize(
    "typed",
    [
        "*",
        "title:jaws",
        "/.*/",
        "jaws~2",
        "jaws AND (",
        '"jaws',
        "a" * 200,
        "🦈",
        "%",
        "\u202ejaws",
    ],
)
async def test_syntax_of_engines_is_plain_text(api: Api, typed: str) -> None:
    answer = await api.search(typed)
    assert answer.status in (200, 422), answer.json
