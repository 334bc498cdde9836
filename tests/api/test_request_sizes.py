"""Requests with so many values that checking each would hold up everybody else."""

import gzip
import uuid

from service.films.schemas import MAX_NAMES
from service.http.requests import MAX_BODY_DEPTH, MAX_BODY_VALUES
from service.search.requests import MAX_LIST_ENTRIES
from tests.support.service_runner import ApiClient

BATCH = "/api/v1/movies/batch"
LISTS = ("aliases", "directors", "writers", "actors", "languages", "countries")


async def test_a_body_with_too_many_values_is_refused_as_a_whole(api: ApiClient) -> None:
    bodies: list[object] = [
        {f"field{number}": 1 for number in range(MAX_BODY_VALUES + 1)},
        {"ids": ["x"] * MAX_BODY_VALUES},
        {"ids": [{"a": 1, "b": [2]}] * (MAX_BODY_VALUES // 3)},
    ]
    for body in bodies:
        response = await api.request("POST", BATCH, json=body)
        assert (response.status, response.json["code"]) == (422, "invalid")
        assert response.json["detail"] == f"The body has more than {MAX_BODY_VALUES:,} values."


async def test_a_body_with_fewer_values_gets_an_error_for_each_fault(api: ApiClient) -> None:
    response = await api.request("POST", BATCH, json={"ids": ["x"], "one": 1, "two": 2})
    assert [error["pointer"] for error in response.json["errors"]] == ["/one", "/two"]


async def test_a_body_that_is_nested_too_deeply_is_refused(api: ApiClient) -> None:
    nested: object = 1
    for _ in range(MAX_BODY_DEPTH):
        nested = [nested]
    response = await api.request("POST", BATCH, json={"ids": nested})
    assert (response.status, response.json["code"]) == (400, "too_deep")


async def test_a_film_whose_lists_are_all_full_is_accepted(api: ApiClient) -> None:
    token = await api.admin_token()
    names = [f"Ada {number}" for number in range(MAX_NAMES)]
    film = {"title": f"Full {uuid.uuid4().hex}", **dict.fromkeys(LISTS, names)}
    response = await api.request("POST", "/api/v1/movies", token=token, json=film)
    assert response.status == 201, response.json


async def test_a_parameter_with_too_many_entries_gets_one_error(api: ApiClient) -> None:
    for name in ("type", "genre", "facets", "in"):
        entries = ",".join(["x"] * (MAX_LIST_ENTRIES + 1))
        response = await api.get("/api/v1/search", params={"q": "jaws", name: entries})
        assert response.status == 422
        assert response.json["errors"] == [
            {"pointer": name, "detail": "has more than 100 entries"},
        ]


async def test_a_compressed_body_is_refused_as_such(api: ApiClient) -> None:
    body = gzip.compress(b'{"ids": ["tt0073195"]}', mtime=0)
    for encoding, content, status in (
        ("gzip", body, 415),
        ("br", b'{"ids": ["tt0073195"]}', 415),
        ("identity", b'{"ids": ["tt0073195"]}', 200),
    ):
        headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
        response = await api.request("POST", BATCH, data=content, headers=headers)
        assert response.status == status, encoding
        if status == 415:
            assert response.json["detail"].startswith("The body must not be compressed")
