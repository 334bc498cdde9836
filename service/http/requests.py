"""What a client sent, as a checked value or a clear refusal.

Nothing is dropped or clamped in silence: an unknown parameter or field is refused by its name,
because a misspelt filter that is ignored gives a wrong answer that looks right.
"""

from typing import Any, TypeVar, get_origin
from urllib.parse import parse_qsl, unquote

import orjson
from pydantic import BaseModel, ValidationError
from sanic.request import Request

from service.errors import FieldError, Invalid, Malformed, UnsupportedMedia

M = TypeVar("M", bound=BaseModel)

MAX_BODY_DEPTH = 20  # levels; no body of ours needs five


def read_body(request: Request, model: type[M]) -> M:
    """The JSON body as `model`.

    Raises:
        UnsupportedMedia: the body is not declared to be JSON.
        Malformed: it is not JSON, not an object, or nested deeper than 20 levels.
        Invalid: naming each field that is wrong or unknown.
    """
    media_type = (request.headers.get("content-type") or "").split(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMedia("The body must be application/json.")
    try:
        value = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg}.", code="malformed_json") from None
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.", code="malformed_json")
    if _is_deeper_than(value, MAX_BODY_DEPTH):
        raise Malformed(f"The body is nested deeper than {MAX_BODY_DEPTH} levels.", code="too_deep")
    return validate(model, value, prefix="/")


def read_query(request: Request, model: type[M]) -> M:
    """The query string as `model`; a parameter given twice is a list or a fault.

    Raises:
        Malformed: a value is not UTF-8.
        Invalid: naming each parameter that is wrong or unknown.
    """
    try:
        pairs = parse_qsl(
            request.query_string, keep_blank_values=True, errors="strict", max_num_fields=100
        )
    except UnicodeDecodeError:
        raise Malformed("A parameter is not valid UTF-8.", code="malformed_query") from None
    except ValueError:
        raise Malformed("There are more than 100 parameters.", code="malformed_query") from None
    params: dict[str, Any] = {}
    repeatable = _repeatable_parameters(model)
    for name, value in pairs:
        if name in repeatable:
            params.setdefault(name, []).append(value)
            continue
        if name in params:
            message = "was given more than once"
            raise Invalid(f"{name[:50]} {message}.", errors=(FieldError(name[:50], message),))
        params[name] = value
    return validate(model, params, prefix="")


def _repeatable_parameters(model: type[BaseModel]) -> set[str]:
    """The parameters that may be given more than once: those whose value is a tuple."""
    fields = model.model_fields.items()
    return {f.alias or name for name, f in fields if get_origin(f.annotation) is tuple}


def read_path_text(raw: str) -> str:
    """One segment of the path, decoded.

    Raises:
        Malformed: it is not UTF-8.
    """
    try:
        return unquote(raw, errors="strict")
    except UnicodeDecodeError:
        raise Malformed("The address is not valid UTF-8.", code="malformed_path") from None


def validate(model: type[M], value: dict[str, object], prefix: str) -> M:
    """`value` as `model`, every fault of it told at once under `prefix`."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        detail, field_errors = _describe_errors(error, prefix)
        raise Invalid(detail, errors=field_errors) from None


def _describe_errors(error: ValidationError, prefix: str) -> tuple[str, tuple[FieldError, ...]]:
    field_errors = []
    for field_error in error.errors(include_url=False, include_context=False)[:50]:
        pointer = prefix + "/".join(str(part)[:50] for part in field_error["loc"])
        is_unknown = field_error["type"] == "extra_forbidden"
        reason = (
            "is not known here" if is_unknown else field_error["msg"].removeprefix("Value error, ")
        )
        field_errors.append(FieldError(pointer, reason))
    names = ", ".join(fault.pointer.removeprefix("/") or "the body" for fault in field_errors[:5])
    return f"Wrong: {names}.", tuple(field_errors)


def _is_deeper_than(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return any(isinstance(node, dict | list) for node in level)


def get_client_address(request: Request) -> str:
    """The client's address; a proxy's word counts only as `TRUSTED_PROXIES` allows."""
    return request.client_ip or "unknown"
