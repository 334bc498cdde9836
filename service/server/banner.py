"""The words that `movies serve` prints once, when the first search would find something.

A process of its own: the supervisor must not wait for anything, and the samples of a first start
become searchable a moment after the API has begun to answer.
"""

import json
import sys
import time
import urllib.request
from typing import Any

MAX_WAIT = 15.0  # seconds for the index to have what is waiting; then it is said anyway
POLL_INTERVAL = 0.1  # seconds between two looks
BANNER = """
Movies answers at http://{at} (the contract: http://{at}/docs). Try:

  curl '{at}/api/v1/search?q=godfahter'
  curl '{at}/api/v1/search?q=spilberg+jaws'
  curl '{at}/api/v1/movies/tt0073195'
"""


def is_up(address: str) -> bool:
    """Whether the API is up."""
    return bool(_get_json(f"{address}/health/live"))


def is_index_caught_up(address: str) -> bool:
    """Whether nothing waits to be indexed."""
    indexer = _get_json(f"{address}/health/ready").get("parts", {}).get("indexer", {})
    return bool(indexer.get("detail", "").startswith("0 films waiting"))


def _get_json(address: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310
            return dict(json.load(response))
    except (OSError, ValueError):
        return {}


def main() -> None:
    host, port = sys.argv[1], sys.argv[2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    while not is_up(address):
        time.sleep(POLL_INTERVAL)
    deadline = time.monotonic() + MAX_WAIT
    while not is_index_caught_up(address) and time.monotonic() < deadline:
        time.sleep(POLL_INTERVAL)
    print(BANNER.format(at=f"localhost:{port}"), flush=True)


if __name__ == "__main__":
    main()
