"""Two installations that share one Redis for their response caches."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import service_runner
from tests.support.backends import require_backend
from tests.support.service_runner import ApiClient, Service
from tests.support.waiting import wait_until

TITLES = ("Here It Has This Name", "There It Has Another")
IMDB_ID = "tt9900099"


def environment(folder: Path) -> dict[str, str]:
    """Return settings without an indexer.

    The index never shows new content, and both databases are as similar as possible.
    """
    return {
        **service_runner.embedded_settings(folder),
        "CACHE_URL": require_backend("redis"),
        "INDEXER": "external",
    }


def prepare_installation(folder: Path, title: str) -> dict[str, str]:
    """Return the settings of an installation with one film."""
    folder.mkdir()
    file, settings = folder / "film.jsonl", environment(folder)
    file.write_text(json.dumps({"Title": title, "imdbID": IMDB_ID}) + "\n")
    process = service_runner.run_command(settings, "load", str(file))
    assert process.returncode == 0, process.stderr
    return settings


@pytest.fixture
def services(tmp_path: Path) -> Iterator[list[Service]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                service_runner.run_service(prepare_installation(tmp_path / f"{number}", title))
            )
            for number, title in enumerate(TITLES)
        ]


@pytest.mark.once
async def test_an_installation_never_returns_responses_of_another(services: list[Service]) -> None:
    async def get_cache_status(service: Service, title: str) -> str:
        async with ApiClient.connect(service) as api:
            shown = await api.get(f"/api/v1/movies/{IMDB_ID}")
        assert shown.json["title"] == title
        return shown.headers["Cache-Status"]

    async def get_cache_statuses() -> list[str]:
        pairs = zip(services, TITLES, strict=True)
        return await asyncio.gather(*(get_cache_status(*pair) for pair in pairs))

    async def are_cached() -> bool:
        return await get_cache_statuses() == ["movies; hit"] * 2

    assert await get_cache_statuses() == ["movies; fwd=miss"] * 2
    await wait_until(are_cached)  # a busy Redis that misses the short timeout is no hit
