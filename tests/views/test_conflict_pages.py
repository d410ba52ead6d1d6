"""Every conflict of the vocabulary has a page that works."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils.html import escape

from aggregator.models import Conflict
from aggregator.services import loading

pytestmark = pytest.mark.django_db
ROWS = json.loads((Path(loading.FOLDER) / "conflicts.json").read_text("utf-8"))["conflicts"]


def test_the_page_of_each_conflict_names_it_its_parties_and_its_note(client):
    loading.load_vocabulary(datetime(2026, 1, 1, tzinfo=UTC), sources=False)
    assert len(ROWS) == Conflict.objects.count() == 63
    for row in ROWS:
        answer = client.get(f"/conflicts/{row['slug']}/")
        assert answer.status_code == 200, row["slug"]
        text = answer.content.decode()
        shown = [row["name"], row["note"], *(party["name"] for party in row["parties"])]
        assert [each for each in shown if escape(each) not in text] == [], row["slug"]
        assert client.get(f"/conflicts/{row['slug']}.atom").status_code == 200, row["slug"]


def test_every_conflict_says_in_a_note_what_it_is_about():
    assert [row["slug"] for row in ROWS if len(row["note"]) < 20] == []
