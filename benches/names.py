"""Report how often the confidence of `POST /match` is right, on generated names of real films."""

import argparse
import asyncio
import random
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import Any

from service.search.filenames.matcher import MIN_MATCH_CONFIDENCE
from tests.support.release_names import (
    NamedFilm,
    generate_absent_names,
    generate_names,
    generate_numbered_names,
    votes_of,
)


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
        right_share = f"{100 * sum(correct) / len(correct):.1f}" if correct else "-"
        lines.append(f"{f'{lower:.1f} and more':<14}{len(correct):>7}{right_share:>9}")
    in_catalogue = [(e, b) for e, b in zip(names, best, strict=True) if e.right]
    absent = [b for e, b in zip(names, best, strict=True) if not e.right]
    if in_catalogue:
        recognized = sum(b[0] in e.right and b[1] >= MIN_MATCH_CONFIDENCE for e, b in in_catalogue)
        share = 100 * recognized / len(in_catalogue)
        lines.append(f"of {len(in_catalogue)} films in the catalogue {share:.1f} % match")
    if absent:
        rejected = sum(confidence < MIN_MATCH_CONFIDENCE for _, confidence in absent)
        share = 100 * rejected / len(absent)
        lines.append(f"of {len(absent)} other films {share:.1f} % match nothing")
    return "\n".join(lines)


def split_absent(
    films: Sequence[dict[str, Any]], count: int, seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the films without `count` of the well-known ones, and those that were taken out."""
    by_votes = sorted(range(len(films)), key=lambda p: -votes_of(films[p]))
    removed = set(random.Random(seed).sample(by_votes[: 3 * count], count))
    return (
        [film for p, film in enumerate(films) if p not in removed],
        [films[p] for p in sorted(removed)],
    )


async def main() -> int:
    # Import here what fills an index: it is slow to load, and tests need the names alone.
    from benches.films import (
        build_row,
        film_database,
        film_index,
        load_backend_addresses,
        read_data_file,
    )
    from tests.support.filename_matching import create_patient_matcher

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--absent", type=int, default=500, help="well-known films to take out")
    parser.add_argument("--engine", default="tantivy")
    args = parser.parse_args()
    load_backend_addresses()
    films, absent = split_absent(read_data_file("films.jsonl"), args.absent, args.seed)
    rows = [build_row(film, number) for number, film in enumerate(films, 1)]
    index_by_id = {film.id: position for position, film in enumerate(rows)}
    name_sets = {
        "names of films and of none": generate_names(films, args.count, args.seed),
        "well-known films that were taken out": generate_absent_names(films, absent, args.seed),
        "titles with a number, without a year": generate_numbered_names(films, 100),
    }
    async with (
        film_database("sqlite", rows),
        film_index(args.engine, rows) as index,
        AsyncExitStack() as stack,
    ):
        matcher = create_patient_matcher(index.engine_search.search)
        stack.push_async_callback(matcher.close)
        for label, names in name_sets.items():
            results = await matcher.match([name.item for name in names])
            best = [
                (index_by_id[r.candidates[0].film.id], r.confidence)
                if r.candidates
                else (None, 0.0)
                for r in results
            ]
            print(f"{label}\n{format_report(names, best)}\n")
            for name, (position, confidence) in zip(names, best, strict=True):
                if position is None or position in name.right:
                    continue
                if confidence >= (0.9 if name.right else MIN_MATCH_CONFIDENCE):
                    title = films[position]["title"]
                    print(f"wrong: {name.item!r} for {title!r} {confidence}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
