"""The OpenAPI 3.1 document, made from what the doors declare.

A route without a declaration does not stand in the document, and a test holds the two lists
against each other. The schemas are the very models that read and write, so they cannot drift.
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
    """An error as RFC 9457 shapes it; `code` is stable."""

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
    """What one route takes and gives."""

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
    """Declare a handler for the document.

    Args:
        returns: status → model of a JSON answer, a media type, or None for no body.
        errors: statuses answered by problem documents.
        who: `anyone`, `user` or `admin`.
        headers: request headers that matter → what they are for; `*` after a name: required.
    """

    def declare(handler: F) -> F:
        handler.operation = Operation(  # type: ignore[attr-defined]
            summary, query, body, returns or {200: None}, errors, access, headers or {}
        )
        return handler

    return declare


def build_document(app: Sanic, version: str) -> dict[str, Any]:  # type: ignore[type-arg]
    """The whole OpenAPI document of `app`."""
    operations = [
        (route, method.lower(), route.handler.operation)
        for route in app.router.routes
        if hasattr(route.handler, "operation")
        for method in route.methods
        if method != "HEAD"
    ]
    models: set[tuple[type[Any], Any]] = {(Problem, "serialization")}
    for _, _, declaration in operations:
        models |= {(m, "validation") for m in (declaration.query, declaration.body) if m}
        models |= {
            (m, "serialization") for m in declaration.returns.values() if isinstance(m, type)
        }
    ordered = sorted(models, key=lambda pair: (pair[0].__name__, pair[1]))
    adapters: list[tuple[Any, Any, TypeAdapter[Any]]] = [
        (model, mode, TypeAdapter(model)) for model, mode in ordered
    ]
    refs, schemas = TypeAdapter.json_schemas(adapters, ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    for route, method, declaration in sorted(
        operations, key=lambda entry: (entry[0].path, entry[1])
    ):
        paths.setdefault(openapi_path(route.path), {})[method] = _describe_operation(
            route, method, declaration, refs, schemas["$defs"]
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Movies",
            "version": version,
            "summary": "Films, found however their titles are misspelt.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


@cache
def openapi_path(path: str) -> str:
    """Sanic's path as OpenAPI writes it: `<movie:str>` becomes `{movie}`."""
    segments = path.strip("/").split("/")
    return "/" + "/".join(
        "{" + segment[1:-1].split(":")[0] + "}" if segment.startswith("<") else segment
        for segment in segments
    )


def _describe_operation(
    route: Any, method: str, declaration: Operation, refs: Any, defs: Mapping[str, Any]
) -> dict[str, Any]:
    description: dict[str, Any] = {
        "operationId": route.name.split(".")[-1],
        "summary": declaration.summary,
        "tags": [route.name.split(".")[-2]],
        "parameters": _describe_parameters(route, declaration, refs, defs),
        "responses": {},
    }
    if declaration.body:
        schema = refs[(declaration.body, "validation")]
        description["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    for status, content in declaration.returns.items():
        response: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if isinstance(content, str):
            response["content"] = {content: {}}
        elif content:
            schema = refs[(content, "serialization")]
            response["content"] = {"application/json": {"schema": schema}}
        description["responses"][str(status)] = response
    error_statuses = {500, *declaration.errors}
    if declaration.access != "anyone":
        description["security"] = [{"bearer": []}]
        error_statuses |= {401, 403} if declaration.access == "admin" else {401}
    if declaration.body:
        error_statuses |= {400, 413, 415, 422}
    if declaration.query:
        error_statuses |= {400, 422}
    for status in sorted(error_statuses):
        description["responses"][str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": refs[(Problem, "serialization")]}},
        }
    return description


def _describe_parameters(
    route: Any, declaration: Operation, refs: Any, defs: Mapping[str, Any]
) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in (info.name for info in route.params.values())
    ]
    if declaration.query:
        reference = refs[(declaration.query, "validation")]["$ref"]
        schema = defs[reference.rsplit("/", 1)[1]]
        for name, property_schema in schema.get("properties", {}).items():
            required = name in schema.get("required", ())
            parameters.append(
                {"name": name, "in": "query", "required": required, "schema": property_schema}
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
