"""Say in plain words what is wrong with a film, without the validator's own words."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must not be empty",
    "string_too_long": "is longer than {max_length} characters",
    "too_long": "has more than {max_length} entries",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "tuple_type": "must be a list",
    "string_unicode": "holds characters that are not text",
    "string_pattern_mismatch": "must be tt and seven to nine digits",
    "literal_error": "must be {expected}",
    "model_type": "must be an object",
}


def describe_validation_error(error: ValidationError) -> dict[str, str]:
    """Return the fault of each field in plain words; the whole film is ``."""
    faults: dict[str, str] = {}
    for item in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in item["loc"] if isinstance(part, str))
        faults.setdefault(name, _describe(item))
    return faults


def _describe(item: Mapping[str, Any]) -> str:
    if item["type"] == "value_error":
        return str(item["ctx"]["error"])
    message = MESSAGES.get(item["type"], "cannot be understood")
    return message.format(**item.get("ctx", {}))
