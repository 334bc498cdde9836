"""What `movies serve` says once, when the first search can succeed.

On a terminal that is a greeting; elsewhere, where a program reads it, a line of the log.

It has a process of its own: the supervisor must not wait for anything, and the samples of a first
start become searchable a moment after the API has begun to answer.
"""

import json
import sys
import time
import urllib.request
from typing import Any

import structlog

from service.observability import logging

MAX_WAIT = 15.0  # until the index has caught up; then the greeting is printed anyway
POLL_INTERVAL = 0.1
GREETING = """
Movies is ready: open http://{host}/ in a browser. The contract of the API is at
http://{host}/docs.
"""
EMPTY_CATALOGUE = """
The catalogue is empty. Load films of your own, or the 500 that come with the service:

  movies load films.jsonl
  movies load --sample
"""
OWN_FILMS = """
Try:

  curl '{host}/api/v1/movies?limit=3'
"""
SAMPLES = """
Try:

  curl '{host}/api/v1/search?q=godfahter'
  curl '{host}/api/v1/search?q=spilberg+jaws'
  curl '{host}/api/v1/movies/tt0073195'
"""
NEXT_STEPS = {"none": EMPTY_CATALOGUE, "own": OWN_FILMS, "samples": SAMPLES}
"""What to do next, by the films that there are; nothing while the database does not answer."""


def is_up(address: str) -> bool:
    """Return whether the API answers."""
    return bool(_get_json(f"{address}/health/live"))


def is_index_caught_up(address: str) -> bool:
    """Return whether no film waits to be indexed."""
    indexer = _get_json(f"{address}/health/ready").get("parts", {}).get("indexer", {})
    return bool((indexer.get("detail") or "").startswith("0 films waiting"))


def build_greeting(host: str, films: str | None) -> str:
    """Return the greeting, with commands that succeed on these films of `GET /status`."""
    return (GREETING + NEXT_STEPS.get(films or "", "")).format(host=host)


def read_films(address: str) -> str | None:
    """Return which films there are: `none`, `samples` or `own`; None if that is unknown."""
    setup = _get_json(f"{address}/api/v1/status").get("setup") or {}
    return setup.get("films")


def _get_json(url: str) -> dict[str, Any]:
    """Return the JSON object at `url`, empty when there is none."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
            return dict(json.load(response))
    except (OSError, ValueError):
        return {}


def main() -> None:
    """Announce the service; the arguments are host, port and the format of the log."""
    host, port, log_format = sys.argv[1:4]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    while not is_up(address):
        time.sleep(POLL_INTERVAL)
    deadline = time.monotonic() + MAX_WAIT
    while not is_index_caught_up(address) and time.monotonic() < deadline:
        time.sleep(POLL_INTERVAL)
    if sys.stdout.isatty() and log_format != "json":
        print(build_greeting(f"localhost:{port}", read_films(address)), flush=True)
        return
    logging.configure("json" if log_format == "json" else "text")
    structlog.get_logger().info("service_ready", port=int(port))


if __name__ == "__main__":
    main()
