"""Reviews as one reader sees them: what several routes share."""

from sanic.request import Request

from service.community.film_references import read_films
from service.community.readers import Reader
from service.community.reviews.likes import find_liked
from service.community.reviews.models import Review
from service.community.reviews.responses import HiddenView, ReviewedFilmView, ReviewView
from service.http.dependencies import get_container


async def review_views(request: Request, reader: Reader, reviews: list[Review]) -> list[ReviewView]:
    """Return reviews, read with their authors, as the reader sees them."""
    films = await read_films([review.film_name for review in reviews])
    liked = await find_liked(reader.id, reviews)
    service = get_container(request).reviews
    views = []
    for review in reviews:
        film = films.get(review.film_id)
        movie = ReviewedFilmView(
            id=str(review.film_id),
            title=film.title if film else review.film_title,
            year=film.year if film else review.film_year,
            deleted=film is None,
        )
        views.append(
            ReviewView(
                id=str(review.id),
                movie=movie,
                author=_find_author(review),
                title=review.title,
                body=review.body,
                html=await service.render_current(review),
                score=review.score,
                spoiler=review.spoiler,
                likes=review.likes,
                liked=review.id in liked,
                mine=reader.id is not None and review.user_id == reader.id,
                hidden=_describe_hiding(review),
                created_at=review.created_at,
                edited_at=review.edited_at,
            )
        )
    return views


def _find_author(review: Review) -> str | None:
    """Return the name of the author, unless the account is deleted or going to be."""
    author = review.user
    return author.username if author is not None and author.erase_at is None else None


def _describe_hiding(review: Review) -> HiddenView | None:
    return HiddenView(review.hidden_at, review.hidden_note) if review.hidden_at else None
