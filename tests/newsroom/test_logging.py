"""Logs hold facts from a fixed list and nothing else."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client

from newsroom.logging import FIELDS, Json, Lines
from tests.desk.conftest import PASSWORD, make_person
from tests.factories import make_article
from tests.newsroom.running import ROOT, environment, manage


def record(**facts: object) -> logging.LogRecord:
    made = logging.LogRecord("aggregator", logging.INFO, __file__, 1, "poll_failed", None, None)
    made.__dict__.update(facts)
    return made


def test_a_line_holds_the_event_and_its_facts() -> None:
    assert Lines().format(record(feed=7, code="timeout")).endswith("info poll_failed feed=7 code=timeout")


def test_a_collector_gets_one_object_a_line() -> None:
    shown = json.loads(Json().format(record(feed=7)))
    assert (shown["event"], shown["level"], shown["feed"]) == ("poll_failed", "info", 7)


def test_what_is_not_on_the_list_is_dropped() -> None:
    shown = Json().format(record(text="a paragraph", address="reader@example.org"))
    assert "paragraph" not in shown
    assert "reader@" not in shown


def test_every_fact_that_the_code_logs_is_on_the_list() -> None:
    used = {
        name
        for file in (ROOT / "aggregator").rglob("*.py")
        for facts in re.findall(r"extra=\{([^}]*)\}", file.read_text())
        for name in re.findall(r'"([a-z_]+)":', facts)
    }
    assert used - set(FIELDS) == set()


# --- No secret, token, address of a reader or text of an article -----------------------------------

SECRETS = ["a-signing-key-of-some-length", "metrics-token-1", "pass-of-the-database"]


@pytest.mark.parametrize("shape", [Lines, Json])
@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        pytest.param("key a-signing-key-of-some-length used", "signing-key", id="a secret of the settings"),
        pytest.param("cannot reach redis://:hunter2@queue:6379/0", "hunter2", id="a password in an address"),
        pytest.param("cannot reach postgresql://news:p%40ss@db/x", "p%40ss", id="an escaped password"),
        pytest.param("password=hunter2 refused", "hunter2", id="a password by name"),
        pytest.param("{'password': 'hunter2', 'a': 1}", "hunter2", id="a password in a form"),
        pytest.param("otp_token=123456", "123456", id="a code"),
        pytest.param("Authorization: Bearer abc.def", "abc.def", id="a bearer token"),
        pytest.param("sessionid=zyxw; path=/", "zyxw", id="a session"),
        pytest.param("mail to reader@example.org failed", "reader@", id="a mail address"),
    ],
)
def test_what_libraries_say_is_scrubbed(shape: Any, said: str, hidden: str) -> None:
    made = logging.LogRecord("kombu", logging.ERROR, __file__, 1, "%s", (said,), None)
    shown = shape(secrets=SECRETS).format(made)
    assert hidden not in shown
    assert "…" in shown


def test_what_is_no_secret_stays() -> None:
    said = "worker ready at 127.0.0.1:6379, 12 feeds, http://example.org/feed?id=7"
    made = logging.LogRecord("kombu", logging.ERROR, __file__, 1, said, None, None)
    assert said in Lines(secrets=[*SECRETS, "feed"]).format(made)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that any logger says, as the site's own handler writes it."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Json(secrets=settings.LOGGING["formatters"]["facts"]["secrets"]))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield out
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


@pytest.mark.django_db
def test_a_day_at_the_door_leaves_no_secret(
    client: Client, written: io.StringIO, redis_url: str, mailoutbox: list[Any]
) -> None:
    make_person("curator")
    reader, token = {"REMOTE_ADDR": "198.51.100.23"}, "QmFzZTY0VG9rZW5PZkFTdWJzY3JpcHRpb24"
    form = {"username": "curator", "password": "wrong-" + PASSWORD, "otp_token": "987654"}
    for _ in range(settings.AXES_FAILURE_LIMIT + 1):  # until axes locks the name
        client.post("/desk/login/", form, **reader)
    client.post("/desk/login/", form | {"password": PASSWORD}, REMOTE_ADDR="198.51.100.24")
    key = client.session.session_key or "no-session"
    client.get(f"/digests/confirm/{token}/", **reader)
    client.get(f"/digests/leave/{token}/", **reader)
    client.get("/metrics", headers={"Authorization": "Bearer a-wrong-metrics-token"}, **reader)
    client.get("/desk/stories/", {"q": "x"}, **reader)
    said = written.getvalue()
    assert "sign_in_failed" in said
    assert "Not Found: /digests/confirm/…/" in said
    for hidden in (
        PASSWORD,
        "987654",
        token,
        "a-wrong-metrics-token",
        key,
        "198.51.100",
        settings.SECRET_KEY,
    ):
        assert hidden not in said, hidden


@pytest.mark.django_db
def test_a_refused_row_is_not_quoted(written: io.StringIO) -> None:
    article = make_article(title="A paragraph that nobody may log\n\nand another")
    statement = "UPDATE aggregator_article SET reported_at = found_at + interval '1 day' WHERE id = %s"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [article.pk])
    except IntegrityError:
        logging.getLogger("celery.worker").exception("task_failed")
    said = written.getvalue()
    assert "article_reported_not_after_found" in said
    assert "A paragraph" not in said


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"DATABASE_URL": "postgresql://news:hunter2hunter2@127.0.0.1:9/x"}, id="database"),
        pytest.param({"REDIS_URL": "redis://:hunter2hunter2@127.0.0.1:9/0"}, id="queue"),
        pytest.param({"PROXY": "http://me:hunter2hunter2@proxy/path"}, id="proxy"),
    ],
)
def test_a_start_that_fails_shows_no_password(tmp_path: Path, more: dict[str, str]) -> None:
    refused = manage(environment(tmp_path, **more), "prepare")
    assert refused.returncode == 1
    assert "hunter2" not in refused.stdout
