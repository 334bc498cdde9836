"""OMDb's answers are valid JSON, JavaScript and XML, whatever a film's texts hold."""

import json
import re
from xml.etree import ElementTree

import pytest

from service.compat.omdb.answers import encode_error, render
from service.compat.omdb.requests import OmdbQuery
from service.http.responses import encode_json

CHARACTERS = "".join(map(chr, [*range(0x100), 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF, 0x1F988]))
TEXTS = [CHARACTERS, "\\", '"', "']]>", "</script><!--", "&amp;&#0;", "\\u0000\\", " a\r\n\tb "]
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def ask(**params: str) -> OmdbQuery:
    return OmdbQuery.model_validate(params)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_any_text_survives_each_form(text: str) -> None:
    body = encode_json({"Title": text, "Plot": text, "Response": "True"})
    as_json, media_type = render(ask(i="tt0073195"), body)
    assert json.loads(as_json)["Plot"] == text
    assert media_type == "application/json; charset=utf-8"
    script = render(ask(i="tt0073195", callback="a.b"), body)[0].decode()
    assert script.startswith("a.b(") and script.endswith(")")
    assert json.loads(script[4:-1])["Plot"] == text
    assert not set("\u2028\u2029\n\r") & set(script)
    (film,) = ElementTree.fromstring(render(ask(i="tt0073195", r="xml"), body)[0])
    assert film.attrib["plot"] == film.attrib["title"] == NOT_IN_XML.sub("", text)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_any_text_survives_in_lists_and_errors_of_xml(text: str) -> None:
    for name in ("Search", "Episodes"):
        page = encode_json({name: [{"Title": text}], "totalResults": "1", "Response": "True"})
        root = ElementTree.fromstring(render(ask(s="x", r="xml"), page)[0])
        assert [entry.attrib["title"] for entry in root] == [NOT_IN_XML.sub("", text)]
    root = ElementTree.fromstring(render(ask(s="x", r="xml"), encode_error(text))[0])
    assert root[0].text == NOT_IN_XML.sub("", text)
