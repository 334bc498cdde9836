"""Build the OpenAPI 3.1 document from the declarations of the handlers.

A route without a declaration is not in the document, and a test compares the two lists. The
schemas are those of the models that parse requests and render responses, so they cannot drift.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter
from sanic import Sanic

F = TypeVar("F", bound=Callable[..., Any])


class Problem(BaseModel):
    """An error in the form of RFC 9457; `code` is stable."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str | None = None
    request_id: str | None = None
    errors: list[dict[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """The parameters, responses and access rule of one route; fields as in `operation`."""

    summary: str
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    returns: Mapping[int, type[Any] | str | None] = field(default_factory=dict)
    errors: tuple[int, ...] = ()
    access: str = "anyone"
    headers: Mapping[str, str] = field(default_factory=dict)


def operation(
    summary: str,
    *,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    returns: Mapping[int, type[Any] | str | None] | None = None,
    errors: tuple[int, ...] = (),
    access: str = "anyone",
    headers: Mapping[str, str] | None = None,
) -> Callable[[F], F]:
    """Declare a handler for the OpenAPI document.

    Args:
        query: the model of the query string.
        body: the model of the JSON body.
        returns: status → model of a JSON response, a media type, or None for no body.
        errors: statuses of problem documents, besides those that follow from the other arguments.
        access: `anyone`, `user` or `admin`.
        headers: request header → description; a `*` after the name marks it as required.
    """

    def declare(handler: F) -> F:
        handler.operation = Operation(  # type: ignore[attr-defined]
            summary, query, body, returns or {200: None}, errors, access, headers or {}
        )
        return handler

    return declare


def build_document(app: Sanic, version: str) -> dict[str, Any]:  # type: ignore[type-arg]
    """Return the OpenAPI document of `app`."""
    operations = [
        (route, method.lower(), route.handler.operation)
        for route in app.router.routes
        if hasattr(route.handler, "operation")
        for method in route.methods
        if method != "HEAD"
    ]
    refs, definitions = _model_schemas([declaration for _, _, declaration in operations])
    paths: dict[str, dict[str, Any]] = {}
    for route, method, declaration in sorted(
        operations, key=lambda entry: (entry[0].path, entry[1])
    ):
        paths.setdefault(openapi_path(route.path), {})[method] = _describe_operation(
            route, declaration, refs, definitions
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Movies",
            "version": version,
            "summary": "A film search that tolerates misspelled titles.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _model_schemas(declarations: list[Operation]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Return ((model, mode) → reference, name → schema) of all models in the declarations."""
    models: set[tuple[type[Any], Any]] = {(Problem, "serialization")}
    for declaration in declarations:
        models |= {(m, "validation") for m in (declaration.query, declaration.body) if m}
        responses = declaration.returns.values()
        models |= {(m, "serialization") for m in responses if isinstance(m, type)}
    ordered = sorted(models, key=lambda pair: (pair[0].__name__, pair[1]))
    adapters: list[tuple[Any, Any, TypeAdapter[Any]]] = [
        (model, mode, TypeAdapter(model)) for model, mode in ordered
    ]
    refs, schemas = TypeAdapter.json_schemas(adapters, ref_template="#/components/schemas/{model}")
    return refs, schemas["$defs"]


@cache
def openapi_path(path: str) -> str:
    """Return Sanic's path in OpenAPI's form: `<movie:str>` becomes `{movie}`."""
    segments = path.strip("/").split("/")
    return "/" + "/".join(
        "{" + segment[1:-1].split(":")[0] + "}" if segment.startswith("<") else segment
        for segment in segments
    )


def _describe_operation(
    route: Any, declaration: Operation, refs: Any, definitions: Mapping[str, Any]
) -> dict[str, Any]:
    description: dict[str, Any] = {
        "operationId": route.name.split(".")[-1],
        "summary": declaration.summary,
        "tags": [route.name.split(".")[-2]],
        "parameters": _describe_parameters(route, declaration, refs, definitions),
        "responses": _describe_responses(declaration, refs),
    }
    if declaration.body:
        schema = refs[(declaration.body, "validation")]
        description["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    if declaration.access != "anyone":
        description["security"] = [{"bearer": []}]
    return description


def _describe_responses(declaration: Operation, refs: Any) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, content in declaration.returns.items():
        response: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if isinstance(content, str):
            response["content"] = {content: {}}
        elif content:
            schema = refs[(content, "serialization")]
            response["content"] = {"application/json": {"schema": schema}}
        responses[str(status)] = response
    for status in sorted(_error_statuses(declaration)):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": refs[(Problem, "serialization")]}},
        }
    return responses


def _error_statuses(declaration: Operation) -> set[int]:
    """Return the declared error statuses and those that follow from access, body and query.

    Every operation may refuse a parameter (422) or a header (400).
    """
    statuses = {400, 422, 500, *declaration.errors}
    if declaration.access != "anyone":
        statuses |= {401, 403} if declaration.access == "admin" else {401}
    if declaration.body:
        statuses |= {413, 415}
    return statuses


def _describe_parameters(
    route: Any, declaration: Operation, refs: Any, definitions: Mapping[str, Any]
) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in (info.name for info in route.params.values())
    ]
    if declaration.query:
        reference = refs[(declaration.query, "validation")]["$ref"]
        schema = definitions[reference.rsplit("/", 1)[1]]
        required_names = schema.get("required", ())
        for name, property_schema in schema.get("properties", {}).items():
            parameters.append(
                {
                    "name": name,
                    "in": "query",
                    "required": name in required_names,
                    "schema": property_schema,
                }
            )
    for name, purpose in declaration.headers.items():
        parameters.append(
            {
                "name": name.rstrip("*"),
                "in": "header",
                "required": name.endswith("*"),
                "description": purpose,
                "schema": {"type": "string"},
            }
        )
    return parameters
