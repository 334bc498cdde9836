"""Each command of the page that tells how to point programs here, on a new service."""

import asyncio
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import ROOT, service_runner
from tests.support.api_accounts import create_key, create_user
from tests.support.service_runner import ApiClient

pytestmark = pytest.mark.once

PAGE = (ROOT / "docs/howto/point-your-apps-here.md").read_text()
BLOCKS = re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line.startswith("curl ")]


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiClient]:
    """Yield a client of a new service with the sample films, without OMDb, that wants keys."""
    settings = {
        **service_runner.embedded_settings(tmp_path_factory.mktemp("howto")),
        "OMDB_COMPAT_KEYS": "users",
    }
    running = service_runner.open_in_thread(service_runner.run_sample_service(settings))
    async with running as service, ApiClient.connect(service) as client:
        yield client


@pytest.fixture(scope="module")
async def key(api: ApiClient) -> str:
    user = await create_user(api)
    return str((await create_key(api, user.token, "read"))["key"])


def test_the_page_has_commands() -> None:
    assert len(COMMANDS) > 5


@pytest.mark.parametrize("command", COMMANDS, ids=range(len(COMMANDS)))
async def test_a_command_of_the_page_gets_an_answer(
    api: ApiClient, key: str, command: str, tmp_path: Path
) -> None:
    words = shlex.split(command.replace("http://localhost:8000", api.service.url))
    words = [word.replace("$KEY", key) for word in words]
    process = await asyncio.create_subprocess_exec(
        *words, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors
    assert output.strip()
    assert b"rror" not in output
