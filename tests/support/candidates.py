"""Candidates, and their order for a query, for tests of ranking."""

from itertools import count
from typing import Any

from service.search.query.parser import Query
from service.search.ranking.candidates import Candidate
from service.search.ranking.scorer import rank
from service.search.ranking.sequels import promote_sequel

_numbers = count(1)


def build_candidate(title: str, year: int | None = None, **facts: Any) -> Candidate:
    """Return a film with an id of its own, 1,000 votes and the given facts."""
    defaults: dict[str, Any] = {"aliases": (), "directors": (), "votes": 1_000}
    film_id = f"{next(_numbers):032}"
    return Candidate.from_facts(
        film_id=film_id, version=1, title=title, year=year, **(defaults | facts)
    )


def rank_titles(text: str, *films: Candidate) -> list[str]:
    """Return the titles of the films without spaces, in the order of a first page."""
    query = Query.parse(text)
    ranked = promote_sequel(query, rank(query, films))
    return [r.candidate.titles[0].compact_key for r in ranked]
