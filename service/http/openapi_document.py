"""Build the OpenAPI 3.1 document from the declarations of the handlers.

A route without a declaration is not in the document, and a test compares the two lists. The
schemas are those of the models that parse requests and render responses, so they cannot drift.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from pydantic import BaseModel, TypeAdapter
from sanic import Sanic

from service.http.openapi import Operation, Problem, openapi_path
from service.http.openapi_responses import describe_responses
from service.http.openapi_terms import (
    KEY,
    PATH_PARAMETERS,
    REQUEST_HEADER_EXAMPLES,
    REQUEST_HEADER_SCHEMAS,
    RESPONSE_HEADERS,
    TAGS,
    TOKEN,
)
from service.key_rules import KEY_SCOPES, Access

INFO = {
    "title": "Movies",
    "summary": "A film search that tolerates misspelled titles.",
    "description": (
        "JSON in, JSON out. Errors are problem documents (RFC 9457) whose `code` is made for "
        "programs. `HEAD` is answered wherever `GET` is. Unknown values are `null`, times are "
        "RFC 3339 in UTC. Unknown parameters and fields are refused."
    ),
    "license": {"name": "MIT", "identifier": "MIT"},
}
SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    "anyone": [],
    "optional": [{}, {"bearer": []}],
    "optional_cookie": [{}, {"cookie": []}],
    "user": [{"bearer": []}],
    "user_or_cookie": [{"bearer": []}, {"cookie": []}],
    "admin": [{"bearer": []}],
    "metrics": [{}, {"metrics": []}],
}
SECURITY_SCHEMES = {
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": (
            f"An API key that `POST /api/v1/me/keys` returned, such as `{KEY}`. The names in a "
            "requirement are the scopes that the key needs. Not beside a bearer token."
        ),
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": f"The access token that a login returns, such as `{TOKEN}`.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-refresh",
        "description": (
            "The refresh token that a login with `cookie` sets: HttpOnly and SameSite=Strict, on "
            "plain http named `refresh`. It counts only with the service's own `Origin`."
        ),
    },
    "metrics": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token in the setting METRICS_TOKEN, such as `a-token-for-prometheus`.",
    },
}


def encode_document(app: Sanic[Any, Any], version: str) -> tuple[bytes, str]:
    """Return the OpenAPI document of `app` as JSON, and its entity tag."""
    encoded = orjson.dumps(build_document(app, version))
    return encoded, hashlib.blake2b(encoded, digest_size=16).hexdigest()


def build_document(app: Sanic[Any, Any], version: str) -> dict[str, Any]:
    """Return the OpenAPI document of `app`."""
    operations = _collect_operations(app)
    refs, definitions = _model_schemas([declaration for _, _, declaration in operations])
    paths: dict[str, dict[str, Any]] = {}
    for route, method, declaration in operations:
        paths.setdefault(openapi_path(route.path), {})[method] = _describe_operation(
            route, method, declaration, refs, definitions
        )
    for query in {declaration.query for _, _, declaration in operations} - {None}:
        definitions.pop(_definition_name(refs, query))  # its properties are parameters
    return {
        "openapi": "3.1.0",
        "info": {**INFO, "version": version},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag.title, "description": tag.description} for tag in TAGS.values()],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "headers": {name: _header_component(name) for name in RESPONSE_HEADERS},
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _collect_operations(app: Sanic[Any, Any]) -> list[tuple[Any, str, Operation]]:
    """Return (route, method, declaration), in the order of tags, then of paths."""
    operations = [
        (route, method.lower(), route.handler.operation)
        for route in app.router.routes
        if hasattr(route.handler, "operation")
        for method in route.methods
        if method != "HEAD"
    ]
    tag_order = list(TAGS)
    return sorted(
        operations,
        key=lambda entry: (tag_order.index(_tag_name(entry[0])), entry[0].path, entry[1]),
    )


def _tag_name(route: Any) -> str:
    return str(route.name.split(".")[-2])


def _header_component(name: str) -> dict[str, Any]:
    term = RESPONSE_HEADERS[name]
    example = int(term.example) if term.schema["type"] == "integer" else term.example
    return {"description": term.description, "schema": term.schema, "example": example}


def _model_schemas(declarations: list[Operation]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Return ((model, mode) → reference, name → schema) of all models in the declarations."""
    models: set[tuple[type[Any], Any]] = {(Problem, "serialization")}
    for declaration in declarations:
        models |= {(m, "validation") for m in (declaration.query, declaration.body) if m}
        responses = (*declaration.returns.values(), declaration.error)
        models |= {(m, "serialization") for m in responses if isinstance(m, type)}
    ordered = sorted(models, key=lambda pair: (pair[0].__name__, pair[1]))
    adapters: list[tuple[Any, Any, TypeAdapter[Any]]] = [
        (model, mode, TypeAdapter(model)) for model, mode in ordered
    ]
    refs, schemas = TypeAdapter.json_schemas(adapters, ref_template="#/components/schemas/{model}")
    return refs, schemas["$defs"]


