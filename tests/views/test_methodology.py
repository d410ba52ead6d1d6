"""The methodology page: figures with units, the rules that decided, the sources."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.cache import cache

from aggregator.models import Article
from aggregator.pipeline.group import OUTSIDE_FORMS
from aggregator.services import reason_counts, rule_figures
from aggregator.services.rule_figures import Figure
from aggregator.templatetags.rules import figure
from tests.factories import make_article, make_feed, make_source
from tests.views.conftest import Land

NOW = datetime(2023, 9, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        pytest.param(259_200, "span", "72 hours", id="some days in hours"),
        pytest.param(1_209_600, "span", "14 days", id="a fortnight in days"),
        pytest.param(300, "span", "5 minutes", id="minutes"),
        pytest.param(30, "span", "30 seconds", id="seconds"),
        pytest.param(0.12, "share", "12 %", id="a share"),
        pytest.param(0.5, "score", "0.5", id="a score"),
        pytest.param(1, "words", "1 word", id="one"),
        pytest.param(400_000, "characters", "400,000 characters", id="many"),
        pytest.param(12, "number", "12", id="a plain number"),
    ],
)
def test_a_figure_is_told_with_its_unit(value, unit, words):
    assert figure(Figure("", value, unit, "")) == words


def test_every_figure_stands_where_it_is_said_to_stand():
    found = [one for station in rule_figures.stations() for one in station.figures]
    assert len(found) > 40
    assert len({one.sentence for one in found}) == len(found)


@pytest.mark.django_db
def test_the_page_tells_figures_sources_and_reasons(client, land: Land):
    cache.clear()
    make_feed(make_source("gazette", kind="wire", state_control=3, country="AM", languages=["en", "hy"]))
    text = client.get("/methodology/").content.decode()
    assert "A story spans at most this time from its first report.</th><td" in text
    assert ">72 hours<" in text
    assert "259200" not in text
    assert "not been counted yet" in text
    assert "wire agency</th>" in text
    article = make_article()
    Article.objects.filter(pk=article.pk).update(
        status="visible", relevance="in", reported_at=NOW, found_at=NOW, copy_reason={"code": "no_match"}
    )
    reason_counts.count_days(NOW)
    text = client.get("/methodology/").content.decode()
    assert "Whose text is it?" in text
    assert "no earlier text like it" in text
    french = client.get("/fr/methodology/").content.decode()
    assert ">72 heures<" in french
    assert "À qui est ce texte ?" in french
    cache.clear()


OUTSIDE_IN_FRENCH = {
    "anniversary": "anniversaires", "explainer": "explications", "live-blog": "directs",
    "newsletter": "lettres d’information", "opinion": "Opinions", "podcast": "podcasts",
    "press-review": "revues de presse", "situation-report": "rapports de situation",
}  # fmt: skip


@pytest.mark.django_db
def test_the_page_names_every_form_that_stands_outside_stories(client, land: Land):
    assert set(OUTSIDE_IN_FRENCH) == OUTSIDE_FORMS
    english = client.get("/methodology/").content.decode()
    sentence = english.split("from its first report. ")[1].split(" stand outside stories")[0]
    for form in OUTSIDE_FORMS:  # "anniversaries" for anniversary: the last letter may differ
        assert form.replace("-", " ")[:-1] in sentence.lower()
    french = client.get("/fr/methodology/").content.decode()
    sentence = french.split("depuis son premier article. ")[1].split(" hors des histoires")[0]
    for words in OUTSIDE_IN_FRENCH.values():
        assert words in sentence
