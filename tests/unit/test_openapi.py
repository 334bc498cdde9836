"""The OpenAPI document says what everything is, with an example."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from sanic import Sanic

from service.errors import ErrorCode
from service.films.poster_response import PosterStatus
from service.films.schemas import FilmType, Source
from service.http.openapi_document import build_document, encode_document
from service.http.openapi_terms import TAGS
from service.http.rate_limits import LIMITED_ROUTES
from service.search.retrieval.search_request import Degradation
from tests.support.openapi import create_finalized_app

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def app() -> "Sanic[Any, Any]":
    return create_finalized_app()


@pytest.fixture(scope="module")
def document(app: "Sanic[Any, Any]") -> dict[str, Any]:
    built: dict[str, Any] = json.loads(json.dumps(build_document(app, "1.2.3")))
    return built


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield f"{method.upper()} {path}", methods[method]


def has_example(schema: dict[str, Any]) -> bool:
    """Return whether a schema has an example, or consists of models whose fields have some."""
    if schema.get("examples") or schema.get("example") is not None or "$ref" in schema:
        return True
    if "anyOf" in schema:
        return any(map(has_example, schema["anyOf"]))
    return "items" in schema and has_example(schema["items"])


def test_every_parameter_is_described_with_a_valid_example(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for parameter in operation["parameters"]:
            where = (name, parameter["name"])
            assert parameter["description"], where
            assert "example" in parameter, where
            Draft202012Validator(parameter["schema"]).validate(parameter["example"])


def test_every_field_is_described_with_a_valid_example(document: dict[str, Any]) -> None:
    for model, schema in document["components"]["schemas"].items():
        assert "enum" in schema or schema["description"], model
        for name, field in schema.get("properties", {}).items():
            assert field.get("description"), (model, name)
            assert has_example(field), (model, name)
            for example in field.get("examples", []):
                whole = {**field, "components": document["components"]}
                Draft202012Validator(whole).validate(example)


def test_every_response_and_header_is_described_with_an_example(document: dict[str, Any]) -> None:
    for header in document["components"]["headers"].values():
        assert header["description"]
        assert header["example"] is not None
    problem = document["components"]["schemas"]["Problem"]
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            assert response["description"], (name, status)
            assert response["headers"], (name, status)
            content = response.get("content", {}).get("application/problem+json")
            if content:
                whole = {**problem, "components": document["components"]}
                Draft202012Validator(whole).validate(content["example"])
                assert content["example"]["status"] == int(status)


def test_closed_sets_of_values_are_enums(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    film = schemas["FilmView"]["properties"]
    assert film["type"]["enum"] == list(get_args(FilmType))
    assert film["source"]["enum"] == list(get_args(Source))
    assert schemas["PosterView"]["properties"]["status"]["enum"] == list(get_args(PosterStatus))
    degraded = schemas["SearchPage"]["properties"]["degraded"]
    assert degraded["items"]["enum"] == list(get_args(Degradation))
    assert schemas["Problem"]["properties"]["code"]["enum"] == list(get_args(ErrorCode))


def test_every_operation_says_who_may_call_it(document: dict[str, Any]) -> None:
    by_route = dict(operations(document))
    assert all("security" in operation for operation in by_route.values())
    assert by_route["GET /health/live"]["security"] == []
    assert by_route["GET /api/v1/search"]["security"] == [{}, {"key": []}]
    assert by_route["GET /api/v1/me"]["security"] == [{"bearer": []}, {"key": ["read"]}]
    assert by_route["GET /api/v1/me/keys"]["security"] == [{"bearer": []}]
    assert by_route["POST /api/v1/movies"]["security"] == [{"bearer": []}, {"key": ["admin"]}]
    assert by_route["POST /api/v1/auth/register"]["security"] == [{}, {"bearer": []}]


def test_the_text_comes_first_and_the_page_last_in_a_search(document: dict[str, Any]) -> None:
    names = [p["name"] for p in document["paths"]["/api/v1/search"]["get"]["parameters"]]
    assert names[0] == "q"
    assert names[-2:] == ["limit", "offset"]


def test_tags_have_the_order_in_which_a_user_needs_them(document: dict[str, Any]) -> None:
    titles = [tag["name"] for tag in document["tags"]]
    assert titles == [tag.title for tag in TAGS.values()]
    assert titles[0] == "Search"
    first_tags = list(dict.fromkeys(operation["tags"][0] for _, operation in operations(document)))
    assert set(first_tags) == set(titles)


def test_an_unchanged_document_keeps_its_tag_and_another_gets_another(
    app: "Sanic[Any, Any]",
) -> None:
    (first, tag), (again, same_tag) = encode_document(app, "1"), encode_document(app, "1")
    assert (first, tag) == (again, same_tag)
    assert encode_document(app, "2")[1] != tag


def takes_keys(operation: dict[str, Any]) -> bool:
    return any("key" in alternative for alternative in operation["security"])


def test_every_response_of_a_limited_route_has_the_rate_limit_and_no_other_has(
    document: dict[str, Any],
) -> None:
    limited = {
        name: operation
        for name, operation in operations(document)
        if operation["operationId"] in LIMITED_ROUTES
    }
    assert {operation["operationId"] for operation in limited.values()} == LIMITED_ROUTES
    limited |= {name: o for name, o in operations(document) if takes_keys(o)}
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            sent = {"RateLimit", "RateLimit-Policy"} & set(response["headers"])
            assert len(sent) == (2 if name in limited else 0), (name, status)
        if "429" in operation["responses"]:
            assert "Retry-After" in operation["responses"]["429"]["headers"], name
    assert all("429" in operation["responses"] for operation in limited.values())


def test_the_routes_that_create_take_an_idempotency_key(document: dict[str, Any]) -> None:
    creating = {
        *("POST /api/v1/movies", "POST /api/v1/auth/register", "POST /api/v1/admin/reindex"),
        "POST /api/v1/admin/reindex/rollback",
        "POST /api/v1/admin/users",
        "POST /api/v1/admin/movies/{movie}/reindex",
        "POST /api/v1/movies/{movie}/reviews",
        "POST /api/v1/reviews/{review}/report",
        "POST /api/v1/ratings",
        "POST /api/v1/ratings/batch",
        "POST /api/v1/me/history",
        "POST /api/v1/me/history/batch",
        "POST /api/v1/me/watchlist/batch",
        "POST /api/v1/lists",
        "POST /api/v1/lists/{list_id}/items/batch",
        "POST /api/v1/me/exports",
    }
    taking = {
        name: operation
        for name, operation in operations(document)
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation["parameters"])
    }
    assert set(taking) == creating
    for operation in taking.values():
        for status, response in operation["responses"].items():
            assert ("Idempotent-Replayed" in response["headers"]) == status.startswith("2")
        assert {"400", "409", "422"} <= set(operation["responses"])
