"""The catalogue on a real database: one rule for what is one film, nothing written in vain."""

import asyncio

import pytest

from service.errors import Conflict, Invalid, NotFound, VersionMismatch
from service.films.catalogue import Catalogue
from service.films.models import Film, Genre
from service.films.schemas import FilmFacts, FilmPatch, ImdbRating, Provenance, Ratings
from service.outbox.models import Outbox

SAMPLE = Provenance(source="sample")
JAWS = FilmFacts(title="Jaws", imdb_id="tt0073195", year=1975, directors=("Steven Spielberg",))


async def test_a_film_and_its_outbox_row_are_written_together(catalogue: Catalogue) -> None:
    film = await catalogue.upsert(JAWS, SAMPLE)
    rows = await Outbox.all()
    assert [(row.film_id, row.version, row.kind) for row in rows] == [(film.id, 1, "film")]


async def test_the_same_facts_twice_write_nothing_the_second_time(catalogue: Catalogue) -> None:
    await catalogue.upsert(JAWS, SAMPLE)
    again = await catalogue.upsert_all([JAWS, JAWS], SAMPLE)
    assert (again.added, again.changed) == (0, 0)
    assert await Outbox.all().count() == 1


async def test_what_a_source_does_not_tell_stays_as_it_was(catalogue: Catalogue) -> None:
    await catalogue.upsert(JAWS, SAMPLE)
    told = FilmFacts(title="Jaws", imdb_id="tt0073195", runtime_minutes=124)
    film = await catalogue.upsert(told, SAMPLE)
    assert (film.year, film.runtime_minutes, film.version) == (1975, 124, 2)
    assert film.directors == ["Steven Spielberg"]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (JAWS, True),
        (FilmFacts(title="JAWS!", year=1975, directors=("steven spielberg",)), True),
        (FilmFacts(title="Jaws", year=1976, directors=("Steven Spielberg",)), False),
        (FilmFacts(title="Jaws", year=1975, directors=("Someone Else",)), False),
        (FilmFacts(title="Jaws", year=1975), False),
        (
            FilmFacts(
                title="Jaws", imdb_id="tt9999999", year=1975, directors=("Steven Spielberg",)
            ),
            False,
        ),
        (
            FilmFacts(title="Jaws", type="game", year=1975, directors=("Steven Spielberg",)),
            False,
        ),
    ],
)
async def test_one_rule_says_what_is_one_film(
    catalogue: Catalogue, other: FilmFacts, same: bool
) -> None:
    first = await catalogue.upsert(JAWS, SAMPLE)
    second = await catalogue.upsert(other, SAMPLE)
    assert (first.id == second.id) is same


async def test_twins_in_one_batch_become_one_film(catalogue: Catalogue) -> None:
    absorbed = await catalogue.upsert_all([JAWS] * 5, SAMPLE)
    assert absorbed.added == 1
    assert await Film.all().count() == 1


async def test_the_same_film_told_by_many_at_once_becomes_one(catalogue: Catalogue) -> None:
    told = FilmFacts(title="Duel", year=1971, directors=("Steven Spielberg",))
    films = await asyncio.gather(*(catalogue.upsert(told, SAMPLE) for _ in range(20)))
    assert len({film.id for film in films}) == 1
    assert await Film.all().count() == 1


async def test_adding_by_hand_refuses_a_twin(catalogue: Catalogue) -> None:
    await catalogue.add(JAWS)
    with pytest.raises(Conflict) as refused:
        await catalogue.add(JAWS)
    assert refused.value.code == "movie_exists"


async def test_loading_makes_genres_and_people_must_choose_among_them(
    catalogue: Catalogue,
) -> None:
    await catalogue.upsert(FilmFacts(title="Alien", genres=("Horror",)), SAMPLE)
    assert await Genre.all().values_list("name", flat=True) == ["Horror"]
    with pytest.raises(Invalid) as refused:
        await catalogue.add(FilmFacts(title="Aliens", genres=("Horror", "Romcom")))
    assert refused.value.code == "genre_not_found"
    assert len(refused.value.errors) == 1
    assert await Film.all().count() == 1


