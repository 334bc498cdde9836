"""Finds the film that a file name or a loose description means, and how certain that is.

Search finds the candidates, and `confidence` compares each with all facts that were stated. A name
that can be read in several ways, such as one with a number, is compared in each, and the catalogue
decides.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from service.errors import Invalid
from service.film_fields import FilmRow
from service.resilience.work_budget import WorkBudget
from service.search.filenames.confidence import ScoredFilm, score_films
from service.search.filenames.name_process import (
    MAX_PARSE_TIME,
    NAME_TIMEOUT,
    NameBudget,
    NameProcess,
)
from service.search.filenames.parser import (
    ParsedName,
    clean_name,
    has_pack_mark,
    parse_by_year,
    parse_otherwise,
)
from service.search.retrieval.search_request import Degradation, Page, SearchRequest, SearchResult
from service.search.retrieval.work_threads import search_budget
from service.text.analysis import fold

MAX_CANDIDATES = 10  # films that are compared with each name
MAX_RESULTS = 3
MIN_MATCH_CONFIDENCE = 0.5  # of the best candidate, to be the match
CERTAIN_CONFIDENCE = 0.9  # of the best candidate, from which a name is not read in other ways
MIN_CONFIDENCE = 0.05  # of a candidate, to be returned
MAX_MATCH_WORK = 800_000.0  # units for all names of a request; a hundred absent ones take 550,000
MAX_MATCH_TIME = 6.0  # seconds for all of them, before a response would be too late


FilmSearch = Callable[[SearchRequest], Awaitable[SearchResult]]
"""Returns the films that a search finds, the best first."""


@dataclass(frozen=True, slots=True)
class MatchResult:
    """The facts that a name states, and the likeliest films, the best first.

    `degraded` names what their search left out.
    """

    parsed: ParsedName
    candidates: tuple[ScoredFilm, ...]
    degraded: tuple[Degradation, ...] = ()

    @property
    def confidence(self) -> float:
        """The confidence of the best film; 0 if there is none."""
        return self.candidates[0].confidence if self.candidates else 0.0

    @property
    def film(self) -> FilmRow | None:
        """The film that is meant, or None if it is unknown."""
        return self.candidates[0].film if self.confidence >= MIN_MATCH_CONFIDENCE else None


class FilenameMatcher:
    """Finds the films that names mean.

    Args:
        max_work: units of work for all names of one request.
        max_time: seconds for all of them.
        max_parse_time: seconds for parsing all of them.
        max_name_time: seconds for parsing one.
    """

    def __init__(
        self,
        search_films: FilmSearch,
        max_work: float = MAX_MATCH_WORK,
        max_time: float = MAX_MATCH_TIME,
        max_parse_time: float = MAX_PARSE_TIME,
        max_name_time: float = NAME_TIMEOUT,
    ) -> None:
        self._search_films = search_films
        self._max_work = max_work
        self._max_time = max_time
        self._max_parse_time = max_parse_time
        self._name_process = NameProcess(max_name_time)

    async def close(self) -> None:
        """End the process that parses names."""
        await self._name_process.close()

    async def warm_up(self) -> None:
        """Start the process that parses names: it takes a second or more."""
        await self._name_process.start()

    def create_budget(self) -> WorkBudget:
        """Return the budget of one request."""
        return WorkBudget(self._max_work, self._max_time)

    async def match(
        self, items: Sequence[str | ParsedName], budget: WorkBudget | None = None
    ) -> list[MatchResult]:
        """Return one result per item, in the same order. Raises what the film search raises.

        Names are searched one after the other: the searches of others are worth as much. When the
        budget is used up, the others get the likeliest films among those that a plain search finds.
        """
        budget, name_budget = budget or self.create_budget(), NameBudget(self._max_parse_time)
        return [await self._match(item, budget, name_budget) for item in items]

    async def _match(
        self, item: str | ParsedName, budget: WorkBudget, name_budget: NameBudget
    ) -> MatchResult:
        results_by_text: dict[str, SearchResult] = {}
        if isinstance(item, ParsedName):
            return await self._match_reading(item, budget, results_by_text)
        name = clean_name(item)
        if budget.is_late:
            return await self._match_reading(parse_by_year(name), budget, results_by_text)
        parsed = await self._name_process.parse(name, name_budget)
        is_pack = has_pack_mark(name.rpartition("/")[2])
        reading, *others = (
            replace(reading, is_pack=is_pack)
            for reading in (parsed, *parse_otherwise(name, parsed))
        )
        best = await self._match_reading(reading, budget, results_by_text)
        for other_reading in others:
            if best.confidence >= CERTAIN_CONFIDENCE or budget.is_late:
                break
            result = await self._match_reading(other_reading, budget, results_by_text)
            if result.film is not None and result.confidence > best.confidence:
                best = result
        return best

    async def _match_reading(
        self, parsed: ParsedName, budget: WorkBudget, results_by_text: dict[str, SearchResult]
    ) -> MatchResult:
        """Return the films that one reading may mean.

        Args:
            results_by_text: what was found for other readings of the same name, many of which have
                the same words; this one's result is added.
        """
        text = parsed.imdb_id or f"{parsed.title} {parsed.year or ''}".strip()
        result = results_by_text.get(fold(text))
        if result is None:
            request = SearchRequest(
                text,
                with_people=False,
                page=Page(MAX_CANDIDATES),
                budget=search_budget(budget),
            )
            try:
                result = await self._search_films(request)
            except Invalid:  # the name has nothing that could be a title
                return MatchResult(parsed, ())
            results_by_text[fold(text)] = result
        scored_films = score_films(parsed, [hit.film for hit in result.hits])
        likely_films = tuple(s for s in scored_films if s.confidence >= MIN_CONFIDENCE)
        return MatchResult(parsed, likely_films[:MAX_RESULTS], result.degraded)
