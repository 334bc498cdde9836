"""The compose file has no default secrets, publishes to this machine only, and waits for jobs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
JOBS = {name for name, service in SERVICES.items() if service.get("restart") == "no"}
OPTIONAL = {"OMDB_API_KEY", "JWT_SECRET_PREVIOUS"}  # the service works without them

each_service = pytest.mark.parametrize("name", sorted(SERVICES))


def _environment(name: str) -> dict[str, str]:
    return SERVICES[name].get("environment", {})


def test_every_secret_is_required_and_none_has_a_default() -> None:
    placeholders = re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)([^}]*)\}", TEXT)
    assert placeholders
    for name, rest in placeholders:
        assert rest.startswith(":?") or (name in OPTIONAL and rest == ":-"), name


@each_service
def test_no_environment_value_contains_a_secret(name: str) -> None:
    for key, value in _environment(name).items():
        if re.search("PASSWORD|SECRET|KEY", key):
            assert value.startswith("${"), key
        assert not re.search(r"://[^/]*:(?!\$\{)[^/@]+@", value), key


def test_docker_secrets_creates_every_required_secret() -> None:
    required = set(re.findall(r"\$\{(\w+):\?", TEXT))
    match = re.search(r"for name in ([^;]+);", (ROOT / "docker/secrets").read_text())
    assert match
    assert set(match[1].replace("\\", " ").split()) == required


@each_service
def test_ports_are_published_to_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert port.startswith("127.0.0.1:")


@each_service
def test_a_service_is_a_job_or_has_a_health_check(name: str) -> None:
    image = SERVICES[name]["image"]
    if name in JOBS:
        return
    if image == "movies" and "entrypoint" not in SERVICES[name]:
        assert "HEALTHCHECK" in (ROOT / "docker/Dockerfile").read_text()
        return
    assert SERVICES[name]["healthcheck"]["start_period"]


@each_service
def test_a_dependency_is_a_completed_job_or_a_healthy_service(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if other in JOBS else "service_healthy"
        assert wait["condition"] == expected


@each_service
def test_no_container_may_gain_privileges(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


@each_service
def test_images_are_pinned(name: str) -> None:
    image = SERVICES[name]["image"]
    assert image == "movies" or re.search(r":v?\d+\.\d+(\.\d+)?$", image)
