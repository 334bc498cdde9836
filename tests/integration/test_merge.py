"""Merging films: what stays, where the old addresses lead, and merges that race with others."""

import asyncio
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from service.clock import utc_now
from service.errors import Conflict, DomainError, Invalid, Moved, NotFound
from service.films.batch import find_films
from service.films.catalogue import Catalogue
from service.films.merge import FilmMerger
from service.films.models import Film, FilmRedirect
from service.films.rows import get_film_row
from service.films.schemas import FilmFacts, FilmPatch, ImdbRating, Provenance, Ratings
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier

USER, OMDB, SAMPLE = (Provenance(source=name) for name in ("user", "omdb", "sample"))
OLD_ID, NEW_ID = "tt0000001", "tt0000002"


@pytest.fixture
def merger(catalogue: Catalogue, notifier: OutboxNotifier) -> FilmMerger:
    return FilmMerger(catalogue, notifier, utc_now)


async def add(
    catalogue: Catalogue, title: str, provenance: Provenance = USER, **facts: object
) -> Film:
    return await catalogue.upsert(FilmFacts.model_validate({"title": title, **facts}), provenance)


async def test_the_film_that_stays_keeps_its_facts_and_takes_those_that_it_lacks(
    catalogue: Catalogue, merger: FilmMerger
) -> None:
    target = await add(
        catalogue, "Heat", imdb_id=NEW_ID, year=1995, runtime_minutes=170, aliases=("Hitze",)
    )
    merged = await add(
        catalogue,
        "Heat!",
        imdb_id=OLD_ID,
        year=1996,
        runtime_minutes=1,
        plot="A robbery.",
        genres=("Crime",),
        directors=("Michael Mann",),
        aliases=("HEAT", "Calor", "Hitze"),
        ratings=Ratings(imdb=ImdbRating(value=8.3, votes=700_000), metacritic=76),
    )
    merge = await merger.merge(str(merged.id), NEW_ID)
    film = await Film.get()
    assert merge.film.version == film.version == 2
    assert (film.id, film.imdb_id, film.title) == (target.id, NEW_ID, "Heat")
    assert (film.year, film.runtime_minutes) == (1995, 170)
    assert (film.plot, film.genres, film.directors) == ("A robbery.", ["Crime"], ["Michael Mann"])
    assert (film.imdb_rating, film.imdb_votes, film.metacritic) == (8.3, 700_000, 76)
    assert film.aliases == ["Hitze", "Heat!", "Calor"]
    assert " calor " in film.plaintext and "#crime" in film.nametext


async def test_each_of_the_two_films_gets_one_outbox_row(
    catalogue: Catalogue, merger: FilmMerger
) -> None:
    target, merged = await add(catalogue, "Heat"), await add(catalogue, "Heat!", year=1995)
    await Outbox.all().delete()
    await merger.merge(str(merged.id), str(target.id))
    rows = await Outbox.all().order_by("kind")
    assert [(row.film_id, row.kind, row.version) for row in rows] == [
        (target.id, "film", 2),
        (merged.id, "withdrawn", 2),
    ]


async def test_an_imdb_id_that_the_film_lacks_becomes_its_own(
    catalogue: Catalogue, merger: FilmMerger
) -> None:
    target, merged = await add(catalogue, "Heat"), await add(catalogue, "Heat!", imdb_id=OLD_ID)
    await merger.merge(OLD_ID, str(target.id))
    assert (await catalogue.get(OLD_ID)).id == target.id
    assert [redirect.address for redirect in await FilmRedirect.all()] == [str(merged.id)]


async def test_old_addresses_lead_to_the_last_film_of_a_chain(
    catalogue: Catalogue, merger: FilmMerger
) -> None:
    first = await add(catalogue, "A", imdb_id="tt0000001")
    second = await add(catalogue, "B", imdb_id="tt0000002")
    third = await add(catalogue, "C", imdb_id="tt0000003")
    await merger.merge(str(first.id), str(second.id))
    await merger.merge(str(second.id), str(third.id))
    for address in (str(first.id), "TT0000001", str(second.id).upper(), "tt0000002"):
        with pytest.raises(Moved) as moved:
            await catalogue.get(address)
        assert moved.value.film_id == str(third.id)
        assert (await catalogue.get_current(address)).id == third.id
    films = await find_films([str(first.id), "tt0000002", str(third.id), "tt0000009"])
    assert [getattr(film, "id", None) for film in films] == [third.id] * 3 + [None]
    row = await get_film_row("tt0000001")
    assert row is not None and row.id == third.id


