"""Two installations that keep their answers in one Redis, and know nothing of each other."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import service_runner
from tests.support.backends import require_backend
from tests.support.service_runner import ApiClient, Service

TITLES = ("Here It Has This Name", "There It Has Another")
KNOWN_AS = "tt9900099"


def environment(folder: Path) -> dict[str, str]:
    """Return settings without an indexer.

    The index never shows anything new, and the databases are as alike as can be.
    """
    return {
        **service_runner.embedded_settings(folder),
        "CACHE_URL": require_backend("redis"),
        "INDEXER": "external",
    }


def loaded(folder: Path, title: str) -> dict[str, str]:
    """Return the settings of an installation with one film."""
    folder.mkdir()
    file, told = folder / "film.jsonl", environment(folder)
    file.write_text(json.dumps({"Title": title, "imdbID": KNOWN_AS}) + "\n")
    done = service_runner.run_command(told, "load", str(file))
    assert done.returncode == 0, done.stderr
    return told


@pytest.fixture
def both(tmp_path: Path) -> Iterator[list[Service]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(service_runner.run_service(loaded(tmp_path / f"{number}", title)))
            for number, title in enumerate(TITLES)
        ]


@pytest.mark.once
async def test_nobody_is_given_what_another_installation_has_kept(both: list[Service]) -> None:
    async def title(service: Service) -> tuple[str, str]:
        async with ApiClient.connect(service) as api:
            shown = await api.get(f"/api/v1/movies/{KNOWN_AS}")
            return shown.json["title"], shown.headers["Cache-Status"]

    for wanted in ("movies; fwd=miss", "movies; hit"):
        told = await asyncio.gather(*(title(service) for service in both))
        assert told == [(name, wanted) for name in TITLES]
