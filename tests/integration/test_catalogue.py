"""The catalogue on a real database: deduplication, versions, and no needless writes."""

import asyncio

import pytest

from service.clock import utc_now
from service.errors import Conflict, Invalid, NotFound, VersionMismatch
from service.films.catalogue import Catalogue
from service.films.models import Film, Genre
from service.films.schemas import FilmFacts, FilmPatch, ImdbRating, Provenance, Ratings
from service.films.versions import FilmVersion
from service.outbox.models import Outbox

SAMPLE = Provenance(source="sample")
JAWS = FilmFacts(title="Jaws", imdb_id="tt0073195", year=1975, directors=("Steven Spielberg",))


async def test_a_film_and_its_outbox_row_are_written_together(catalogue: Catalogue) -> None:
    film = await catalogue.upsert(JAWS, SAMPLE)
    rows = await Outbox.all()
    assert [(row.film_id, row.version, row.kind) for row in rows] == [(film.id, 1, "film")]


async def test_upserting_the_same_facts_again_writes_nothing(catalogue: Catalogue) -> None:
    await catalogue.upsert(JAWS, SAMPLE)
    again = await catalogue.upsert_all([JAWS, JAWS], SAMPLE)
    assert (again.added, again.changed) == (0, 0)
    assert await Outbox.all().count() == 1


async def test_a_film_that_gets_another_source_gets_an_outbox_row(catalogue: Catalogue) -> None:
    film = await catalogue.upsert(JAWS, SAMPLE)
    fetched = Provenance(source="omdb", fetched_at=utc_now())
    result = await catalogue.upsert_all([JAWS, JAWS], fetched)
    assert (result.outcomes, result.films[0].source) == (("changed", "same"), "omdb")
    assert await Outbox.filter(film_id=film.id).values_list("version", flat=True) == [1, 2]
    assert (await catalogue.upsert_all([JAWS], fetched)).outcomes == ("same",)


async def test_a_field_that_a_source_does_not_state_keeps_its_value(catalogue: Catalogue) -> None:
    await catalogue.upsert(JAWS, SAMPLE)
    facts = FilmFacts(title="Jaws", imdb_id="tt0073195", runtime_minutes=124)
    film = await catalogue.upsert(facts, SAMPLE)
    assert (film.year, film.runtime_minutes, film.version) == (1975, 124, 2)
    assert film.directors == ["Steven Spielberg"]