async def test_a_merge_names_what_is_wrong_with_it(
    catalogue: Catalogue, merger: FilmMerger
) -> None:
    target = await add(catalogue, "A", imdb_id=NEW_ID)
    merged = await add(catalogue, "B", imdb_id=OLD_ID)
    other = await add(catalogue, "C")
    for movie, into in ((NEW_ID, str(target.id)), (NEW_ID, "tt0000009"), (NEW_ID, "A")):
        with pytest.raises(Invalid) as error:
            await merger.merge(movie, into)
        assert error.value.errors[0].pointer == "/into"
    with pytest.raises(NotFound):
        await merger.merge(str(uuid7()), NEW_ID)
    await merger.merge(str(merged.id), NEW_ID)
    with pytest.raises(Moved):
        await merger.merge(OLD_ID, NEW_ID)
    with pytest.raises(Invalid, match="merged into it"):
        await merger.merge(NEW_ID, OLD_ID)
    merge = await merger.merge(str(other.id), OLD_ID)
    assert merge.film.id == target.id


async def test_what_comes_under_an_old_address_goes_to_the_film_that_stays(
    catalogue: Catalogue, merger: FilmMerger
) -> None:
    target = await add(catalogue, "Heat", imdb_id=NEW_ID, year=1995)
    merged = await add(catalogue, "Hitze", imdb_id=OLD_ID, year=1995)
    await merger.merge(str(merged.id), str(target.id))
    hitze = FilmFacts(title="Hitze", imdb_id=OLD_ID, runtime_minutes=170)
    result = await catalogue.upsert_all([hitze, hitze], OMDB)
    assert (result.added, result.changed) == (0, 1)
    by_id = FilmFacts(title="Hitze", plot="A robbery.")
    assert (await catalogue.upsert_all([by_id], USER, film_ids=[merged.id])).changed == 1
    film = await Film.get()
    assert (film.id, film.imdb_id, film.title, film.aliases) == (
        target.id,
        NEW_ID,
        "Heat",
        ["Hitze"],
    )
    assert (film.runtime_minutes, film.plot) == (170, "A robbery.")
    with pytest.raises(Conflict, match=str(target.id)):
        await catalogue.add(FilmFacts(title="Anything", imdb_id=OLD_ID))


async def test_the_imdb_id_of_a_merged_film_cannot_be_given_to_another(
    catalogue: Catalogue, merger: FilmMerger
) -> None:
    target = await add(catalogue, "A", imdb_id=NEW_ID)
    await add(catalogue, "B", imdb_id=OLD_ID)
    other = await add(catalogue, "C")
    await merger.merge(OLD_ID, NEW_ID)
    with pytest.raises(Conflict, match=str(target.id)):
        await catalogue.update(str(other.id), None, FilmPatch(imdb_id=OLD_ID))
    await catalogue.update(str(target.id), None, FilmPatch(imdb_id=OLD_ID))
    assert (await catalogue.get(OLD_ID)).id == target.id
    assert not await FilmRedirect.filter(address=OLD_ID).exists()


async def test_addresses_of_a_deleted_film_lead_nowhere_and_its_imdb_id_is_free(
    catalogue: Catalogue, merger: FilmMerger
) -> None:
    await add(catalogue, "A", imdb_id=NEW_ID)
    merged = await add(catalogue, "B", imdb_id=OLD_ID)
    await merger.merge(OLD_ID, NEW_ID)
    await catalogue.delete(NEW_ID, None)
    for address in (OLD_ID, str(merged.id)):
        with pytest.raises(NotFound):
            await catalogue.get(address)
    assert (await add(catalogue, "B", imdb_id=OLD_ID)).id != merged.id


NO_POSTER = (None, "missing", None)
STORED, OTHER_STORED = ("https://a", "stored", "ka"), ("https://b", "stored", "kb")
PENDING, REJECTED = ("https://c", "pending", None), ("https://d", "rejected", None)


