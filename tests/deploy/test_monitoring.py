"""Alert rules and dashboard: they speak of metrics that exist, and promtool agrees."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.topics import SERVICES
from services.chassis.process.metrics import LISTED
from tests.programs import require_program

DEPLOY = Path(__file__).parents[2] / "deploy"
ALERTS = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "motcua.json").read_text(encoding="utf-8"))
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])
]
# What Prometheus itself and its client library add to every process.
NOT_OURS = {"up", "process_cpu_seconds_total", "process_resident_memory_bytes"}
LIBRARY = {"service", "instance", "job", "le"}
PROMQL = {
    "by",
    "or",
    "and",
    "sum",
    "max",
    "min",
    "rate",
    "increase",
    "delta",
    "time",
    "histogram_quantile",
    "min_over_time",
}


@pytest.fixture(scope="module", autouse=True)
def every_list_is_read():
    for service in SERVICES:
        if importlib.util.find_spec(f"services.{service}.metrics"):
            importlib.import_module(f"services.{service}.metrics")


def names_in(expression: str) -> set[str]:
    """The metrics of an expression: its words without functions, labels, strings and durations."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)", "", bare)
    return set(re.findall(r"[a-z_][a-z0-9_]*", bare)) - PROMQL


def labels_in(expression: str) -> set[str]:
    matched = re.findall(r'([a-z_]+)(?:=~|!~|!=|=)"', expression)
    grouped = [
        label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")
    ]
    return {*matched, *grouped}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_that_is_asked_for_is_on_the_list(expression: str):
    names = names_in(expression)
    assert names
    for name in names - NOT_OURS:
        listed = name if name in LISTED else re.sub(r"_(bucket|sum|count)$", "", name)
        assert listed in LISTED, name
        assert (listed != name) == (LISTED[listed].kind == "histogram"), f"{name} is a {LISTED[listed].kind}"


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_label_that_is_asked_for_is_one_of_its_metric(expression: str):
    known = {label for name in names_in(expression) for label in _labels(name)} | LIBRARY
    assert labels_in(expression) <= known


def _labels(name: str) -> set[str]:
    listed = LISTED.get(name) or LISTED.get(re.sub(r"_(bucket|sum|count)$", "", name))
    return set(listed.labels) if listed else set()


def test_a_name_that_is_on_no_list_would_be_found():
    assert names_in('sum by (le) (rate(no_such_metric_total{a="b"}[5m]))') == {"no_such_metric_total"}


def test_every_alert_says_what_is_at_stake():
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert len(rule["annotations"]["summary"]) > 10 and len(rule["annotations"]["description"]) > 10


def test_what_an_operator_lives_by_is_watched():
    asked = " ".join(EXPRESSIONS)
    for name in (
        "motcua_accepted_to_counted_seconds",
        "motcua_relay_lag_seconds",
        "motcua_consumer_lag_messages",
        "motcua_held_streams",
        "motcua_held_oldest_seconds",
        "motcua_dead_letters_published_total",
        "motcua_identity_violations",
        "motcua_appends_batch_size",
    ):
        assert name in asked


TESTED = ("alerts_test.yml", "alerts_days_test.yml")


@pytest.mark.long
def test_the_rules_do_what_they_say():
    promtool = require_program("promtool")
    for command in (["check", "rules", "alerts.yml"], ["test", "rules", *TESTED]):
        done = subprocess.run(
            [promtool, *command], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


RUNBOOKS = DEPLOY.parent / "docs" / "runbooks"
CHAPTERS = ("What it means.", "What is not lost.", "What to do.", "When to wake somebody.")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_leads_to_its_run_book(rule: dict[str, Any]):
    page = DEPLOY.parent / rule["annotations"]["runbook_url"]
    assert page == RUNBOOKS / f"{rule['alert']}.md"
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {rule['alert']}\n") and all(f"**{each}**" in text for each in CHAPTERS)
    assert f"]({rule['alert']}.md)" in (RUNBOOKS / "README.md").read_text(encoding="utf-8")


def test_every_run_book_is_of_an_alert_and_names_what_there_is():
    from deploy.command.command import _parser

    pages = {path.stem: path.read_text(encoding="utf-8") for path in RUNBOOKS.glob("*.md")}
    assert pages.keys() == {rule["alert"] for rule in RULES} | {"README"}
    help_text = _parser(()).format_help()
    for name, text in pages.items():
        for command in re.findall(r"`motcua ([a-z-]+)", text):
            assert re.search(rf"^    {command}\b", help_text, re.M), (name, command)
        for metric in re.findall(r"`(motcua_[a-z_]+)", text):
            assert metric in LISTED, (name, metric)


def test_alerts_go_to_somebody():
    managed = yaml.safe_load((DEPLOY / "prometheus" / "alertmanager.yml").read_text(encoding="utf-8"))
    receivers = {each["name"] for each in managed["receivers"]}
    routes = [managed["route"], *managed["route"]["routes"]]
    assert {route["receiver"] for route in routes} == receivers
    named = {name for rule in managed["inhibit_rules"] for name in re.findall(r"[A-Z]\w+", str(rule))}
    assert named <= {rule["alert"] for rule in RULES}
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert scraped["alerting"]["alertmanagers"][0]["static_configs"] == [{"targets": ["alertmanager:9093"]}]


def test_every_alert_has_its_case():
    cases = "".join((DEPLOY / "prometheus" / name).read_text(encoding="utf-8") for name in TESTED)
    assert {rule["alert"] for rule in RULES} == set(re.findall(r'alertname="(\w+)"', cases))


def test_prometheus_scrapes_every_service():
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    targets = scraped["scrape_configs"][0]["static_configs"]
    assert {target["labels"]["service"] for target in targets} == set(SERVICES)


def test_panels_have_ids_places_and_words_of_their_own():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels)
    assert all(panel.get("description") for panel in panels if panel["type"] != "row")


def test_the_dashboard_shows_the_services_that_are_chosen_and_marks_releases():
    asked = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    by_service = [expression for expression in asked if "by (service" in expression]
    assert len(by_service) > 10 and all('service=~"$service"' in expression for expression in by_service)
    variables = {each["name"]: each["query"]["query"] for each in DASHBOARD["templating"]["list"]}
    assert list(variables) == ["service", "office", "procedure"]
    for name in ("office", "procedure"):
        assert variables[name] == f"label_values(motcua_dossiers_open, {name})" and name in _labels(
            "motcua_dossiers_open"
        )
    of_dossiers = [expression for expression in asked if "motcua_dossiers_open" in expression]
    assert len(of_dossiers) == 3
    assert all('{office=~"$office", procedure=~"$procedure"' in expression for expression in of_dossiers)
    (releases,) = DASHBOARD["annotations"]["list"]
    assert names_in(
        releases["expr"].replace("unless on (service, release)", "").replace("offset 5m", "")
    ) == {"motcua_build_info"}
    assert all(link["url"].startswith("http://127.0.0.1:") for link in DASHBOARD["links"])
