"""The contract's page in a real browser: it shows every operation, and asks nobody outside."""

import subprocess
from pathlib import Path

import pytest

from tests.support.backends import require_backend
from tests.support.service_runner import Service

HEADLESS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1200,1600",
)


@pytest.mark.once
def test_the_contract_is_readable_in_a_browser(service: Service, tmp_path: Path) -> None:
    command = [
        require_backend("chromium"),
        *HEADLESS,
        f"--user-data-dir={tmp_path}",
        "--virtual-time-budget=20000",
        "--dump-dom",
        f"{service.url}/docs",
    ]
    page = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True).stdout
    for path in ("/api/v1/search", "/api/v1/auth/login", "/api/v1/admin/reindex"):
        assert f'data-path="{path}"' in page, page[-2000:]
