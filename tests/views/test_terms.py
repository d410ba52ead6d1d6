"""Fixed lists in words: none of them shows a slug."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from aggregator.models import Article, Work
from aggregator.templatetags.terms import TERMS, conflict_state, form_name, stage_name

VOCABULARY = Path(settings.BASE_DIR) / "aggregator/vocabulary"


def _said(name: str, key: str) -> set[str]:
    found = json.loads((VOCABULARY / f"{name}.json").read_text("utf-8"))
    rows = found if isinstance(found, list) else found[name]
    return {row[key] for row in rows if row.get(key)}


@pytest.mark.parametrize(
    ("of", "values"),
    [
        pytest.param("form", lambda: _said("forms", "slug"), id="forms"),
        pytest.param("conflict", lambda: _said("conflicts", "status"), id="states of conflicts"),
        pytest.param("copy", lambda: set(Article.CopyKind.values), id="kinds of copies"),
        pytest.param("article", lambda: set(Article.Status.values), id="states of articles"),
        pytest.param("stage", lambda: set(Work.Stage.values), id="stages"),
    ],
)
def test_every_value_of_a_fixed_list_has_its_words(of, values):
    assert values() - TERMS[of].keys() == set()


def test_words_follow_the_page_and_what_is_not_known_loses_its_hyphens():
    assert (form_name("live-blog"), conflict_state("low-level"), stage_name("")) == (
        "live blog",
        "low level",
        "",
    )
    with translation.override("fr"):
        assert (form_name("live-blog"), conflict_state("active-war")) == ("direct", "guerre active")