@pytest.mark.parametrize(
    ("kept_poster", "gone_poster", "expected"),
    [
        (NO_POSTER, STORED, STORED),
        (NO_POSTER, PENDING, PENDING),
        (NO_POSTER, NO_POSTER, NO_POSTER),
        (STORED, OTHER_STORED, STORED),
        (REJECTED, STORED, STORED),
        (PENDING, STORED, PENDING),
    ],
)
async def test_a_poster_is_taken_over_by_a_film_that_has_none(
    catalogue: Catalogue,
    merger: FilmMerger,
    kept_poster: tuple[object, ...],
    gone_poster: tuple[object, ...],
    expected: tuple[object, ...],
) -> None:
    names = ("poster_source", "poster_status", "poster_key")
    target, merged = await add(catalogue, "A"), await add(catalogue, "B")
    await Film.filter(id=target.id).update(**dict(zip(names, kept_poster, strict=True)))
    await Film.filter(id=merged.id).update(**dict(zip(names, gone_poster, strict=True)))
    await merger.merge(str(merged.id), str(target.id))
    film = await Film.get()
    assert tuple(getattr(film, name) for name in names) == expected


@pytest.mark.parametrize(
    ("kept_source", "gone_source", "expected"),
    [
        (SAMPLE, USER, "user"),
        (SAMPLE, SAMPLE, "sample"),
        (USER, OMDB, "omdb"),
        (OMDB, USER, "omdb"),
    ],
)
async def test_the_film_is_of_the_source_whose_facts_bind_most(
    catalogue: Catalogue,
    merger: FilmMerger,
    kept_source: Provenance,
    gone_source: Provenance,
    expected: str,
) -> None:
    target = await add(catalogue, "A", kept_source)
    merged = await add(catalogue, "B", gone_source)
    await merger.merge(str(merged.id), str(target.id))
    assert (await Film.get()).source == expected


async def merge_or_report(merger: FilmMerger, movie: UUID, into: UUID) -> str:
    try:
        await merger.merge(str(movie), str(into))
    except DomainError as error:
        return error.code
    return "merged"


async def test_concurrent_merges_end_in_one_film_that_every_address_leads_to(
    catalogue: Catalogue, merger: FilmMerger
) -> None:
    films = [await add(catalogue, f"Film {n}", imdb_id=f"tt{n:07}") for n in range(1, 9)]
    ids = [film.id for film in films]
    pairs = [(one, ids[(n + 1) % len(ids)]) for n, one in enumerate(ids)]  # a circle
    outcomes = await asyncio.gather(*(merge_or_report(merger, *pair) for pair in pairs))
    assert sorted(set(outcomes)) in (["invalid", "merged"], ["invalid", "merged", "movie_moved"])
    assert outcomes.count("merged") == len(ids) - 1
    [film] = await Film.all()
    for number, film_id in enumerate(ids, 1):
        for address in (str(film_id), f"tt{number:07}"):
            assert (await catalogue.get_current(address)).id == film.id
    assert sorted({film.title, *film.aliases}) == [f"Film {n}" for n in range(1, 9)]
    assert await Outbox.filter(kind="withdrawn").count() == len(ids) - 1


async def test_writes_under_an_old_address_during_a_merge_reach_the_film_or_say_that_it_moved(
    catalogue: Catalogue, merger: FilmMerger
) -> None:
    for number in range(10):
        target = await add(catalogue, f"A {number}", imdb_id=f"tt1{number:06}")
        merged = await add(catalogue, f"B {number}", imdb_id=f"tt2{number:06}")
        facts = FilmFacts(title=merged.title, imdb_id=merged.imdb_id, rated="R")
        merge, load, patch = await asyncio.gather(
            merger.merge(str(merged.id), str(target.id)),
            catalogue.upsert(facts, USER),
            catalogue.update(str(merged.id), None, FilmPatch(plot="New.")),
            return_exceptions=True,
        )
        assert not isinstance(merge, BaseException) and not isinstance(load, BaseException)
        assert isinstance(patch, Film | Moved)
        film = await Film.get(id=target.id)
        assert film.rated == "R"
        assert film.plot == ("New." if isinstance(patch, Film) else None)
        assert not await Film.exists(id=merged.id)
        assert not await Film.exists(imdb_id=merged.imdb_id)
