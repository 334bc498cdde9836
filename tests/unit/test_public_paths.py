"""The path of a request in logs and errors has no API key."""

from types import SimpleNamespace
from typing import Any

import pytest

from service.http.public_paths import describe_path

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("template", "path", "shown"),
    [
        ("stremio/<addon_key:str>/manifest.json", "/stremio/a-key/manifest.json", None),
        ("x/<addon_key:str>/meta/<id:str>", "/x/%6d%76k/meta/tt1/", "/x/***/meta/tt1/"),
        ("omdb/img", "/omdb/img", "/omdb/img"),
        ("posters/<key:str>/<file:str>", "/posters/9f86/w342.jpg", "/posters/9f86/w342.jpg"),
    ],
)
def test_a_key_in_a_path_is_hidden_and_nothing_else(
    template: str, path: str, shown: str | None
) -> None:
    request: Any = SimpleNamespace(route=SimpleNamespace(path=template), path=path)
    assert describe_path(request) == (shown or "/stremio/***/manifest.json")
    request.route = None
    assert describe_path(request) == path
