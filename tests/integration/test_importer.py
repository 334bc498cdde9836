"""Files of films: three shapes, bad lines told and left out, twice is once."""

import gzip
import json
from contextlib import aclosing
from pathlib import Path

import pytest

from service.errors import DomainError
from service.films import importer as loading
from service.films.catalogue import Catalogue
from service.films.importer import FilmImporter, ImportProgress
from service.films.models import Film
from service.omdb.parser import parse_film
from service.outbox.models import Outbox
from service.resources import resource_path

OWN = {"title": "Jaws", "imdb_id": "tt0073195", "year": 1975, "genres": ["Thriller"]}
OMDB = {"Title": "Alien", "Year": "1979", "imdbID": "tt0078748", "Runtime": "117 min"}
SHORT = {
    "name": "Metropolis",
    "director": "Fritz Lang",
    "imdb_score": 8.4,
    "genre": ["Drama", " Sci-Fi"],
    "99popularity": 84.0,
}


@pytest.fixture
def loader(catalogue: Catalogue) -> FilmImporter:
    return FilmImporter(catalogue, parse_film)


async def loaded(loader: FilmImporter, path: Path) -> ImportProgress:
    return [progress async for progress in loader.import_file(path)][-1]


def lines(path: Path, *films: object) -> Path:
    path.write_bytes(
        b"\n".join(f if isinstance(f, bytes) else json.dumps(f).encode() for f in films)
    )
    return path


async def test_each_of_the_three_shapes_is_understood(loader: FilmImporter, tmp_path: Path) -> None:
    progress = await loaded(loader, lines(tmp_path / "films.jsonl", OWN, OMDB, SHORT))
    assert (progress.added, progress.bad_lines) == (3, [])
    alien = await Film.get(imdb_id="tt0078748")
    assert (alien.title, alien.runtime_minutes) == ("Alien", 117)
    metropolis = await Film.get(title="Metropolis")
    assert (metropolis.directors, metropolis.imdb_rating) == (["Fritz Lang"], 8.4)
    assert (metropolis.genres, metropolis.popularity) == (["Drama", "Sci-Fi"], 84.0)


async def test_bad_lines_are_told_by_number_and_the_rest_is_kept(
    loader: FilmImporter, tmp_path: Path
) -> None:
    path = lines(
        tmp_path / "films.jsonl",
        OWN,
        b"{not json",
        {"title": "", "year": 1990},
        b"",
        {"title": "Heat", "yeer": 1995},
        b"[1, 2]",
        b'{"title": "\\ud800"}',
        OMDB,
    )
    progress = await loaded(loader, path)
    assert progress.added == 2
    assert [bad.number for bad in progress.bad_lines] == [2, 3, 5, 6, 7]
    assert "yeer" in progress.bad_lines[2].reason


async def test_a_line_of_megabytes_is_left_out_alone(loader: FilmImporter, tmp_path: Path) -> None:
    huge = b'{"title": "' + b"x" * 3_000_000 + b'"}'
    progress = await loaded(loader, lines(tmp_path / "films.jsonl", OWN, huge, OMDB))
    assert (progress.added, [bad.number for bad in progress.bad_lines]) == (2, [2])


async def test_gzip_and_one_json_array_are_read_too(loader: FilmImporter, tmp_path: Path) -> None:
    packed = tmp_path / "films.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(OWN).encode() + b"\n" + json.dumps(OMDB).encode()))
    assert (await loaded(loader, packed)).added == 2
    array = tmp_path / "films.json"
    array.write_text(json.dumps([OWN, SHORT]))
    assert (await loaded(loader, array)).added == 1


async def test_an_array_that_is_not_json_is_one_clear_error(
    loader: FilmImporter, tmp_path: Path
) -> None:
    path = tmp_path / "films.json"
    path.write_text('[{"title": "Jaws"}, ')
    with pytest.raises(DomainError, match="not JSON"):
        await loaded(loader, path)


async def test_loading_the_samples_twice_changes_nothing(loader: FilmImporter) -> None:
    first = await loaded(loader, resource_path("samples/films.jsonl"))
    second = await loaded(loader, resource_path("samples/films.jsonl"))
    assert (first.added, first.bad_lines) == (500, [])
    assert (second.read, second.added, second.changed) == (500, 0, 0)


async def test_a_film_as_the_service_shows_it_can_be_loaded_again(
    loader: FilmImporter, tmp_path: Path
) -> None:
    shown = {**OWN, "id": "x", "version": 7, "stale": False, "poster": {"status": "missing"}}
    assert (await loaded(loader, lines(tmp_path / "films.jsonl", shown))).added == 1


async def test_what_is_on_its_way_when_a_load_is_broken_off_is_written_whole(
    loader: FilmImporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "BATCH", 3)
    path = lines(
        tmp_path / "films.jsonl",
        *({"title": f"Film {n}", "imdb_id": f"tt{n:07}"} for n in range(20)),
    )
    async with aclosing(loader.import_file(path)) as steps:
        async for progress in steps:
            assert progress.added == 3
            break
    written = await Film.all().count()
    assert written % 3 == 0 and 3 <= written < 20
    assert await Outbox.all().count() == written
    assert (await loaded(loader, path)).added == 20 - written
