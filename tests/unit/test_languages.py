"""The language that a browser prefers."""

import pytest
from sanic.request import Request

from service.http.languages import preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("fr,de;q=0.4,en;q=0.3", "de"),
        ("DE ; q=0.5 , en;q=0.4", "de"),
        ("de;q=0", "en"),
        ("de;q=x,en", "en"),
        ("de;q=7,en;q=1", "de"),
        ("fr", "en"),
        ("*", "en"),
        ("den,deu", "en"),
        (",;,=,\x00de", "en"),
    ],
)
def test_the_most_preferred_supported_language_is_taken(header: str | None, language: str) -> None:
    headers = {} if header is None else {"accept-language": header}
    request = Request(b"/", headers, "1.1", "POST", None, None)
    assert preferred_language(request) == language
