"""Send random requests to a whole service: `python -m tests.fuzz.api --seconds 600`.

Schemathesis derives them from the OpenAPI document, valid and invalid ones, alone and in chains.
They go out with and without an admin's token at the same time, to a service of their own, since
they change and delete what they find. No response may be a server error, have an undocumented
status, or differ from its schema.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.support import ROOT, service_runner
from tests.support.service_runner import ADMIN, OMDB_KEY, Service

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "allow_header_conformance",
    "unsupported_method",
    "missing_required_header",
)
CONFIGURATION = """
[auth]
auto-signup = false

[checks.missing_required_header]
expected-statuses = [400, 401, 403, 415, 422, 428]
"""
PHASES = ("examples", "coverage", "fuzzing", "stateful")


@contextmanager
def run_fuzzed_service(folder: Path) -> Iterator[Service]:
    """Yield a service with the sample films that may be spoilt; OMDb is our own server."""
    with service_runner.run_omdb() as omdb:
        settings = service_runner.embedded_settings(folder) | {
            "OMDB_URL": omdb,
            "OMDB_API_KEY": OMDB_KEY,
            "OMDB_DAILY_QUOTA": "1000000",
        }
        with service_runner.run_sample_service(settings) as service:
            yield service


def fuzz(service: Service, seconds: int, folder: Path, seed: int | None = None) -> list[str]:
    """Return the reports of the runs that found something, after `seconds`.

    The same `seed` gives the same requests; without one they are new in every run.
    """
    sessions = folder / "sessions.json"
    sessions.write_text(
        json.dumps({"url": service.url} | {name: log_in(service) for name in ("logout", "other")})
    )
    runs = {"with a token": {"FUZZ_SESSIONS": str(sessions)}, "without a token": {}}
    processes = {
        name: start_schemathesis(service, seconds, folder / name, environment, seed)
        for name, environment in runs.items()
    }
    reports = []
    for name, process in processes.items():
        output, _ = process.communicate()
        print(f"\n{name}:\n{output}")
        if process.returncode:
            reports.append(f"{name}:\n{output}")
    return reports


def log_in(service: Service) -> dict[str, str]:
    credentials = {"username": ADMIN[0], "password": ADMIN[1]}
    response = requests.post(f"{service.url}/api/v1/auth/login", json=credentials, timeout=60)
    response.raise_for_status()
    session: dict[str, str] = response.json()
    return session


def start_schemathesis(
    service: Service,
    seconds: int,
    folder: Path,
    environment: dict[str, str],
    seed: int | None,
) -> "subprocess.Popen[str]":
    folder.mkdir()
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    options = {
        "checks": ",".join(CHECKS),
        "phases": ",".join(PHASES),
        "max-time": str(seconds),
        "request-timeout": "60",
        "generation-database": "none",
        "suppress-health-check": "all",
        "warnings": "off",
    }
    if seed is not None:
        options["seed"] = str(seed)
    arguments = [f"--{name}={value}" for name, value in options.items()]
    return subprocess.Popen(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{service.url}/openapi.json",
            "--continue-on-failure",
            "--no-color",
            *arguments,
        ],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.fuzz.schemathesis_hooks",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=600)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="movies-fuzz-") as name:
        folder = Path(name)
        with run_fuzzed_service(folder) as service:
            reports = fuzz(service, seconds, folder)
            faults = [line for line in service.log.read_text().splitlines() if "Traceback" in line]
    sys.exit("the service failed" if reports or faults else 0)


if __name__ == "__main__":
    main()
