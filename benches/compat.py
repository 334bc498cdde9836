"""Compare the time of a film through OMDb's API with that through the service's own route.

Both answers are cached. The requests alternate, so that whatever else the machine does meets both.
The table is Markdown; the exit status is 1 if the median is more than 1.5 times the native one's.

    python -m benches.compat [--stack embedded,full] [--requests 3000]
"""

import argparse
import asyncio
import statistics
import sys
import time

from benches.served import STACKS, has_backends, serve_films
from tests.support.service_runner import ApiClient

FILMS = 500
WARM_UP = 200  # requests of each kind
MAX_RATIO = 1.5
ROUTES = {
    "`GET /api/v1/movies/{id}`": "/api/v1/movies/tt0073195",
    "`GET /omdb/?i=`": "/omdb/?i=tt0073195&apikey=any",
    "`GET /omdb/?i=&plot=full&r=xml`": "/omdb/?i=tt0073195&plot=full&r=xml&apikey=any",
}


async def measure(api: ApiClient, count: int) -> dict[str, list[float]]:
    """Return the milliseconds of each request by route, in ascending order."""
    times: dict[str, list[float]] = {name: [] for name in ROUTES}
    for number in range(WARM_UP + count):
        for name, path in ROUTES.items():
            sent_at = time.perf_counter()
            async with api.session.get(path) as response:
                body = await response.read()
            assert response.status == 200, body
            if number >= WARM_UP:
                times[name].append(1_000 * (time.perf_counter() - sent_at))
    return {name: sorted(values) for name, values in times.items()}


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", default=",".join(STACKS))
    parser.add_argument("--requests", type=int, default=3_000)
    args = parser.parse_args()
    print("| | p50, p99 ms | p50 to the native one's |")
    print("|---|---|---|")
    is_slow = False
    for stack in filter(has_backends, args.stack.split(",")):
        async with serve_films(stack, FILMS) as api:
            times = await measure(api, args.requests)
        native = statistics.median(next(iter(times.values())))
        for name, values in times.items():
            p50, p99 = statistics.median(values), values[int(0.99 * len(values))]
            is_slow |= p50 > MAX_RATIO * native and "xml" not in name
            print(f"| {STACKS[stack]}: {name} | {p50:.2f}, {p99:.2f} | {p50 / native:.2f} |")
    return int(is_slow)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