def _definition_name(refs: Any, model: type[BaseModel] | None) -> str:
    return str(refs[(model, "validation")]["$ref"].rsplit("/", 1)[1])


def _describe_security(declaration: Operation, method: str) -> list[dict[str, list[str]]]:
    """Return the alternatives: the tokens that the route takes, then an API key."""
    alternatives, rule = SECURITY[declaration.access], declaration.get_key_rule(method)
    if rule in (*KEY_SCOPES, "open_read"):
        return [*alternatives, {"key": [rule.removeprefix("open_")]}]
    return [{}, {"key": []}] if rule == "open" else alternatives


def _describe_operation(
    route: Any, method: str, declaration: Operation, refs: Any, definitions: Mapping[str, Any]
) -> dict[str, Any]:
    description: dict[str, Any] = {
        "operationId": route.name.split(".")[-1],
        "summary": declaration.summary,
        "tags": [TAGS[_tag_name(route)].title],
        "security": _describe_security(declaration, method),
        "parameters": [
            *_path_parameters(route),
            *_query_parameters(declaration, refs, definitions),
            *_header_parameters(declaration),
        ],
        "responses": describe_responses(route, method, declaration, refs),
    }
    if declaration.body:
        schema = refs[(declaration.body, "validation")]
        description["requestBody"] = {
            "description": (declaration.body.__doc__ or "").partition("\n")[0],
            "required": declaration.is_body_required,
            "content": {media_type: {"schema": schema} for media_type in declaration.body_types},
        }
    return description


def _path_parameters(route: Any) -> Iterator[dict[str, Any]]:
    for info in route.params.values():
        term = PATH_PARAMETERS[info.name]
        yield {
            "name": info.name,
            "in": "path",
            "required": True,
            "description": term.description,
            "schema": term.schema,
            "example": term.example,
        }


def _query_parameters(
    declaration: Operation, refs: Any, definitions: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the parameters, those of the model itself before those that it inherits."""
    if declaration.query is None:
        return
    schema = definitions[_definition_name(refs, declaration.query)]
    properties = schema.get("properties", {})
    for name in _query_names(declaration.query):
        property_schema = dict(properties[name])
        property_schema.pop("title", None)
        parameter = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": property_schema.pop("description", ""),
            "schema": property_schema,
        }
        examples = property_schema.pop("examples", None)
        if examples:
            parameter["example"] = examples[0]
        yield parameter


def _query_names(model: type[BaseModel]) -> list[str]:
    names: dict[str, None] = {}
    for base in model.__mro__:
        for attribute in getattr(base, "__annotations__", {}):
            field = model.model_fields.get(attribute)
            if field is not None:
                names.setdefault(field.alias or attribute)
    return list(names)


def _header_parameters(declaration: Operation) -> Iterator[dict[str, Any]]:
    headers = dict(declaration.headers)
    if 304 in declaration.returns:
        headers["If-None-Match"] = "The ETag of the content that the client has."
    for name, purpose in headers.items():
        yield {
            "name": name.rstrip("*"),
            "in": "header",
            "required": name.endswith("*"),
            "description": purpose,
            "schema": REQUEST_HEADER_SCHEMAS.get(name.rstrip("*"), {"type": "string"}),
            "example": REQUEST_HEADER_EXAMPLES[name.rstrip("*")],
        }
