"""Dashboards and alert rules name metrics that exist, and Kibana's objects fit the index."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
METRICS = set(
    re.findall(
        r"^\| `(movies_\w+)`", (ROOT / "docs/reference/metrics.md").read_text(), re.MULTILINE
    )
)
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "docker/prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((ROOT / "docker/grafana/dashboards/movies.json").read_text())
TARGETS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]

OBJECTS: list[dict[str, Any]] = [
    json.loads(line) for line in (ROOT / "kibana/saved-objects.ndjson").read_text().splitlines()
]
MAPPING = json.loads((ROOT / "elasticsearch/mapping.json").read_text())["properties"]

# The attributes of Kibana's published schemas: of dashboards model version 2, of searches version
# 5, of visualizations 8.8.0; of data views those that its exports have.
ATTRIBUTES = {
    "dashboard": "title description kibanaSavedObjectMeta timeRestore timeFrom timeTo"
    " refreshInterval controlGroupInput panelsJSON optionsJSON hits version",
    "search": "title description columns sort grid rowHeight rowsPerPage hideChart breakdownField"
    " kibanaSavedObjectMeta isTextBasedQuery usesAdHocDataView timeRestore timeRange"
    " refreshInterval viewMode hideAggregatedPreview hits version sampleSize headerRowHeight"
    " visContext density",
    "visualization": "title description version kibanaSavedObjectMeta uiStateJSON visState"
    " savedSearchRefName",
    "index-pattern": "title name allowNoIndex allowHidden fieldAttrs fieldFormatMap fields"
    " runtimeFieldMap sourceFilters timeFieldName type typeMeta",
}


@pytest.mark.parametrize("expression", [rule["expr"] for rule in RULES] + TARGETS)
def test_an_expression_reads_metrics_that_exist(expression: str) -> None:
    names = set(re.findall(r"\bmovies_\w+", expression))
    assert {re.sub("_(bucket|count|sum)$", "", name) for name in names} <= METRICS
    assert names or "up{" in expression


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"].keys() == {"summary", "description"}
    for page in re.findall(r"docs/[\w/.-]+\.md", rule["annotations"]["description"]):
        assert (ROOT / page).is_file()


def test_panels_of_grafana_do_not_overlap() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        grid = panel["gridPos"]
        assert grid["x"] + grid["w"] <= 24
        covered = {
            (grid["x"] + dx, grid["y"] + dy) for dx in range(grid["w"]) for dy in range(grid["h"])
        }
        assert not covered & cells
        cells |= covered


@pytest.mark.parametrize("saved", OBJECTS, ids=lambda saved: f"{saved['type']}-{saved['id']}")
def test_a_saved_object_has_attributes_that_kibana_takes(saved: dict[str, Any]) -> None:
    attributes = saved["attributes"]
    assert attributes.keys() <= set(ATTRIBUTES[saved["type"]].split())
    assert attributes["title"]
    for name in ("panelsJSON", "optionsJSON", "visState", "uiStateJSON"):
        json.loads(attributes.get(name, "{}"))


@pytest.mark.parametrize("saved", OBJECTS, ids=lambda saved: f"{saved['type']}-{saved['id']}")
def test_every_reference_of_a_saved_object_resolves(saved: dict[str, Any]) -> None:
    present = {(other["type"], other["id"]) for other in OBJECTS}
    assert {(reference["type"], reference["id"]) for reference in saved["references"]} <= present
    names = {reference["name"] for reference in saved["references"]}
    source = json.loads(
        saved["attributes"].get("kibanaSavedObjectMeta", {}).get("searchSourceJSON", "{}")
    )
    used = {source["indexRefName"]} if "indexRefName" in source else set()
    for panel in json.loads(saved["attributes"].get("panelsJSON", "[]")):
        used.add(f"{panel['panelIndex']}:{panel['panelRefName']}")
    assert names == used


@pytest.mark.parametrize("saved", OBJECTS, ids=lambda saved: f"{saved['type']}-{saved['id']}")
def test_a_saved_object_uses_fields_of_the_index(saved: dict[str, Any]) -> None:
    attributes = saved["attributes"]
    state = json.loads(attributes.get("visState", "{}"))
    fields = {aggregation["params"].get("field") for aggregation in state.get("aggs", ())} - {None}
    for name in fields:  # those of a chart need doc values
        assert _find_field(name)["type"] in {"keyword", "short", "float", "long", "boolean"}
    source = json.loads(attributes.get("kibanaSavedObjectMeta", {}).get("searchSourceJSON", "{}"))
    queried = re.findall(r"([\w.]+) :", source.get("query", {}).get("query", ""))
    sorted_by = [name for name, _ in attributes.get("sort", ())]
    for name in [*queried, *attributes.get("columns", ()), *sorted_by]:
        assert _find_field(name)


def _find_field(path: str) -> dict[str, Any]:
    name, _, subfield = path.partition(".")
    field: dict[str, Any] = MAPPING[name]
    return field["fields"][subfield] if subfield else field
