"""What a browser loads for the first view of the page."""

import gzip

import pytest

from service.site.assets import Assets
from service.site.document import ENTRY_MODULE, STYLES

MAX_BYTES = 60_000  # of JavaScript and CSS, as gzip
EARLY = "theme.js"


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_first_view_is_light_and_other_views_come_when_they_are_opened(language: str) -> None:
    assets = Assets()
    modules = assets.list_modules(ENTRY_MODULE, "views/search.js")
    others = {name for name in modules if name.startswith(("admin/", "account/", "views/"))}
    assert others == {"views/search.js"}
    messages = [f"i18n/{language}/{section}.js" for section in ("core", "search")]
    files = [EARLY, *modules, *messages, *STYLES, "styles/search.css"]
    sizes = {name: _gzipped_size(assets, name) for name in files}
    assert sum(sizes.values()) <= MAX_BYTES, sizes


def _gzipped_size(assets: Assets, name: str) -> int:
    file = assets.get(name)
    assert file is not None, name
    return len(gzip.compress(file.body, compresslevel=9, mtime=0))
