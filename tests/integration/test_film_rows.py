"""A film read as a row equals the film read as a model."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

from service.films.models import Film
from service.films.responses import film_view
from service.films.rows import get_film_row, get_film_rows
from service.search.index.document import MovieDocument

NOW = datetime(2026, 1, 1, 12, 30, 15, 250_000, tzinfo=UTC)


async def test_a_row_and_its_model_give_the_same_response_and_document(database: str) -> None:
    full = await Film.create(
        version=3,
        imdb_id="tt0073195",
        title="Jaws – “½”",
        whole_title="jaws",
        aliases=["Les Dents de la mer"],
        type="series",
        year=1975,
        end_year=1987,
        released=date(1975, 6, 20),
        rated="PG",
        runtime_minutes=124,
        genres=["Adventure", "Thriller"],
        directors=["Steven Spielberg"],
        writers=["Peter Benchley"],
        actors=["Roy Scheider"],
        plot="A shark.",
        languages=["English"],
        countries=["USA"],
        awards="3 Oscars",
        season=2,
        episode=3,
        series="tt0903747",
        imdb_rating=8.0,
        imdb_votes=600_000,
        rotten_tomatoes=97,
        metacritic=87,
        popularity=12.5,
        box_office_usd=266_567_580,
        poster_status="stored",
        poster_reason="large",
        poster_key="0a" * 20,
        source="omdb",
        fetched_at=NOW - timedelta(days=1),
        refresh_after=NOW,
        created_at=NOW,
        updated_at=NOW + timedelta(microseconds=1),
    )
    bare = await Film.create(title="M", whole_title="m", created_at=NOW, updated_at=NOW)
    rows = {row.id: row for row in await get_film_rows([str(full.id), str(bare.id)])}
    for created in (full, bare):
        film, row = await Film.get(id=created.id), rows[created.id]
        assert asdict(film_view(row, NOW)) == asdict(film_view(film, NOW))
        assert MovieDocument.from_film(row) == MovieDocument.from_film(film)
    assert await get_film_row("tt0073195") == rows[full.id]
    assert await get_film_row("tt0000000") is None
    assert await get_film_rows([]) == []
