"""OMDb's answers: as JSON, as JSON in a call of a function (JSONP), or as XML."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

import orjson

from service.compat.omdb.requests import OmdbQuery

JSON, SCRIPT, XML = "application/json", "text/javascript", "text/xml"
"""The media types of the answers, each in UTF-8."""

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_SEPARATORS = {ord("\u2028"): "\\u2028", ord("\u2029"): "\\u2029"}
"""What ends a line in old JavaScript, even within a string."""

ONLY_IN_JSON = ("Ratings", "DVD", "BoxOffice", "Production", "Website", "Response")


def render(query: OmdbQuery, body: bytes) -> tuple[bytes, str]:
    """Return an answer, given as JSON, in the form that the query asks for, and its media type."""
    media_type = JSON
    if query.is_xml:
        body, media_type = _to_xml(orjson.loads(body)).encode(), XML
    elif query.function is not None:
        text = body.decode().translate(_LINE_SEPARATORS)
        body, media_type = f"{query.function}({text})".encode(), SCRIPT
    return body, f"{media_type}; charset=utf-8"


def encode_error(text: str) -> bytes:
    """Return the answer that says why there is nothing else."""
    return orjson.dumps({"Response": "False", "Error": text})


def _to_xml(answer: dict[str, Any]) -> str:
    head = f'<?xml version="1.0" encoding="UTF-8"?><root response="{answer["Response"]}"'
    if "Error" in answer:
        return f"{head}><error>{_escape(answer['Error'])}</error></root>"
    for name, element in (("Search", "result"), ("Episodes", "result")):
        if name in answer:
            entries = "".join(_to_element(element, entry) for entry in answer[name])
            rest = {k: v for k, v in answer.items() if k not in (name, *ONLY_IN_JSON)}
            return f"{head}{_to_attributes(rest)}>{entries}</root>"
    return f"{head}>{_to_element('movie', answer)}</root>"


def _to_element(name: str, values: Mapping[str, Any]) -> str:
    texts = {key: text for key, text in values.items() if key not in ONLY_IN_JSON}
    return f"<{name}{_to_attributes(texts)}/>"


def _to_attributes(values: Mapping[str, str]) -> str:
    return "".join(f' {k[0].lower()}{k[1:]}="{_escape(text)}"' for k, text in values.items())


def _escape(text: str) -> str:
    """Return the text for XML, without the characters that no XML document may have."""
    escaped = escape(_NOT_IN_XML.sub("", text))
    return escaped.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")
