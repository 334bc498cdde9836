"""The short form of `make fuzz.api`: random requests to a service of its own."""

from pathlib import Path

import pytest

from tests.fuzz.api import fuzz, run_fuzzed_service
from tests.support.durations import FUZZ_SECONDS

SEED = 1  # a change that breaks this test is to blame, not the day's requests


@pytest.mark.timeout(FUZZ_SECONDS + 600)
def test_random_requests_never_get_a_server_error_or_an_undocumented_answer(
    tmp_path: Path,
) -> None:
    with run_fuzzed_service(tmp_path) as service:
        reports = fuzz(service, FUZZ_SECONDS, tmp_path, SEED)
        log = service.log.read_text()
    assert not reports, "\n\n".join(reports)
    assert "Traceback" not in log, log[-5000:]
