"""Importing films from files: three shapes, bad lines, repeated and interrupted imports."""

import asyncio
import gzip
import json
import os
import random
import tracemalloc
from contextlib import aclosing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.clock import utc_now
from service.films import schemas
from service.films.catalogue import Catalogue
from service.films.file_reader import UnreadableFile
from service.films.importer import BadLine, FilmImporter, ImportProgress
from service.films.line_parser import READERS
from service.films.merge import FilmMerger
from service.films.models import Film
from service.omdb.parser import parse_film
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier
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
    assert (progress.added, progress.left_out) == (3, 4)
    assert [line.number for line in progress.bad_lines] == [2, 3, 6, 7]
    assert progress.unknown_fields == {"yeer": 1}


@pytest.mark.parametrize(
    ("film", "unknown"),
    [
        (OMDB | {"DVD": "N/A", "Response": "True", "Yeer": 1, "year": 1979}, ["Yeer", "year"]),
        ({"title": "A", "release_date": "1979-05-25", "vote_count": 1, "Yeer": 1}, ["Yeer"]),
        (EXPORTED | {"stale": False, "vote_count": 1}, ["vote_count"]),
        (COMPACT | {"Title ": "A"}, ["Title "]),
    ],
)
async def test_unknown_fields_are_counted_in_each_shape_and_refused_when_strict(
    importer: FilmImporter, tmp_path: Path, film: dict[str, object], unknown: list[str]
) -> None:
    path = write_lines(tmp_path / "films.jsonl", film, film)
    done = await import_all(importer, path)
    assert (done.added, done.same) == (1, 1)
    assert done.unknown_fields == dict.fromkeys(unknown, 2)
    strict = [step async for step in importer.import_file(path, is_strict=True)][-1]
    assert strict.left_out == 2
    assert all(f"{name}: is not a known field" in strict.bad_lines[0].reason for name in unknown)


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
        gzip.compress(json.dumps(EXPORTED).encode() + b"\n" + json.dumps(OMDB).encode(), mtime=0)
    )
    assert (await import_all(importer, compressed)).added == 2
    array = tmp_path / "films.json"
    array.write_text(json.dumps([EXPORTED, COMPACT]))
    assert (await import_all(importer, array)).added == 1


async def test_importing_the_samples_again_changes_nothing(importer: FilmImporter) -> None:
    first = await import_all(importer, resource_path("samples/films.jsonl"))
    second = await import_all(importer, resource_path("samples/films.jsonl"))
    assert (first.added, first.bad_lines) == (500, [])
    assert (second.read, second.added, second.changed, second.same) == (500, 0, 0, 500)


TITLES = ("Nameless", "NAMELESS", "Other")
IDS = (None, "tt0000001", "tt0000002")
LINE = st.fixed_dictionaries(
    {"title": st.sampled_from(TITLES)},
    optional={
        "imdb_id": st.sampled_from(IDS),
        "year": st.sampled_from((None, 1999, 2000)),
        "type": st.sampled_from(("movie", "series")),
        "directors": st.lists(st.sampled_from("AB"), max_size=1),
        "rated": st.sampled_from(("PG", "R")),
    },
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(LINE, max_size=5), st.lists(LINE, max_size=12))
async def test_importing_any_file_again_changes_nothing(
    importer: FilmImporter,
    tmp_path: Path,
    stored: list[dict[str, object]],
    films: list[dict[str, object]],
) -> None:
    await Film.all().delete()
    for film in stored:
        await import_all(importer, write_lines(tmp_path / "stored.jsonl", film))
    path = write_lines(tmp_path / "films.jsonl", *films)
    for run in range(2):
        done = await import_all(importer, path)
        assert done.read == done.added + done.changed + done.same + done.left_out == len(films)
        assert done.left_out == 0
        assert run == 0 or (done.added, done.changed) == (0, 0)


