"""Errors of this service in OMDb's words, with the statuses that its clients tell apart."""

from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from service.compat.omdb.errors import translate_error
from service.errors import ErrorCode
from service.http.openapi import Problem

pytestmark = pytest.mark.once


def make_request(path: str, query: str = "i=tt0073195") -> Any:
    return SimpleNamespace(query_string=query, route=SimpleNamespace(path=path))


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "token_missing", (401, "No API key provided.")),
        (401, "invalid_key", (401, "Invalid API key!")),
        (400, "two_credentials", (401, "Invalid API key!")),
        (429, "too_many_requests", (401, "Request limit reached!")),
        (429, "too_many_lookups", (401, "Request limit reached!")),
        (503, "omdb_quota_exhausted", (401, "Request limit reached!")),
        (503, "omdb_unavailable", (503, "Error getting data.")),
        (503, "omdb_key_invalid", (503, "Error getting data.")),
        (503, "database_unavailable", (503, "Error getting data.")),
        (502, "omdb_unreadable", (200, "Error getting data.")),
        (404, "movie_not_found", (200, "Movie not found!")),
        (422, "title_too_vague", (200, "Too many results.")),
        (422, "title_not_understood", (200, "Something went wrong.")),
        (400, "malformed_query", (200, "Something went wrong.")),
        (500, "internal_error", (500, "Something went wrong.")),
    ],
)
def test_an_error_has_omdbs_words_and_status(
    status: int, code: ErrorCode, expected: tuple[int, str]
) -> None:
    problem = Problem(type="about:blank", title="", status=status, detail="", code=code)
    answer = translate_error(make_request("omdb"), problem)
    assert isinstance(answer.body, bytes)
    assert (answer.status, orjson.loads(answer.body)["Error"]) == expected


def test_in_place_of_a_poster_no_error_has_status_200() -> None:
    problem = Problem(type="about:blank", title="", status=404, detail="", code="movie_not_found")
    assert translate_error(make_request("omdb/img"), problem).status == 404
