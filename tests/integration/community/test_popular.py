"""The order of popular films: means of few votes are drawn to the mean of all films."""

from service.clock import utc_now
from service.community.discovery.popular import rank_popular
from service.community.discovery.trends import Trends
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, ImdbRating, Provenance, Ratings
from service.films.tallies import Tallies, add_to_tallies


async def add_film(
    catalogue: Catalogue, title: str, value: float | None = None, votes: int | None = None
) -> Film:
    ratings = Ratings(imdb=ImdbRating(value=value, votes=votes)) if votes else None
    facts = FilmFacts(title=title, **({"ratings": ratings} if ratings else {}))
    return await catalogue.upsert(facts, Provenance(source="user"))


async def list_titles(trends: Trends) -> list[str]:
    titles = {film.id: film.title for film in await Film.all()}
    return [titles[entry.film_id] for entry in await rank_popular(trends)]


async def test_a_good_mean_of_many_votes_is_above_a_better_one_of_few(
    catalogue: Catalogue,
) -> None:
    await add_film(catalogue, "Few", 9.9, 20)
    await add_film(catalogue, "Many", 8.9, 900_000)
    await add_film(catalogue, "Bad", 2.0, 900_000)
    await add_film(catalogue, "Unrated")
    assert await list_titles(Trends(utc_now)) == ["Many", "Few", "Bad"]


async def test_votes_of_this_service_move_a_film(catalogue: Catalogue) -> None:
    trends = Trends(utc_now)
    first = await add_film(catalogue, "First", 8.1, 100_000)
    second = await add_film(catalogue, "Second", 8.0, 100_000)
    assert await list_titles(trends) == ["First", "Second"]
    await add_to_tallies(second.id, Tallies(score_count=3, score_sum=30))
    assert await list_titles(trends) == ["Second", "First"]
    await add_to_tallies(first.id, Tallies(votes_up=20))
    assert await list_titles(trends) == ["First", "Second"]
    await add_to_tallies(first.id, Tallies(votes_down=30))
    assert await list_titles(trends) == ["Second", "First"]


async def test_a_film_that_imdb_does_not_rate_is_ranked_by_votes_of_this_service(
    catalogue: Catalogue,
) -> None:
    trends = Trends(utc_now)
    await add_film(catalogue, "Known", 7.0, 500_000)
    own = await add_film(catalogue, "Own")
    await add_to_tallies(own.id, Tallies(votes_up=3))
    trends.record(own.id, "rating")
    await trends.flush()
    assert await list_titles(trends) == ["Own", "Known"]


async def test_an_empty_catalogue_has_no_popular_films(database: str) -> None:
    assert await rank_popular(Trends(utc_now)) == []
