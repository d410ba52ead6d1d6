"""Rules and dashboard ask for figures that the site gives, and each alert has a runbook."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from axes.models import AccessAttempt
from django.core.cache import cache
from django.utils import timezone

from aggregator.models import Host, Poll, Work
from aggregator.services import metrics
from tests.factories import make_article, make_feed
from tests.newsroom.running import ROOT

RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())["groups"][0][
    "rules"
]
DASHBOARD = json.loads((ROOT / "deploy/grafana/newsroom.json").read_text())
ASKED = [rule["expr"] for rule in RULES] + [
    t["expr"] for panel in DASHBOARD["panels"] for t in panel["targets"]
]
NOW = datetime(2023, 9, 20, 12, tzinfo=UTC)


@pytest.fixture
def given(db: None, redis_url: str, tmp_path: Path, settings: Any) -> str:
    """Return /metrics of a site at which everything that can be counted has happened."""
    settings.DATA_DIR = tmp_path
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups/newsroom-1.dump").write_bytes(b"x")
    feed, article = (
        make_feed(),
        make_article(at=NOW - timedelta(hours=1), found_at=NOW - timedelta(minutes=30)),
    )
    for outcome in ("new", "unchanged", "failed"):
        Poll.objects.create(feed=feed, at=NOW - timedelta(minutes=5), outcome=outcome)
    past = timezone.now() - timedelta(hours=1)
    Host.objects.create(key="e.org:443", due_at=NOW - timedelta(minutes=1), lease_until=past)
    Work.objects.create(article=article, stage="held", next_at=NOW - timedelta(hours=2), lease_until=past)
    AccessAttempt.objects.create(
        username="x", ip_address="198.51.100.7", failures_since_start=3, get_data="", post_data=""
    )
    AccessAttempt.objects.filter().update(attempt_time=timezone.now())
    return metrics.render(NOW).decode()


def test_every_figure_that_is_asked_for_is_given(given: str) -> None:
    names = {name for expr in ASKED for name in re.findall(r"\bnewsroom_\w+", expr)}
    shown = {re.split(r"[{ ]", line)[0] for line in given.splitlines() if line and not line.startswith("#")}
    assert len(names) >= 15
    assert names - shown == set()


def test_every_label_that_is_asked_for_is_given(given: str) -> None:
    for name, label, value in re.findall(r'(newsroom_\w+)\{(\w+)="(\w+)"\}', " ".join(ASKED)):
        assert re.search(rf'^{name}\{{[^}}]*{label}="', given, re.MULTILINE), (name, label, value)


def test_the_figures_are_right(given: str) -> None:
    def of(name: str) -> float:
        return float(next(line for line in given.splitlines() if line.startswith(f"{name} ")).split()[1])

    assert of("newsroom_last_poll_age_seconds") == 300
    assert of("newsroom_last_article_age_seconds") == 1800
    assert of("newsroom_articles_not_indexed") == 1
    assert of("newsroom_hosts_due") == 1
    assert of("newsroom_leases_run_out") == 2
    assert of("newsroom_sign_in_failures_1h") == 3
    assert of("newsroom_broker_up") == 1
    assert of("newsroom_database_bytes") > 1e6
    assert 0 < of("newsroom_disk_free_bytes") <= of("newsroom_disk_bytes")
    assert of("newsroom_backup_age_seconds") >= 0


def test_figures_of_an_empty_site_without_a_queue(
    db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise ConnectionError

    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(cache, "get", away)
    words = metrics.render(NOW).decode()
    assert "newsroom_broker_up 0.0" in words
    assert "newsroom_last_poll_age_seconds" not in words
    assert "newsroom_backup_age_seconds" not in words


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_has_a_runbook(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"].endswith(".")
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / file).read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_dashboard_is_one() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    places = {(p["gridPos"]["x"], p["gridPos"]["y"]) for p in DASHBOARD["panels"]}
    assert len(ids) == len(set(ids)) == len(places)
    assert all(p["datasource"]["uid"] == "${datasource}" and p["targets"] for p in DASHBOARD["panels"])


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
@pytest.mark.parametrize("argv", [["check", "rules", "rules.yml"], ["test", "rules", "rules-test.yml"]])
def test_prometheus_takes_the_rules(argv: list[str]) -> None:
    done = subprocess.run(["promtool", *argv], cwd=ROOT / "deploy/prometheus", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
