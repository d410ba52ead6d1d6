"""Boilerplate lines: what a line would take out of texts is seen before it is taken out, and comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aggregator.models import Article, ArticleBody, LearnedLine, Revision, SearchRow, Source, Work
from aggregator.services import family_rows, grouping, indexing, learning, settling
from aggregator.services import vocabulary_edits as edits
from aggregator.services.loading import load_vocabulary
from tests.desk.jobs import NOW, apply, run, run_undo
from tests.desk.test_agencies import OTHER, outlet
from tests.test_line import DAY, OPERATION, put

pytestmark = pytest.mark.django_db
SLOGAN = "The Courier is printed on paper that was made from old Couriers"

THIRD = """Talks between the two delegations in Jeddah ended without a date for the next round, a mediator said.

Both sides agreed to let lorries with flour and medicine pass three crossings for a week, and to hand over lists
of the people whom they hold. An aid group said that it had counted ninety lorries waiting at the border."""


@pytest.fixture(autouse=True)
def loaded(redis_url: str) -> None:
    grouping.forget()  # the stories of another test
    load_vocabulary(DAY, sources=False)


def settle() -> None:
    while settling.settle_due(NOW):
        pass


@pytest.fixture
def courier() -> Source:
    return outlet("courier")


@pytest.fixture
def articles(courier: Source) -> list[Article]:
    """Two texts of one outlet with a line that nobody learned, and one of another outlet with the same."""
    one = put(courier, "Operation in Nagorno-Karabakh", f"{OPERATION}\n\n{SLOGAN}.", at=DAY)
    two = put(courier, "Port Sudan closed after drones", f"{OTHER}\n\n{SLOGAN}.", at=DAY)
    other = put(outlet("herald"), "Port Sudan is closed", f"{OTHER[100:]}\n\n{SLOGAN}.", at=DAY)
    settle()
    return [one, two, other]


def text(article: Article) -> str:
    return ArticleBody.objects.get(pk=article.pk).text


def try_line(source: Source, line: str, active: bool) -> edits.Job:
    content = {"source": source.slug, "line": line, "active": active}
    slug = family_rows.line_slug(source.slug, line)
    return run(edits.start(edits.DRY_RUN, "line", slug, content, 0))


def test_a_line_by_hand_is_tried_taken_out_and_comes_back_by_an_undo(articles, courier, curator: Client):
    indexing.index_due()
    before = [text(each) for each in articles]
    job = try_line(courier, f"{SLOGAN}.", True)
    assert (job.state, sorted(job.added), job.removed, job.checked) == (
        "done",
        sorted(a.pk for a in articles[:2]),
        [],
        2,
    )
    assert "2 texts of the last 30 days would lose passages" in job.sentence
    assert not LearnedLine.objects.exists()
    assert [text(each) for each in articles] == before

    assert apply(job).state == "done"
    assert set(Work.objects.values_list("why", flat=True)) == {"reread"}
    settle()
    assert [SLOGAN in text(each) for each in articles] == [False, False, True]
    body = ArticleBody.objects.get(pk=articles[0].pk)
    assert SLOGAN in body.full_text
    assert body.removed[-1] | {"line": ""} == {"line": "", "rule": "learned_line", "position": "end"}
    assert Revision.objects.filter(article=articles[0]).count() == 1  # the outlet changed nothing
    indexing.index_due()
    found = SearchRow.objects.extra(where=["vector @@ websearch_to_tsquery('english', 'printed on paper')"])
    assert set(found.values_list("pk", flat=True)) == {articles[2].pk}

    run_undo(curator)
    settle()
    assert [text(each) for each in articles] == before
    row = LearnedLine.objects.get()
    assert (row.active, row.by_hand) == (False, True)


def test_a_learned_line_that_is_left_in_comes_back_and_is_not_learned_again(courier):
    texts = [OPERATION, OTHER, THIRD]
    rows = [
        put(courier, f"Report number {n}", f"{each}\n\n{SLOGAN}.", at=DAY) for n, each in enumerate(texts)
    ]
    settle()
    assert learning.learn_lines(DAY + timedelta(hours=1)) == 1
    line = LearnedLine.objects.get()
    assert line.example_id in {row.pk for row in rows}
    late = put(courier, "Report number five", f"{OTHER[30:]}\n\n{SLOGAN}.", at=DAY + timedelta(minutes=50))
    settle()
    assert SLOGAN not in text(late)
    job = try_line(courier, line.line, False)
    assert (job.added, job.removed) == ([], [late.pk])
    apply(job)
    settle()
    assert SLOGAN in text(late)
    assert learning.learn_lines(DAY + timedelta(hours=1)) == 0
    assert not LearnedLine.objects.get().active


def test_what_is_not_kept_is_told(articles, courier):
    ArticleBody.objects.filter(pk=articles[1].pk).update(text="", full_text="")
    job = try_line(courier, f"{SLOGAN}.", True)
    assert job.added == [articles[0].pk]
    assert "1 text is not kept and cannot be read again" in job.sentence


def test_older_texts_and_withdrawn_ones_are_left_alone(articles, courier):
    Article.objects.filter(pk=articles[0].pk).update(reported_at=NOW - timedelta(days=31))
    Article.objects.filter(pk=articles[1].pk).update(status="withdrawn")
    assert try_line(courier, f"{SLOGAN}.", True).checked == 0


def test_a_page_shows_the_passage_that_would_go(articles, courier, curator: Client):
    answer = curator.post(
        reverse("desk-boilerplate"), {"outlet": "courier", "line": f"{SLOGAN}.", "reason": "a slogan"}
    )
    job = run(edits.find_job(answer["Location"].rstrip("/").rsplit("/", 1)[-1]))
    page = curator.get(answer["Location"]).content.decode()
    assert f'class="goes"><span class="label">would go</span> {SLOGAN}.' in page
    curator.post(reverse("desk-job-act", args=[job.id, "apply"]), {"reason": "a slogan"})


def test_a_line_is_listed_and_switched_off_by_its_page(articles, courier, curator: Client):
    apply(try_line(courier, f"{SLOGAN}.", True))
    settle()
    row = LearnedLine.objects.get()
    listed = curator.get(reverse("desk-boilerplate") + "?state=hand&outlet=cour").content.decode()
    assert SLOGAN in listed
    assert SLOGAN not in curator.get(reverse("desk-boilerplate") + "?state=off").content.decode()
    answer = curator.post(reverse("desk-boilerplate-line", args=[row.pk]), {"reason": "no slogan"})
    job = run(edits.find_job(answer["Location"].rstrip("/").rsplit("/", 1)[-1]))
    assert sorted(job.removed) == sorted(each.pk for each in articles[:2])
    apply(job)
    settle()
    assert SLOGAN in text(articles[0])


@pytest.mark.parametrize(
    ("form", "told"),
    [
        pytest.param({"outlet": "nobody", "line": SLOGAN}, "by its slug", id="an unknown outlet"),
        pytest.param({"outlet": "courier", "line": "Hm."}, "12 to 2000", id="too short"),
        pytest.param({"outlet": "courier", "line": "Two lines\nof text"}, "one line", id="two lines"),
        pytest.param({"outlet": "courier", "line": "- - - - - - - -"}, "words in them", id="no words"),
    ],
)
def test_a_line_that_cannot_be_looked_for_is_refused(courier, curator: Client, form, told, said):
    answer = curator.post(
        reverse("desk-boilerplate"), form, follow=True, headers={"referer": "/desk/vocabulary/"}
    )
    assert told in said(answer)[0]


@pytest.mark.parametrize("rows", [1, 60])
def test_the_list_costs_the_same_for_any_number_of_lines(
    courier, curator: Client, rows: int, django_assert_max_num_queries: Any
):
    LearnedLine.objects.bulk_create(
        LearnedLine(source=courier, line=f"A line that is number {n}", line_hash=n, learned_at=DAY)
        for n in range(rows)
    )
    with django_assert_max_num_queries(8):
        page = curator.get(reverse("desk-boilerplate") + "?outlet=courier")
    assert ("More</a>" in page.content.decode()) == (rows > 50)
    if rows > 50:
        after = page.context["part"].more
        rest = curator.get(reverse("desk-boilerplate"), {"after": after}).content.decode()
        assert rest.count("A line that is number") == rows - 50
