"""Importing films from files: three shapes, bad lines, repeated and interrupted imports."""

import gzip
import json
from contextlib import aclosing
from pathlib import Path

import pytest

from service.errors import DomainError
from service.films.catalogue import Catalogue
from service.films.importer import FilmImporter, ImportProgress
from service.films.models import Film
from service.omdb.parser import parse_film
from service.outbox.models import Outbox
from service.resources import resource_path

EXPORTED = {"title": "Jaws", "imdb_id": "tt0073195", "year": 1975, "genres": ["Thriller"]}
OMDB = {"Title": "Alien", "Year": "1979", "imdbID": "tt0078748", "Runtime": "117 min"}
COMPACT = {
    "name": "Metropolis",
    "director": "Fritz Lang",
    "imdb_score": 8.4,
    "genre": ["Drama", " Sci-Fi"],
    "99popularity": 84.0,
}


@pytest.fixture
def importer(catalogue: Catalogue) -> FilmImporter:
    return FilmImporter(catalogue, parse_film)


async def import_all(importer: FilmImporter, path: Path) -> ImportProgress:
    return [progress async for progress in importer.import_file(path)][-1]


def write_lines(path: Path, *films: object) -> Path:
    path.write_bytes(
        b"\n".join(f if isinstance(f, bytes) else json.dumps(f).encode() for f in films)
    )
    return path


async def test_each_of_the_three_shapes_is_imported(importer: FilmImporter, tmp_path: Path) -> None:
    progress = await import_all(
        importer, write_lines(tmp_path / "films.jsonl", EXPORTED, OMDB, COMPACT)
    )
    assert (progress.added, progress.bad_lines) == (3, [])
    alien = await Film.get(imdb_id="tt0078748")
    assert (alien.title, alien.runtime_minutes) == ("Alien", 117)
    metropolis = await Film.get(title="Metropolis")
    assert (metropolis.directors, metropolis.imdb_rating) == (["Fritz Lang"], 8.4)
    assert (metropolis.genres, metropolis.popularity) == (["Drama", "Sci-Fi"], 84.0)


async def test_bad_lines_are_reported_by_number_and_the_others_are_imported(
    importer: FilmImporter, tmp_path: Path
) -> None:
    path = write_lines(
        tmp_path / "films.jsonl",
        EXPORTED,
        b"{not json",
        {"title": "", "year": 1990},
        b"",
        {"title": "Heat", "yeer": 1995},
        b"[1, 2]",
        b'{"title": "\\ud800"}',
        OMDB,
    )
    progress = await import_all(importer, path)
    assert progress.added == 2
    assert [line.number for line in progress.bad_lines] == [2, 3, 5, 6, 7]
    assert "yeer" in progress.bad_lines[2].reason


async def test_a_line_of_megabytes_is_skipped_and_the_others_are_imported(
    importer: FilmImporter, tmp_path: Path
) -> None:
    huge = b'{"title": "' + b"x" * 3_000_000 + b'"}'
    progress = await import_all(
        importer, write_lines(tmp_path / "films.jsonl", EXPORTED, huge, OMDB)
    )
    assert (progress.added, [line.number for line in progress.bad_lines]) == (2, [2])


async def test_a_gzip_file_and_a_json_array_are_imported(
    importer: FilmImporter, tmp_path: Path
) -> None:
    compressed = tmp_path / "films.jsonl.gz"
    compressed.write_bytes(
        gzip.compress(json.dumps(EXPORTED).encode() + b"\n" + json.dumps(OMDB).encode())
    )
    assert (await import_all(importer, compressed)).added == 2
    array = tmp_path / "films.json"
    array.write_text(json.dumps([EXPORTED, COMPACT]))
    assert (await import_all(importer, array)).added == 1


async def test_a_malformed_json_array_raises_one_error(
    importer: FilmImporter, tmp_path: Path
) -> None:
    path = tmp_path / "films.json"
    path.write_text('[{"title": "Jaws"}, ')
    with pytest.raises(DomainError, match="not JSON"):
        await import_all(importer, path)


async def test_importing_the_samples_again_changes_nothing(importer: FilmImporter) -> None:
    first = await import_all(importer, resource_path("samples/films.jsonl"))
    second = await import_all(importer, resource_path("samples/films.jsonl"))
    assert (first.added, first.bad_lines) == (500, [])
    assert (second.read, second.added, second.changed) == (500, 0, 0)


async def test_a_film_in_the_shape_of_a_response_can_be_imported(
    importer: FilmImporter, tmp_path: Path
) -> None:
    response = {
        **EXPORTED,
        "id": "x",
        "version": 7,
        "stale": False,
        "poster": {"status": "missing"},
    }
    assert (await import_all(importer, write_lines(tmp_path / "films.jsonl", response))).added == 1


async def test_the_pending_batch_of_an_interrupted_import_is_written_completely(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    importer = FilmImporter(catalogue, parse_film, batch_size=3)
    path = write_lines(
        tmp_path / "films.jsonl",
        *({"title": f"Film {n}", "imdb_id": f"tt{n:07}"} for n in range(20)),
    )
    async with aclosing(importer.import_file(path)) as steps:
        async for progress in steps:
            assert progress.added == 3
            break
    written = await Film.all().count()
    assert written % 3 == 0 and 3 <= written < 20
    assert await Outbox.all().count() == written
    assert (await import_all(importer, path)).added == 20 - written
