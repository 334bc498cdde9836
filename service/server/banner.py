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

MAX_WAIT = 15.0  # until the index has caught up; then the banner is printed anyway
POLL_INTERVAL = 0.1
BANNER = """
Movies is ready: open http://{host}/ in a browser. The contract of the API is at
http://{host}/docs. Try:

  curl '{host}/api/v1/search?q=godfahter'
  curl '{host}/api/v1/search?q=spilberg+jaws'
  curl '{host}/api/v1/movies/tt0073195'
"""


def is_up(address: str) -> bool:
    """Return whether the API answers."""
    return bool(_get_json(f"{address}/health/live"))


def is_index_caught_up(address: str) -> bool:
    """Return whether no film waits to be indexed."""
    indexer = _get_json(f"{address}/health/ready").get("parts", {}).get("indexer", {})
    return bool((indexer.get("detail") or "").startswith("0 films waiting"))


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
        print(BANNER.format(host=f"localhost:{port}"), flush=True)
        return
    logging.configure("json" if log_format == "json" else "text")
    structlog.get_logger().info("service_ready", port=int(port))


if __name__ == "__main__":
    main()
