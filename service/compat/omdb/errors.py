"""Errors in OMDb's words and with OMDb's statuses, which are 200 more often than not."""

from sanic.request import Request

from service.compat.errors import ErrorAnswer
from service.compat.omdb.answers import JSON, encode_error, render
from service.compat.omdb.requests import OmdbQuery, read_omdb_query
from service.errors import Malformed
from service.http.openapi import Problem

NO_SEASON, NO_EPISODE = "Series or season not found!", "Series or episode not found!"
WRONG_ID = "Incorrect IMDb ID."
WRONG_INPUT = "Something went wrong."
TOO_VAGUE = "Too many results."
NO_DATA = "Error getting data."
LIMIT_REACHED = "Request limit reached!"

ERRORS_BY_CODE: dict[str, tuple[int, str]] = {
    "token_missing": (401, "No API key provided."),
    "invalid_key": (401, "Invalid API key!"),
    "two_credentials": (401, "Invalid API key!"),
    "omdb_quota_exhausted": (401, LIMIT_REACHED),
    "omdb_unreadable": (200, NO_DATA),
    "title_too_vague": (200, TOO_VAGUE),
}
"""Status and text by the code of the error."""


def describe_not_found(query: OmdbQuery) -> str:
    """Return OMDb's words for what the catalogue and OMDb lack."""
    if query.season is not None:
        return NO_SEASON if query.episode is None else NO_EPISODE
    return "Series not found!" if query.film_type == "series" else "Movie not found!"


def translate_error(request: Request, problem: Problem) -> ErrorAnswer:
    """Return the answer to an error as OMDb's clients expect it.

    In place of a poster, one with status 200 would pass for an image.
    """
    try:
        query = read_omdb_query(request, OmdbQuery)
    except Malformed:
        query = OmdbQuery()
    status, text = _find_text(query, problem)
    if request.route is not None and request.route.path.endswith("img"):
        return ErrorAnswer(404 if status == 200 else status, encode_error(text), JSON)
    return ErrorAnswer(status, *render(query, encode_error(text)))


def _find_text(query: OmdbQuery, problem: Problem) -> tuple[int, str]:
    if problem.code in ERRORS_BY_CODE:
        return ERRORS_BY_CODE[problem.code]
    if problem.status == 404:
        return 200, describe_not_found(query)
    if problem.status == 429:
        return 401, LIMIT_REACHED
    if problem.status == 500:
        return 500, WRONG_INPUT
    return (503, NO_DATA) if problem.status > 500 else (200, WRONG_INPUT)
