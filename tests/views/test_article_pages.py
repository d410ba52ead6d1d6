"""What an article's page says of a text that is another's."""

from __future__ import annotations

import pytest

from aggregator.templatetags.reasons import reason_words
from tests.factories import make_article
from tests.views.conftest import Land


@pytest.mark.parametrize("gone", [{"relevance": "ask"}, {"status": "hidden"}])
def test_a_copy_whose_original_is_not_shown_is_not_called_a_text_of_its_own(client, land: Land, gone: dict):
    copy = make_article(copy_of=make_article(title="Launches operation", **gone), copy_kind="exact")
    text = client.get(copy.get_absolute_url()).content.decode()
    assert "A copy: the text that it repeats is not shown here." in text
    assert "Its own text" not in text
    assert "Launches operation" not in text


def test_a_page_in_another_language_leads_to_no_other_site(client, land: Land):
    text = client.get("/fr//news.example/").content.decode()
    assert 'hreflang="en"' in text
    assert 'href="//' not in text


def test_why_an_article_was_moved_names_no_number_of_a_story():
    moved = {"rule": "repair_move", "from": 4711, "shared_words": 3}
    assert reason_words(moved) == "nearer to this story, seen in the order of the reports: 3 shared words"