async def test_a_file_under_the_addresses_of_a_merged_film_goes_to_the_film_that_stays(
    importer: FilmImporter, tmp_path: Path, catalogue: Catalogue, notifier: OutboxNotifier
) -> None:
    lines = [EXPORTED, {"title": "Jaws 1", "imdb_id": "tt0000001", "rated": "PG"}]
    path = write_lines(tmp_path / "films.jsonl", *lines)
    await import_all(importer, path)
    await FilmMerger(catalogue, notifier, utc_now).merge("tt0000001", "tt0073195")
    lines.append({"title": "Jaws 1", "imdb_id": "TT0000001", "runtime_minutes": 124})
    path = write_lines(tmp_path / "films.jsonl", *lines[::-1])
    done = await import_all(importer, path)
    assert (done.added, done.changed, done.same) == (0, 1, 2)
    film = await Film.get()
    assert (film.title, film.imdb_id, film.aliases) == ("Jaws", "tt0073195", ["Jaws 1"])
    assert (film.rated, film.runtime_minutes) == ("PG", 124)
    done = await import_all(importer, path)
    assert (done.added, done.changed, done.same) == (0, 0, 3)


HEAT = {"title": "Heat", "year": 1995}
FIRST, SECOND = {"imdb_id": "tt0000001"}, {"imdb_id": "tt0000002"}
MANN, MANN_AND_LEE = {"directors": ["Mann"]}, {"directors": ["Mann", "Lee"]}


@pytest.mark.parametrize(
    ("stored", "films"),
    [
        # The line without an id shares more directors with the film that comes after it.
        (
            [],
            [
                HEAT | FIRST | MANN,
                HEAT | MANN_AND_LEE | {"rated": "R"},
                HEAT | SECOND | MANN_AND_LEE,
            ],
        ),
        # An older film gets the title of the line without an id from a later line.
        ([{"title": "X"} | FIRST, HEAT | SECOND], [HEAT, HEAT | FIRST, {"title": "Y"} | SECOND]),
        # A line states an end before the year that is known.
        ([HEAT | FIRST], [{"title": "Heat", "end_year": 1990} | FIRST, HEAT | {"end_year": 1999}]),
    ],
)
async def test_a_line_that_fits_several_films_means_the_same_one_when_it_is_imported_again(
    importer: FilmImporter,
    tmp_path: Path,
    stored: list[dict[str, object]],
    films: list[dict[str, object]],
) -> None:
    await import_all(importer, write_lines(tmp_path / "stored.jsonl", *stored))
    path = write_lines(tmp_path / "films.jsonl", *films)
    await import_all(importer, path)
    again = await import_all(importer, path)
    assert (again.added, again.changed, again.same) == (0, 0, len(films))


@pytest.mark.parametrize(
    "films",
    [
        [{"Title": "X", "Year": "2013–2008", "imdbID": "tt9500002", "Type": "series"}],
        [{"name": "G", "director": "D", "genre": 5}],
        [{"title": "ﷺ" * 40}, {"title": "½" * 350}, {"Title": "½" * 350}],
        [{"title": "X", "credits": {"cast": 5, "crew": 6}}],
    ],
)
async def test_an_odd_line_never_ends_an_import(
    importer: FilmImporter, tmp_path: Path, films: list[object]
) -> None:
    done = await import_all(importer, write_lines(tmp_path / "films.jsonl", *films, EXPORTED))
    assert done.added + done.left_out == len(films) + 1
    assert await Film.exists(title="Jaws")


