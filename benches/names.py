"""Report how often the confidence of `POST /match` is right, on made-up names of a file's films."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from itertools import pairwise

from service.search.filenames.matcher import MIN_MATCH_CONFIDENCE
from service.search.retrieval.search_request import Page, SearchRequest
from tests.support.release_names import NamedFilm, generate_names


def told(named: Sequence[NamedFilm], best: Sequence[tuple[int | None, float]]) -> str:
    """How often each step of confidence is right, given each name's best place and confidence."""
    lines = [f"{'confidence':<14}{'names':>7}{'right %':>9}"]
    steps = (1.01, 0.9, 0.7, MIN_MATCH_CONFIDENCE, 0.2, 0.0)
    for most, least in pairwise(steps):
        found = [
            place in each.right
            for each, (place, sure) in zip(named, best, strict=True)
            if place is not None and least <= sure < most
        ]
        share = f"{100 * sum(found) / len(found):.1f}" if found else "-"
        lines.append(f"{f'{least:.1f} and more':<14}{len(found):>7}{share:>9}")
    known = [(e, b) for e, b in zip(named, best, strict=True) if e.right]
    meant = sum(b[0] in e.right and b[1] >= MIN_MATCH_CONFIDENCE for e, b in known)
    nobody = [b for e, b in zip(named, best, strict=True) if not e.right]
    unknown = sum(sure < MIN_MATCH_CONFIDENCE for _, sure in nobody)
    lines.append(f"of {len(known)} films that are here {100 * meant / len(known):.1f} % are named")
    lines.append(f"of {len(nobody)} that are not {100 * unknown / len(nobody):.1f} % are unknown")
    return "\n".join(lines)


async def main() -> int:
    # What fills an index is only needed here, and slow to load for tests that need names alone.
    from benches.films import backends, films_in, indexed, read, row
    from service.films.models import Film
    from service.search.filenames.matcher import FilenameMatcher

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--count", type=int, default=500)
    options.add_argument("--engine", default="tantivy")
    chosen = options.parse_args()
    backends()
    films = read("films.jsonl")
    rows = [row(film, number) for number, film in enumerate(films, 1)]
    place_of = {film.id: place for place, film in enumerate(rows)}
    named = generate_names(films, chosen.count, chosen.seed)
    async with films_in("sqlite", rows), indexed(chosen.engine, rows) as index:

        async def found(text: str, limit: int) -> list[Film]:
            return [
                result.film
                for result in (
                    await index.finder.search(SearchRequest(text, page=Page(limit)))
                ).hits
            ]

        matching = FilenameMatcher(found)
        matched = await matching.match([each.item for each in named])
        await matching.close()
    firsts = [m.candidates[0] if m.candidates else None for m in matched]
    best = [(place_of[f.film.id], f.confidence) if f else (None, 0.0) for f in firsts]
    print(told(named, best))
    for each, (place, sure) in zip(named, best, strict=True):
        if place is not None and sure >= 0.9 and place not in each.right:
            title = films[place]["title"]
            print(f"sure and wrong: {each.item!r} for {title!r} {sure}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
