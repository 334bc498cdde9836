"""Report how often the confidence of `POST /match` is right, on generated names of real films."""

import argparse
import asyncio
import math
import sys
from collections.abc import Sequence
from itertools import pairwise

from service.search.filenames.matcher import MIN_MATCH_CONFIDENCE
from tests.support.release_names import NamedFilm, generate_names


def format_report(names: Sequence[NamedFilm], best: Sequence[tuple[int | None, float]]) -> str:
    """Return how often each step of confidence is right.

    `best` has the index of the best film of each name, and its confidence.
    """
    lines = [f"{'confidence':<14}{'names':>7}{'right %':>9}"]
    steps = (1.01, 0.9, 0.7, MIN_MATCH_CONFIDENCE, 0.2, 0.0)
    for upper, lower in pairwise(steps):
        correct = [
            film_index in name.right
            for name, (film_index, confidence) in zip(names, best, strict=True)
            if film_index is not None and lower <= confidence < upper
        ]
        share = f"{100 * sum(correct) / len(correct):.1f}" if correct else "-"
        lines.append(f"{f'{lower:.1f} and more':<14}{len(correct):>7}{share:>9}")
    in_catalogue = [(e, b) for e, b in zip(names, best, strict=True) if e.right]
    recognized = sum(b[0] in e.right and b[1] >= MIN_MATCH_CONFIDENCE for e, b in in_catalogue)
    absent = [b for e, b in zip(names, best, strict=True) if not e.right]
    rejected = sum(confidence < MIN_MATCH_CONFIDENCE for _, confidence in absent)
    recognized_share = 100 * recognized / len(in_catalogue)
    rejected_share = 100 * rejected / len(absent)
    lines.append(f"of {len(in_catalogue)} films in the catalogue {recognized_share:.1f} % match")
    lines.append(f"of {len(absent)} other films {rejected_share:.1f} % match nothing")
    return "\n".join(lines)


async def main() -> int:
    # Import here what fills an index: it is slow to load, and tests need the names alone.
    from benches.films import (
        build_row,
        film_database,
        film_index,
        load_backend_addresses,
        read_data_file,
    )
    from service.search.filenames.matcher import FilenameMatcher

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--engine", default="tantivy")
    args = parser.parse_args()
    load_backend_addresses()
    films = read_data_file("films.jsonl")
    rows = [build_row(film, number) for number, film in enumerate(films, 1)]
    index_by_id = {film.id: position for position, film in enumerate(rows)}
    names = generate_names(films, args.count, args.seed)
    async with film_database("sqlite", rows), film_index(args.engine, rows) as index:
        matcher = FilenameMatcher(index.engine_search.search, math.inf, math.inf)
        results = await matcher.match([name.item for name in names])
        await matcher.close()
    best_candidates = [m.candidates[0] if m.candidates else None for m in results]
    best = [(index_by_id[f.film.id], f.confidence) if f else (None, 0.0) for f in best_candidates]
    print(format_report(names, best))
    for name, (position, confidence) in zip(names, best, strict=True):
        if position is not None and confidence >= 0.9 and position not in name.right:
            title = films[position]["title"]
            print(f"confident and wrong: {name.item!r} for {title!r} {confidence}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