async def test_a_line_that_breaks_the_parser_costs_that_line_alone(
    importer: FilmImporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_or_break(value: object) -> dict[str, object]:
        return {"plot": str(value)[100]}  # IndexError

    monkeypatch.setitem(READERS, "plot", read_or_break)
    path = write_lines(tmp_path / "films.jsonl", {"title": "X", "plot": "short"}, OMDB)
    done = await import_all(importer, path)
    assert (done.read, done.added) == (2, 1)
    assert done.bad_lines == [BadLine(1, "cannot be understood")]


async def test_faults_beyond_the_twentieth_are_counted(
    importer: FilmImporter, tmp_path: Path
) -> None:
    done = await import_all(importer, write_lines(tmp_path / "films.jsonl", *([1] * 50), OMDB))
    assert (done.read, done.added, done.left_out, len(done.bad_lines)) == (51, 1, 50, 20)


async def test_what_the_database_refuses_costs_that_line_alone(
    importer: FilmImporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas, "MAX_TITLE_KEY_LENGTH", 10_000)
    done = await import_all(
        importer, write_lines(tmp_path / "films.jsonl", EXPORTED, {"title": "½" * 350}, OMDB)
    )
    assert (done.added, [line.number for line in done.bad_lines]) == (2, [2])


ARRAYS = (
    json.dumps([EXPORTED, OMDB]),
    json.dumps([EXPORTED, OMDB], indent=4),
    "[\n" + json.dumps(EXPORTED) + ",\n" + json.dumps(OMDB) + "\n]\n",
    " [ " + json.dumps(EXPORTED) + "\n\n\n,  " + json.dumps(OMDB) + "]",
    json.dumps(EXPORTED, indent=2) + "\n" + json.dumps(OMDB, indent=2),
)
TABLES = (
    'title,imdb_id,year,genres\nJaws,tt0073195,1975,Thriller\n\n"Alien, uncut",tt0078748,1979,\n',
    "title\timdb_id\tyear\r\nJaws\ttt0073195\t1975\r\nAlien\ttt0078748\t\\N\r\n",
    "Title;imdbID;Year;Type\nJaws;tt0073195;1975;movie\nAlien;tt0078748;1979;movie\n",
    "title\nJaws\nAlien\n",
)


@pytest.mark.parametrize("text", [*ARRAYS, *TABLES])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("is_compressed", [False, True])
async def test_films_are_read_from_every_format(
    importer: FilmImporter, tmp_path: Path, text: str, mark: str, is_compressed: bool
) -> None:
    content = (mark + text).encode()
    path = tmp_path / "films"
    path.write_bytes(gzip.compress(content, mtime=0) if is_compressed else content)
    done = await import_all(importer, path)
    assert (done.added, done.bad_lines) == (2, [])


async def test_films_are_read_from_a_pipe(importer: FilmImporter, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    lines = [json.dumps({"title": f"Film {number}"}).encode() for number in range(2_000)]
    compressed = gzip.compress(b"\n".join(lines), mtime=0)
    writing = asyncio.create_task(asyncio.to_thread(path.write_bytes, compressed))
    done = await import_all(importer, path)
    await writing
    assert (done.added, done.bytes_read) == (2_000, len(compressed))


UNREADABLE = [
    (json.dumps(EXPORTED).encode("utf-16"), "UTF-16"),
    (json.dumps(EXPORTED).encode("utf-16-le"), "UTF-16"),
    *((json.dumps(EXPORTED).encode(f"utf-32{order}"), "UTF-32") for order in ("", "-le", "-be")),
    (b"PAR1\x15\x04", "Parquet"),
    (b"PK\x03\x04", "ZIP"),
    (b"<!DOCTYPE html>", "HTML"),
    (b"movieId,genres\n1,Drama\n", "names no column"),
    (b"\x1f\x8b\x08\x00", "damaged"),
    (gzip.compress(json.dumps(EXPORTED).encode(), mtime=0)[:-12], "damaged"),
    (b"\x1f\x8bnonsense", "damaged"),
]


@pytest.mark.parametrize(("content", "words"), UNREADABLE)
async def test_a_file_that_cannot_be_read_is_explained_in_one_sentence(
    importer: FilmImporter, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "films"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=words) as error:
        await import_all(importer, path)
    assert "films" in str(error.value) and "\n" not in str(error.value)


async def test_a_folder_and_a_missing_file_are_named(
    importer: FilmImporter, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableFile, match="is a folder"):
        await import_all(importer, tmp_path)
    with pytest.raises(UnreadableFile, match="it does not exist"):
        await import_all(importer, tmp_path / "nothing")


@pytest.mark.parametrize("kind", ["array", "gzip"])
async def test_what_was_read_before_a_file_breaks_off_stays(
    importer: FilmImporter, tmp_path: Path, kind: str
) -> None:
    films = [{"title": f"Film {number} {random_words(number)}"} for number in range(3_000)]
    content = json.dumps(films).encode()[:-20]
    if kind == "gzip":
        content = gzip.compress("\n".join(map(json.dumps, films)).encode(), mtime=0)[:-2_000]
    path = tmp_path / "films"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile):
        await import_all(importer, path)
    assert await Film.all().count() >= 500


@pytest.mark.parametrize("count", [2, 3_000])
async def test_all_that_a_broken_gzip_file_still_holds_is_imported(
    importer: FilmImporter, tmp_path: Path, count: int
) -> None:
    films = [{"title": f"Film {number} {random_words(number)}"} for number in range(count)]
    path = tmp_path / "films.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, films)).encode(), mtime=0)[:-30])
    progress = ImportProgress()
    with pytest.raises(UnreadableFile, match="breaks off"):
        [step async for step in importer.import_file(path, progress=progress)]
    assert count - 2 <= progress.read == progress.added == await Film.all().count() < count


def random_words(seed: int) -> str:
    return random.Random(seed).randbytes(20).hex()


async def test_a_broken_film_in_an_array_costs_that_film_alone(
    importer: FilmImporter, tmp_path: Path
) -> None:
    path = tmp_path / "films.json"
    path.write_text(
        '[{"title": "A"}, {"title": B}, {"title": "C"},\n{"title": "D",},\n{"title": "E"}]'
    )
    done = await import_all(importer, path)
    assert (done.added, [line.number for line in done.bad_lines]) == (3, [2, 4])


async def test_all_of_several_arrays_is_read(importer: FilmImporter, tmp_path: Path) -> None:
    path = tmp_path / "films.json"
    path.write_text('[{"title": "A"}]\n[{"title": "B"},\n{"title": "C"}] junk\n{"title": "D"}')
    done = await import_all(importer, path)
    assert (done.added, [line.number for line in done.bad_lines]) == (4, [4])


async def test_a_row_of_a_table_whose_quote_is_not_closed_is_a_fault(
    importer: FilmImporter, tmp_path: Path
) -> None:
    path = tmp_path / "films.csv"
    path.write_text('title,year\n5" disk,1999\nJaws,1975\n"Alien,1979\nHeat,1995\n')
    done = await import_all(importer, path)
    assert done.added == 2
    assert done.bad_lines == [
        BadLine(4, "has a quote that is not closed before the file ends"),
    ]


async def test_a_row_of_a_table_with_too_many_columns_is_left_out(
    importer: FilmImporter, tmp_path: Path
) -> None:
    path = tmp_path / "films.csv"
    path.write_bytes(b"title,year\nJaws,1975,x\nAm\xe9lie,2001\nAlien,1979\n")
    done = await import_all(importer, path)
    assert (done.added, [line.number for line in done.bad_lines]) == (1, [2, 3])


async def test_a_row_of_a_table_that_is_too_long_is_left_out_with_all_its_lines(
    importer: FilmImporter, tmp_path: Path
) -> None:
    path = tmp_path / "films.csv"
    plot = '"",""\nNot a film,1980\n' * 10_000
    fields = '"\n",a,' * 400_000
    long_line = "x" * 2_500_000
    path.write_text(
        f'title,plot\nJaws,"A\nshark"\nLong,"{plot}"\n{fields}"\n"\n'
        f"Alien,In space\n{long_line},y\nHeat,\n"
    )
    done = await import_all(importer, path)
    assert done.added == 3
    assert await Film.all().order_by("title").values_list("title", flat=True) == [
        "Alien", "Heat", "Jaws",
    ]  # fmt: skip
    assert [(line.number, line.reason) for line in done.bad_lines] == [
        (4, "is no row of a table: field larger than field limit (131072)"),
        (20_005, "is longer than 1000000 bytes"),
        (420_008, "is longer than 1000000 bytes"),
    ]


async def test_a_row_without_an_end_is_one_fault_in_bounded_memory(
    importer: FilmImporter, tmp_path: Path
) -> None:
    path = tmp_path / "films.csv.gz"
    path.write_bytes(gzip.compress(b"title,year\nJaws,1975\n" + b'"\n",ab,' * 700_000, 1))
    tracemalloc.start()
    try:
        done = await import_all(importer, path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (done.added, [line.number for line in done.bad_lines]) == (1, [3])
    assert peak < 20_000_000, "much less than all fields of the row"


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from([*ARRAYS, *TABLES, json.dumps(EXPORTED) + "\n" + json.dumps(OMDB)]),
    st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=3)), max_size=4),
    st.booleans(),
)
async def test_random_damage_is_a_fault_or_a_sentence(
    importer: FilmImporter,
    tmp_path: Path,
    text: str,
    damages: list[tuple[int, bytes]],
    is_compressed: bool,
) -> None:
    content = gzip.compress(text.encode(), mtime=0) if is_compressed else text.encode()
    for position, patch in damages:
        content = content[:position] + patch + content[position + len(patch) :]
    path = tmp_path / "films"
    path.write_bytes(content)
    with suppress(UnreadableFile):
        done = await import_all(importer, path)
        assert done.read == done.added + done.changed + done.same + done.left_out


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
