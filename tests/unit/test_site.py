"""The page's files and its document, without a server."""

import gzip
from pathlib import Path

import brotli
import pytest

from service.clock import utc_now
from service.films.models import Film
from service.site.assets import STATIC_FOLDER, Assets, list_imports
from service.site.document import Page, describe_film_page, render_document, render_opensearch
from tests.support import ROOT

HOSTILE = "</title><img src=x onerror='alert(1)'>\"\u202e& <!--"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "views").mkdir()
    (tmp_path / "app.js").write_text(
        "import { a } from './a.js';\nexport * from \"./b.js\";\n"
        "const lazy = import('./views/c.js');\n"
    )
    (tmp_path / "a.js").write_text("import './b.js';\n// " + "text " * 1000)
    (tmp_path / "b.js").write_text("export const b = 1;\n")
    (tmp_path / "views/c.js").write_text("import {\n  b,\n} from '../b.js';\n")
    (tmp_path / "notes.md").write_text("not served")
    return tmp_path


def film(**facts: object) -> Film:
    return Film(**{"title": "Jaws", "created_at": utc_now(), "updated_at": utc_now()} | facts)


def test_the_version_changes_with_the_content_and_the_name_of_any_file(folder: Path) -> None:
    versions = [Assets(folder).version, Assets(folder).version]
    (folder / "views/c.js").write_text("export const c = 2;\n")
    versions.append(Assets(folder).version)
    (folder / "views/c.js").rename(folder / "views/d.js")
    versions.append(Assets(folder).version)
    assert versions[0] == versions[1]
    assert len(set(versions)) == 3


def test_only_files_of_known_types_are_served_and_no_path_leaves_the_folder(folder: Path) -> None:
    assets = Assets(folder)
    assert assets.get("app.js") is not None
    for path in ("notes.md", "../app.js", "views/../app.js", "/app.js", "", "views"):
        assert assets.get(path) is None, path


def test_modules_list_static_imports_once_and_leave_out_lazy_ones(folder: Path) -> None:
    assets = Assets(folder)
    assert assets.list_modules("app.js") == ("app.js", "a.js", "b.js")
    assert assets.list_modules("app.js", "views/c.js") == ("app.js", "views/c.js", "a.js", "b.js")
    assert assets.list_modules("views/missing.js") == ()


async def test_a_text_is_compressed_as_the_client_prefers_and_restores_the_same(
    folder: Path,
) -> None:
    assets = Assets(folder)
    long_file, short_file = assets.get("a.js"), assets.get("b.js")
    assert long_file and short_file
    for accept, name, restore in (
        ("gzip, br, zstd", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
    ):
        body, encoding = await assets.compress(long_file, accept)
        assert encoding is not None
        assert encoding.name == name
        assert len(body) < len(long_file.body) / 10
        assert restore(body) == long_file.body
    assert await assets.compress(long_file, "br;q=0, gzip;q=0") == (long_file.body, None)
    assert await assets.compress(short_file, "br") == (short_file.body, None)


def test_every_module_that_the_page_imports_is_there() -> None:
    for path in STATIC_FOLDER.rglob("*.js"):
        name = path.relative_to(STATIC_FOLDER).as_posix()
        for module in list_imports(name, path.read_text()):
            assert (STATIC_FOLDER / module).is_file(), (name, module)


def test_a_hostile_title_stays_text_in_every_part_of_the_document(folder: Path) -> None:
    page = describe_film_page(film(title=HOSTILE, plot=HOSTILE, directors=[HOSTILE]))
    text = render_document(page, Assets(folder), 'http://a"><script>').decode()
    assert "<img" not in text
    assert text.count("<script") == text.count("</script>") == 1
    assert text.count("</title>") == 1
    assert "&lt;img src=x onerror=&#x27;alert(1)&#x27;&gt;" in text


def test_the_document_of_a_film_names_it_for_link_previews(folder: Path) -> None:
    stored = film(
        imdb_id="tt0073195",
        year=1975,
        directors=["Steven Spielberg"],
        plot="A shark. " * 100,
        poster_status="stored",
        poster_key="9f" * 32,
    )
    text = render_document(describe_film_page(stored), Assets(folder), "https://f.example").decode()
    assert "<title>Jaws (1975) · Movies</title>" in text
    assert '<meta property="og:title" content="Jaws (1975)">' in text
    assert '<meta property="og:type" content="video.movie">' in text
    assert '<meta property="og:url" content="https://f.example/film/tt0073195">' in text
    assert f'content="https://f.example/api/v1/posters/{"9f" * 32}/w780.jpg"' in text
    [description] = [line for line in text.splitlines() if 'name="description"' in line]
    assert "Steven Spielberg · A shark." in description
    assert len(description) < 400
    assert description.endswith(' …">')


def test_a_film_without_a_stored_poster_has_no_preview_picture(folder: Path) -> None:
    text = render_document(describe_film_page(film()), Assets(folder), "").decode()
    assert "og:image" not in text


def test_the_document_has_nothing_inline(folder: Path) -> None:
    text = render_document(Page("search"), Assets(folder), "").decode()
    assert "<style" not in text
    assert " style=" not in text
    assert "<script>" not in text
    assert "http" not in text.replace("http-equiv", "")


def test_the_search_description_names_the_address_that_it_came_from() -> None:
    text = render_opensearch('https://a.example/"<')
    assert 'template="https://a.example/&quot;&lt;/?q={searchTerms}"' in text


def test_no_file_of_the_page_names_a_foreign_address() -> None:
    allowed = ("http://www.w3.org/", "https://www.imdb.com/", "https://www.omdbapi.com/")
    for path in STATIC_FOLDER.rglob("*"):
        if path.suffix not in (".js", ".css", ".svg") or "vendor" in path.parts:
            continue
        text = path.read_text()
        for scheme in ("http://", "https://"):
            for rest in text.split(scheme)[1:]:
                assert (scheme + rest).startswith(allowed), (path.relative_to(ROOT), rest[:60])
