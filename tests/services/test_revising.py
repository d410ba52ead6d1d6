"""Edits are revisions of one article; what did not change makes none; their number is bounded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.models import ArticleBody, Revision, Source
from aggregator.pipeline.fingerprint import fingerprint
from aggregator.pipeline.revisions import MOST_KEPT
from aggregator.pipeline.types import ArticleText, Classified, Located, Reason
from aggregator.services import revising
from aggregator.services.drafts import Draft
from tests.factories import DAY, make_article, make_source
from tests.pipeline.texts import OTHER, REPORT


def edit(article, text: str, *, title: str = "", full: str = "", minutes: int = 60) -> Draft:
    """Revise as the line does: compare with what is stored, then store."""
    article.title = title or article.title
    draft = Draft(
        article=article,
        work=None,
        text=ArticleText(article.title, text, full_text=full or text),
        fingerprint=fingerprint("", text),
        located=Located(),
        classified=Classified(0.0, "out", Reason("not_asked")),
        is_new=False,
    )
    revising.revise([draft], DAY + timedelta(minutes=minutes))
    article.save()
    ArticleBody.objects.filter(article=article).update(text=text, full_text=full)
    return draft


def test_a_changed_headline_is_a_revision_and_the_old_one_stays(db):
    article = make_article(title="Three killed", text=REPORT)
    edit(article, REPORT, title="Four killed")
    assert list(Revision.objects.filter(article=article).values_list("title", "title_changed")) == [
        ("Three killed", False),
        ("Four killed", True),
    ]


def test_a_changed_text_is_a_revision_that_keeps_the_old_text(db):
    article = make_article(text=REPORT)
    draft = edit(article, REPORT.replace("three people", "four people"))
    first, second = Revision.objects.filter(article=article).order_by("number")
    assert draft.text_changed
    assert (first.text, second.passages_changed, second.title_changed) == (REPORT, 1, False)
    assert article.revision_count == 2


@pytest.mark.parametrize(
    ("text", "full"),
    [
        pytest.param(REPORT, "", id="the same text"),
        pytest.param(REPORT.replace("\n", "\n\n"), "", id="other white space"),
        pytest.param(REPORT.rsplit("\n", 1)[0], REPORT, id="a line that was learned as boilerplate since"),
    ],
)
def test_what_did_not_change_makes_no_revision(db, text, full):
    article = make_article(text=REPORT)
    edit(article, text, full=full)
    assert Revision.objects.filter(article=article).count() == 1


def test_a_page_that_changes_at_each_look_keeps_a_bounded_number(db):
    article = make_article(text=REPORT)
    for number in range(MOST_KEPT + 10):
        edit(article, f"{OTHER}\nCounter: {number}", minutes=number)
    numbers = list(
        Revision.objects.filter(article=article).order_by("number").values_list("number", flat=True)
    )
    assert len(numbers) == MOST_KEPT
    assert (numbers[0], numbers[-1]) == (1, MOST_KEPT + 11)


@pytest.mark.parametrize(
    ("fields", "looked"),
    [
        pytest.param({}, True, id="pages"),
        pytest.param({"revisions_on": False}, False, id="switched off"),
        pytest.param({"text_from": Source.Text.FEED}, False, id="its feed is all we read"),
    ],
)
def test_looks_follow_the_sources_wish(db, fields, looked):
    article = make_article(make_source(**fields))
    revising.schedule_looks([article], article.found_at)
    assert (article.next_look_at == article.found_at + timedelta(hours=1)) is looked
