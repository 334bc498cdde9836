"""Parse and validate what a client sent.

Nothing is dropped or clamped silently. An unknown parameter or field is an error that names it,
because ignoring a misspelled filter gives a wrong result that looks right.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl, unquote

import orjson
from pydantic import BaseModel, ValidationError
from sanic.request import Request

from service.errors import FieldError, Invalid, Malformed, TooLarge, UnsupportedMedia

M = TypeVar("M", bound=BaseModel)

JSON, MERGE_PATCH = "application/json", "application/merge-patch+json"
PATCH_TYPES = (JSON, MERGE_PATCH)
"""What a body of PATCH may be sent as."""
FORM = "application/x-www-form-urlencoded"
MAX_FORM_BYTES = 4_096  # a token and a password of 1 kB, each byte in three characters
MAX_FORM_FIELDS = 10
MAX_BODY_DEPTH = 20  # levels of nesting; no body of ours needs five
MAX_BODY_VALUES = 2_100  # the order of a full list has 2,001; each may cost an error
MAX_PARAMETERS = 100  # in one query string
MAX_FIELD_ERRORS = 50  # in one response


def read_body(request: Request, model: type[M], media_types: tuple[str, ...] = (JSON,)) -> M:
    """Return the JSON body as `model`.

    Raises:
        UnsupportedMedia: the content type is not among `media_types`.
        Malformed: the body is not JSON, not an object, or nested deeper than 20 levels.
        Invalid: it has too many values, or a field is wrong or unknown; the error names each one.
    """
    _require_media_type(request, media_types)
    try:
        value = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg}.", code="malformed_json") from None
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.", code="malformed_json")
    _check_size(value)
    return validate(model, value, prefix="/")


def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form as a browser sends it; of a repeated one, the first value.

    Raises:
        UnsupportedMedia: the form is encoded in another way, such as multipart.
        TooLarge: the body is longer than any form of ours.
        Malformed: it has too many fields.
    """
    _require_media_type(request, (FORM,))
    if len(request.body) > MAX_FORM_BYTES:
        raise TooLarge(f"The form must have at most {MAX_FORM_BYTES} bytes.")
    text = request.body.decode(errors="replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        raise Malformed(f"The form must have at most {MAX_FORM_FIELDS} fields.") from None
    return dict(reversed(pairs))


def _require_media_type(request: Request, media_types: tuple[str, ...]) -> None:
    """Return if the body has one of `media_types`, as it is. Raises UnsupportedMedia."""
    if (request.headers.get("content-encoding") or "identity").strip().lower() != "identity":
        raise UnsupportedMedia("The body must not be compressed; leave Content-Encoding out.")
    media_type = (request.headers.get("content-type") or "").split(";")[0].strip().lower()
    if media_type not in media_types:
        raise UnsupportedMedia(f"The body must be {' or '.join(media_types)}.")


def read_query(request: Request, model: type[M]) -> M:
    """Return the query string as `model`; only tuple parameters may be repeated.

    Raises:
        Malformed: a value is not UTF-8, or there are too many parameters.
        Invalid: a parameter is wrong, unknown or repeated; the error names each one.
    """
    try:
        pairs = parse_qsl(
            request.query_string,
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except UnicodeDecodeError:
        raise Malformed("A parameter is not valid UTF-8.", code="malformed_query") from None
    except ValueError:
        raise Malformed(
            f"There are more than {MAX_PARAMETERS} parameters.", code="malformed_query"
        ) from None
    params: dict[str, Any] = {}
    repeatable = _repeatable_parameters(model)
    for name, value in pairs:
        if name in repeatable:
            params.setdefault(name, []).append(value)
            continue
        if name in params:
            message = "must not be repeated"
            raise Invalid(f"{name[:50]} {message}.", errors=(FieldError(name[:50], message),))
        params[name] = value
    return validate(model, params, prefix="")


def _repeatable_parameters(model: type[BaseModel]) -> set[str]:
    """Return the names of the parameters whose value is a tuple."""
    fields = model.model_fields.items()
    return {f.alias or name for name, f in fields if get_origin(f.annotation) is tuple}


def read_path_text(raw: str) -> str:
    """Return one path segment, percent-decoded.

    Raises:
        Malformed: it is not UTF-8.
    """
    try:
        return unquote(raw, errors="strict")
    except UnicodeDecodeError:
        raise Malformed("The address is not valid UTF-8.", code="malformed_path") from None


def validate(model: type[M], value: Mapping[str, object], prefix: str) -> M:
    """Return `value` as `model`.

    Raises:
        Invalid: with all field errors at once; `prefix` goes in front of each pointer.
    """
    if pointers := [prefix + name for name in _find_grouped_numbers(model, value)]:
        reason = "must be a number without `_`"
        names = ", ".join(pointer.removeprefix("/") for pointer in pointers[:5])
        raise Invalid(
            f"Invalid: {names}.", errors=tuple(FieldError(pointer, reason) for pointer in pointers)
        )
    try:
        return model.model_validate(value)
    except ValidationError as error:
        detail, field_errors = _describe_errors(error, prefix)
        raise Invalid(detail, errors=field_errors) from None


def _find_grouped_numbers(model: type[BaseModel], value: Mapping[str, object]) -> Iterator[str]:
    """Yield the pointers of numbers such as `1_0`, which pydantic reads as Python does."""
    for name, field in model.model_fields.items():
        entry = value.get(field.alias or name)
        if isinstance(entry, str) and "_" in entry:
            types = _list_types(field.annotation)
            if (int in types or float in types) and str not in types:
                yield field.alias or name
        elif isinstance(entry, dict):
            for part in _list_types(field.annotation):
                if isinstance(part, type) and issubclass(part, BaseModel):
                    yield from (f"{name}/{rest}" for rest in _find_grouped_numbers(part, entry))


def _list_types(annotation: object) -> tuple[object, ...]:
    """Return the types that an annotation is composed of."""
    parts = get_args(annotation)
    return tuple(leaf for part in parts for leaf in _list_types(part)) if parts else (annotation,)


def _describe_errors(error: ValidationError, prefix: str) -> tuple[str, tuple[FieldError, ...]]:
    """Return (detail, field errors)."""
    field_errors = []
    for fault in error.errors(include_url=False, include_context=False)[:MAX_FIELD_ERRORS]:
        pointer = prefix + "/".join(str(part)[:50] for part in fault["loc"])
        is_unknown = fault["type"] == "extra_forbidden"
        reason = "is unknown" if is_unknown else fault["msg"].removeprefix("Value error, ")
        field_errors.append(FieldError(pointer, reason))
    names = ", ".join(error.pointer.removeprefix("/") or "the body" for error in field_errors[:5])
    return f"Invalid: {names}.", tuple(field_errors)


def _check_size(value: object) -> None:
    """Refuse a body that would take long to validate, without looking at all of it.

    Raises:
        Malformed: it is nested deeper than 20 levels.
        Invalid: it has too many values.
    """
    level, count = [value], 0
    for _ in range(MAX_BODY_DEPTH):
        nodes = [node for node in level if isinstance(node, dict | list)]
        count += sum(map(len, nodes))
        if count > MAX_BODY_VALUES:
            raise Invalid(f"The body has more than {MAX_BODY_VALUES:,} values.")
        level = [
            child for node in nodes for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return
    if any(isinstance(node, dict | list) for node in level):
        raise Malformed(f"The body is nested deeper than {MAX_BODY_DEPTH} levels.", code="too_deep")