@pytest.mark.parametrize(
    ("other", "is_duplicate"),
    [
        (JAWS, True),
        (FilmFacts(title="ＪÁWS", year=1975, directors=("steven spielberg",)), True),
        (FilmFacts(title="Jaws!", year=1975, directors=("Steven Spielberg",)), False),
        (FilmFacts(title="Jaws", directors=("Steven Spielberg",)), False),
        (FilmFacts(title="Jaws", year=1976, directors=("Steven Spielberg",)), False),
        (FilmFacts(title="Jaws", year=1975, directors=("Someone Else",)), False),
        (FilmFacts(title="Jaws", year=1975), True),
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
async def test_facts_of_the_same_film_are_recognized_as_duplicates(
    catalogue: Catalogue, other: FilmFacts, is_duplicate: bool
) -> None:
    first = await catalogue.upsert(JAWS, SAMPLE)
    second = await catalogue.upsert(other, SAMPLE)
    assert (first.id == second.id) is is_duplicate


async def test_duplicates_in_one_batch_become_one_film(catalogue: Catalogue) -> None:
    result = await catalogue.upsert_all([JAWS] * 5, SAMPLE)
    assert result.added == 1
    assert await Film.all().count() == 1


async def test_of_several_films_that_fit_the_one_with_most_directors_in_common_is_meant(
    catalogue: Catalogue,
) -> None:
    twins = [
        FilmFacts(title="X", imdb_id=f"tt000000{number}", year=1999, directors=directors)
        for number, directors in enumerate([("A",), ("A", "B"), ("A", "B")])
    ]
    stored = [await catalogue.upsert(facts, SAMPLE) for facts in twins]
    both = await catalogue.upsert(FilmFacts(title="X", year=1999, directors=("B", "A")), SAMPLE)
    assert both.id == stored[1].id
    neither = await catalogue.upsert(FilmFacts(title="X", year=1999), SAMPLE)
    assert neither.id == stored[0].id


async def test_an_id_means_its_film_unless_the_imdb_ids_differ(catalogue: Catalogue) -> None:
    film = await catalogue.upsert(JAWS, SAMPLE)
    other = await catalogue.upsert(FilmFacts(title="Duel"), SAMPLE)
    renamed = FilmFacts(title="The Shark")
    stranger = FilmFacts(title="Orca", imdb_id="tt0076504")
    taken = FilmFacts(title="Duel", imdb_id="tt0073195")
    result = await catalogue.upsert_all(
        [renamed, stranger, taken], SAMPLE, film_ids=[film.id, film.id, other.id]
    )
    assert [stored.id for stored in result.films][::2] == [film.id, other.id]
    assert result.films[1].id not in (film.id, other.id)
    assert (await Film.get(id=film.id)).title == "The Shark"
    assert (await Film.get(id=other.id)).imdb_id is None


async def test_a_later_description_of_the_same_file_fills_in_and_overwrites_nothing(
    catalogue: Catalogue,
) -> None:
    facts = [
        FilmFacts(title="Jaws", year=1975, rated="PG"),
        FilmFacts(title="JAWS", year=1975, rated="R", directors=("Steven Spielberg",)),
    ]
    for outcomes in (("added", "changed"), ("same", "same")):
        result = await catalogue.upsert_all(facts, SAMPLE, described=set())
        assert result.outcomes == outcomes
    film = await Film.get()
    assert (film.title, film.rated, film.directors) == ("Jaws", "PG", ["Steven Spielberg"])


async def test_facts_whose_years_contradict_the_stored_ones_clear_the_end(
    catalogue: Catalogue,
) -> None:
    await catalogue.upsert(FilmFacts(title="X", imdb_id="tt0000001", end_year=1990), SAMPLE)
    facts = FilmFacts(title="X", imdb_id="tt0000001", year=2000)
    film = await catalogue.upsert(facts, SAMPLE)
    assert (film.year, film.end_year) == (2000, None)


async def test_a_sample_film_that_a_user_changes_is_no_sample_any_more(
    catalogue: Catalogue,
) -> None:
    films = [await catalogue.upsert(FilmFacts(title=title), SAMPLE) for title in "ABC"]
    await catalogue.update(str(films[0].id), None, FilmPatch(year=1999))
    user = Provenance(source="user")
    await catalogue.upsert_all([FilmFacts(title="B", rated="PG"), FilmFacts(title="C")], user)
    sources = await Film.all().order_by("title").values_list("source", flat=True)
    assert sources == ["user", "user", "sample"]


async def test_removing_samples_leaves_what_somebody_changed(catalogue: Catalogue) -> None:
    films = [await catalogue.upsert(FilmFacts(title=title), SAMPLE) for title in "ABC"]
    await catalogue.update(str(films[0].id), None, FilmPatch(year=1999))
    assert await catalogue.remove_samples() == 2
    assert await Film.all().values_list("title", flat=True) == ["A"]
    withdrawn = await Outbox.filter(kind="withdrawn").values_list("film_id", "version")
    assert sorted(withdrawn) == sorted((film.id, 2) for film in films[1:])
    assert await catalogue.remove_samples() == 0


async def test_concurrent_upserts_of_one_film_add_it_once(catalogue: Catalogue) -> None:
    facts = FilmFacts(title="Duel", year=1971, directors=("Steven Spielberg",))
    films = await asyncio.gather(*(catalogue.upsert(facts, SAMPLE) for _ in range(20)))
    assert len({film.id for film in films}) == 1
    assert await Film.all().count() == 1


async def test_adding_a_duplicate_is_refused(catalogue: Catalogue) -> None:
    await catalogue.add(JAWS)
    with pytest.raises(Conflict) as error:
        await catalogue.add(JAWS)
    assert error.value.code == "movie_exists"


async def test_an_upsert_adds_genres_and_an_added_film_may_only_use_existing_ones(
    catalogue: Catalogue,
) -> None:
    await catalogue.upsert(FilmFacts(title="Alien", genres=("Horror",)), SAMPLE)
    assert await Genre.all().values_list("name", flat=True) == ["Horror"]
    with pytest.raises(Invalid) as error:
        await catalogue.add(FilmFacts(title="Aliens", genres=("Horror", "Romcom")))
    assert error.value.code == "genre_not_found"
    assert len(error.value.errors) == 1
    assert await Film.all().count() == 1


async def test_an_update_of_an_older_version_is_refused(catalogue: Catalogue) -> None:
    film = await catalogue.add(JAWS)
    await catalogue.update(str(film.id), [FilmVersion(film.id, 1)], FilmPatch(year=1976))
    with pytest.raises(VersionMismatch):
        await catalogue.update(str(film.id), [FilmVersion(film.id, 1)], FilmPatch(year=1977))
    assert (await Film.get(id=film.id)).year == 1976


async def test_an_update_based_on_a_deleted_film_of_the_same_imdb_id_is_refused(
    catalogue: Catalogue,
) -> None:
    deleted = await catalogue.add(JAWS)
    await catalogue.delete("tt0073195", None)
    await catalogue.add(JAWS)
    with pytest.raises(VersionMismatch):
        await catalogue.update("tt0073195", [FilmVersion(deleted.id, 1)], FilmPatch(year=1976))


async def test_of_concurrent_updates_of_the_same_version_one_succeeds(catalogue: Catalogue) -> None:
    film = await catalogue.add(JAWS)
    results = await asyncio.gather(
        *(
            catalogue.update(str(film.id), [FilmVersion(film.id, 1)], FilmPatch(year=y))
            for y in range(1980, 1990)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Film) for result in results) == 1
    assert sum(isinstance(result, VersionMismatch) for result in results) == 9


async def test_an_update_that_changes_nothing_writes_nothing(catalogue: Catalogue) -> None:
    film = await catalogue.add(JAWS)
    unchanged = await catalogue.update(
        str(film.id), [FilmVersion(film.id, 1)], FilmPatch(year=1975)
    )
    assert unchanged.version == 1
    assert await Outbox.all().count() == 1


async def test_replacing_a_film_clears_the_fields_that_are_not_stated(catalogue: Catalogue) -> None:
    facts = JAWS.model_copy(
        update={"ratings": Ratings(imdb=ImdbRating(value=8.1, votes=5)), "plot": "A shark."}
    )
    film = await catalogue.upsert(FilmFacts.model_validate(facts.model_dump()), SAMPLE)
    assert film.imdb_rating == 8.1
    replaced = await catalogue.replace(str(film.id), None, FilmFacts(title="Jaws 2"))
    assert (replaced.title, replaced.year, replaced.plot) == ("Jaws 2", None, None)
    assert (replaced.imdb_rating, replaced.imdb_votes, replaced.imdb_id) == (None, None, None)


async def test_an_update_to_the_imdb_id_of_another_film_is_refused(catalogue: Catalogue) -> None:
    await catalogue.add(JAWS)
    other = await catalogue.add(FilmFacts(title="Duel"))
    with pytest.raises(Conflict):
        await catalogue.update(
            str(other.id), [FilmVersion(other.id, 1)], FilmPatch(imdb_id="tt0073195")
        )


async def test_an_end_year_before_the_stored_year_is_refused(
    catalogue: Catalogue,
) -> None:
    film = await catalogue.add(JAWS)
    with pytest.raises(Invalid):
        await catalogue.update(str(film.id), None, FilmPatch(end_year=1900))


async def test_a_deletion_takes_the_next_version(catalogue: Catalogue) -> None:
    film = await catalogue.add(JAWS)
    await catalogue.delete("tt0073195", [FilmVersion(film.id, 1)])
    last = await Outbox.all().order_by("-id").first()
    assert last is not None
    assert (last.kind, last.film_id, last.version) == ("withdrawn", film.id, 2)
    with pytest.raises(NotFound):
        await catalogue.get(str(film.id))


async def test_a_title_of_several_films_returns_the_one_with_most_votes(
    catalogue: Catalogue,
) -> None:
    few = FilmFacts(title="The Dune", year=1984, ratings=Ratings(imdb=ImdbRating(votes=10)))
    many = FilmFacts(title="Dune", year=2021, ratings=Ratings(imdb=ImdbRating(votes=900)))
    await catalogue.upsert_all([few, many], SAMPLE)
    assert (await catalogue.get_by_title("dune")).year == 2021


async def test_a_write_completes_after_its_caller_is_cancelled(catalogue: Catalogue) -> None:
    writes = [asyncio.create_task(catalogue.add(FilmFacts(title=f"Film {n}"))) for n in range(40)]
    await asyncio.sleep(0)
    for write in writes:
        write.cancel()
    await asyncio.gather(*writes, return_exceptions=True)
    film = await catalogue.add(FilmFacts(title="The one after"))
    assert (await Film.get(id=film.id)).title == "The one after"
