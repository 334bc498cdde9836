"""The short form of `make fuzz.api`: random requests for a minute."""

from pathlib import Path

import pytest

from tests.fuzz.api import fuzz, run_fuzzed_service

SECONDS = 60
SEED = 1  # a change that breaks this test is to blame, not the day's requests


@pytest.mark.timeout(SECONDS + 600)
def test_random_requests_never_get_a_server_error_or_an_undocumented_answer(
    tmp_path: Path,
) -> None:
    with run_fuzzed_service(tmp_path) as service:
        reports = fuzz(service, SECONDS, tmp_path, SEED)
        log = service.log.read_text()
    assert not reports, "\n\n".join(reports)
    assert "Traceback" not in log, log[-5000:]
