"""The compose files have no default secrets, publish what they must, and wait for their jobs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
PRODUCTION_TEXT = (ROOT / "docker-compose.prod.yml").read_text()
DEVELOPMENT_TEXT = (ROOT / "docker-compose.dev.yml").read_text()


class _Loader(yaml.SafeLoader):
    """Reads Compose's tag `!reset`, which removes what the other file says."""


_Loader.add_constructor("!reset", lambda _loader, _node: None)


def _load(text: str) -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.load(text, _Loader)["services"]
    return services


SERVICES = _load(TEXT)
PRODUCTION = _load(PRODUCTION_TEXT)
DEVELOPMENT = _load(DEVELOPMENT_TEXT)
ADDED = {name: PRODUCTION[name] for name in PRODUCTION.keys() - SERVICES.keys()}
JOBS = {name for name, service in SERVICES.items() if service.get("restart") == "no"}
OPTIONAL = {"OMDB_API_KEY", "JWT_SECRET_PREVIOUS"}  # the service works without them

each_service = pytest.mark.parametrize("name", sorted(SERVICES))
each_added_service = pytest.mark.parametrize("name", sorted(ADDED))


def _environment(name: str) -> dict[str, str]:
    return SERVICES[name].get("environment", {})


def test_every_secret_is_required_and_none_has_a_default() -> None:
    pattern = r"\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)([^}]*)\}"
    placeholders = re.findall(pattern, TEXT + PRODUCTION_TEXT)
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
    required = set(re.findall(r"\$\{(\w+):\?", TEXT + PRODUCTION_TEXT)) - {"DOMAIN"}
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


@each_added_service
def test_production_services_are_confined_limited_and_checked(name: str) -> None:
    service = ADDED[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"]
    assert service["healthcheck"]["start_period"]
    assert re.search(r":v?\d+\.\d+\.\d+$", service["image"])


def test_production_publishes_only_the_proxy_beyond_this_machine() -> None:
    assert PRODUCTION["api"]["ports"] is None
    for name, service in ADDED.items():
        published_beyond = [port for port in service["ports"] if not port.startswith("127.0.0.1:")]
        assert bool(published_beyond) == (name == "proxy")


def test_production_limits_resources_and_logs_of_every_running_service() -> None:
    running = (SERVICES.keys() - JOBS) | ADDED.keys()
    assert PRODUCTION.keys() == running
    for service in PRODUCTION.values():
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}


def test_production_serves_metrics_to_prometheus_alone() -> None:
    assert "respond /metrics 404" in (ROOT / "docker/Caddyfile").read_text()
    config = yaml.safe_load((ROOT / "docker/prometheus/prometheus.yml").read_text())
    [job] = config["scrape_configs"]
    token_file = job["authorization"]["credentials_file"]
    assert f">{token_file} " in PRODUCTION["prometheus"]["command"][0]
    assert job["dns_sd_configs"][0]["names"] == ["api"]


def test_development_needs_no_secret_and_publishes_to_this_machine_only() -> None:
    assert ":?" not in DEVELOPMENT_TEXT
    for service in DEVELOPMENT.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_development_shares_its_images_with_production() -> None:
    shared = (DEVELOPMENT.keys() & SERVICES.keys()) - {"movies"}
    assert shared == {"postgres", "redis", "elasticsearch", "s3"}
    for name in shared:
        assert DEVELOPMENT[name]["image"] == SERVICES[name]["image"]


def test_development_mounts_the_source_and_restarts_on_changes() -> None:
    service = DEVELOPMENT["movies"]
    assert "./:/source:ro" in service["volumes"]
    assert service["command"][0] == "watchfiles"
    assert all((ROOT / folder).is_dir() for folder in service["command"][-3:])


def test_views_of_the_databases_start_only_when_asked_for() -> None:
    tools = {
        name for name, service in DEVELOPMENT.items() if "tools" in service.get("profiles", ())
    }
    assert tools == {"adminer", "redisinsight"}
