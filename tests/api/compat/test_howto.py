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
BLOCKS = re.findall(r"^```\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SCRIPTS = re.findall(r"^```bash\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
ERROR = re.compile(rb'"(?:[Ee]rror|err)"|<error>')
"""How each of the protocols calls an error."""

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
    assert len(SCRIPTS) == 3


@pytest.mark.parametrize("command", COMMANDS, ids=range(len(COMMANDS)))
async def test_a_command_of_the_page_gets_an_answer(
    api: ApiClient, key: str, command: str, tmp_path: Path
) -> None:
    script = command.replace("http://localhost:8000", api.service.url)
    output = await run(tmp_path, *shlex.split(script.replace("$KEY", key)))
    assert output.strip()
    assert not ERROR.search(output)


@pytest.mark.parametrize("script", SCRIPTS, ids=range(len(SCRIPTS)))
async def test_each_command_of_a_script_of_the_page_gets_an_answer(
    api: ApiClient, script: str, tmp_path: Path
) -> None:
    script = script.replace("http://localhost:8000", api.service.url)
    token = await api.admin_token()
    output = await run(tmp_path, "bash", "-euo", "pipefail", "-c", f"TOKEN={token}\n{script}")
    assert output.count(b"{") >= script.count("\nsend ")
    assert not ERROR.search(output)


async def run(folder: Path, *words: str) -> bytes:
    """Return what a command prints; fail if it fails."""
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors
    return output
