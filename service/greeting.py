"""The words that `movies serve` prints once, when the first search would find something.

A process of its own: the supervisor must not wait for anything, and the samples of a first start
become searchable a moment after the API has begun to answer.
"""

import json
import sys
import time
import urllib.error
import urllib.request

LONGEST_WAIT = 60.0  # seconds for the index to have what is waiting; then it is said anyway
LOOK = 0.1  # seconds between two looks
WORDS = """
Movies answers at http://{at} (the contract: http://{at}/docs). Try:

  curl '{at}/api/v1/search?q=godfahter'
  curl '{at}/api/v1/search?q=spilberg+jaws'
  curl '{at}/api/v1/movies/tt0073195'
"""


def searchable(address: str) -> bool:
    """Whether the service answers, and nothing waits to be indexed."""
    try:
        with urllib.request.urlopen(f"{address}/health/ready", timeout=5) as response:  # noqa: S310
            parts = json.load(response)["parts"]
    except (OSError, ValueError):
        return False
    return bool(parts["indexer"]["detail"].startswith("0 films waiting"))


def main() -> None:
    host, port = sys.argv[1], sys.argv[2]
    deadline = time.monotonic() + LONGEST_WAIT
    shown = f"[{host}]" if ":" in host else host
    while not searchable(f"http://{shown}:{port}") and time.monotonic() < deadline:
        time.sleep(LOOK)
    print(WORDS.format(at=f"localhost:{port}"), flush=True)


if __name__ == "__main__":
    main()
