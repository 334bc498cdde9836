"""Cells of CSV that a spreadsheet can open without running anything in it."""

import re
from uuid import UUID

import orjson

FORMULA = re.compile(r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
"""How a formula begins; the last four are the same signs in full width."""

INNER_FORMULA = re.compile(r"[;,\t\r\n](?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")
"""A spreadsheet that splits at another character, whatever the quotes say, begins a cell there."""

LIST_SEPARATOR = "; "


def encode_cell(value: object) -> str | int | float:
    """Return a value as a cell, before quoting: a text that is no formula, or a number."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, list | tuple):
        return disarm(LIST_SEPARATOR.join(_to_text(entry) for entry in value))
    return disarm(_to_text(value))


def disarm(text: str) -> str:
    """Return a text with `'` wherever a spreadsheet would begin a formula."""
    prefix = "'" if FORMULA.match(text) else ""
    return prefix + INNER_FORMULA.sub(lambda match: f"{match[0]}'", text)


def _to_text(value: object) -> str:
    if isinstance(value, str | UUID):
        return str(value)
    return orjson.dumps(value, option=orjson.OPT_UTC_Z).decode().strip('"')