async def test_an_older_version_is_not_written_over_a_newer(catalogue: Catalogue) -> None:
    film = await catalogue.add(JAWS)
    await catalogue.update(str(film.id), 1, FilmPatch(year=1976))
    with pytest.raises(VersionMismatch):
        await catalogue.update(str(film.id), 1, FilmPatch(year=1977))
    assert (await Film.get(id=film.id)).year == 1976


async def test_of_two_at_once_with_the_same_version_one_wins(catalogue: Catalogue) -> None:
    film = await catalogue.add(JAWS)
    results = await asyncio.gather(
        *(catalogue.update(str(film.id), 1, FilmPatch(year=y)) for y in range(1980, 1990)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Film) for result in results) == 1
    assert sum(isinstance(result, VersionMismatch) for result in results) == 9


async def test_an_amendment_that_changes_nothing_writes_nothing(catalogue: Catalogue) -> None:
    film = await catalogue.add(JAWS)
    same = await catalogue.update(str(film.id), 1, FilmPatch(year=1975))
    assert same.version == 1
    assert await Outbox.all().count() == 1


async def test_replacing_forgets_what_is_not_told(catalogue: Catalogue) -> None:
    rated = JAWS.model_copy(
        update={"ratings": Ratings(imdb=ImdbRating(value=8.1, votes=5)), "plot": "A shark."}
    )
    film = await catalogue.upsert(FilmFacts.model_validate(rated.model_dump()), SAMPLE)
    assert film.imdb_rating == 8.1
    replaced = await catalogue.replace(str(film.id), None, FilmFacts(title="Jaws 2"))
    assert (replaced.title, replaced.year, replaced.plot) == ("Jaws 2", None, None)
    assert (replaced.imdb_rating, replaced.imdb_votes, replaced.imdb_id) == (None, None, None)


async def test_the_imdb_id_of_another_film_is_refused(catalogue: Catalogue) -> None:
    await catalogue.add(JAWS)
    other = await catalogue.add(FilmFacts(title="Duel"))
    with pytest.raises(Conflict):
        await catalogue.update(str(other.id), 1, FilmPatch(imdb_id="tt0073195"))


async def test_years_out_of_order_are_refused_also_when_only_one_is_given(
    catalogue: Catalogue,
) -> None:
    film = await catalogue.add(JAWS)
    with pytest.raises(Invalid):
        await catalogue.update(str(film.id), None, FilmPatch(end_year=1900))


async def test_withdrawing_takes_the_next_version(catalogue: Catalogue) -> None:
    film = await catalogue.add(JAWS)
    await catalogue.delete("tt0073195", 1)
    last = await Outbox.all().order_by("-id").first()
    assert last is not None
    assert (last.kind, last.film_id, last.version) == ("withdrawn", film.id, 2)
    with pytest.raises(NotFound):
        await catalogue.get(str(film.id))


async def test_a_title_names_the_film_with_most_votes(catalogue: Catalogue) -> None:
    few = FilmFacts(title="The Dune", year=1984, ratings=Ratings(imdb=ImdbRating(votes=10)))
    many = FilmFacts(title="Dune", year=2021, ratings=Ratings(imdb=ImdbRating(votes=900)))
    await catalogue.upsert_all([few, many], SAMPLE)
    assert (await catalogue.get_by_title("dune")).year == 2021


async def test_a_write_goes_on_though_its_caller_gives_up(catalogue: Catalogue) -> None:
    writes = [asyncio.create_task(catalogue.add(FilmFacts(title=f"Film {n}"))) for n in range(40)]
    await asyncio.sleep(0)
    for write in writes:
        write.cancel()
    await asyncio.gather(*writes, return_exceptions=True)
    film = await catalogue.add(FilmFacts(title="The one after"))
    assert (await Film.get(id=film.id)).title == "The one after"
