"""Stories, articles, sources, search, status, methodology: what they tell."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aggregator.models import Article, ArticleBody, LogEntry, Membership, Revision, Story
from aggregator.services import indexing
from tests.factories import DAY, make_article, make_feed, make_origin, make_source, make_story
from tests.views.conftest import Land

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return response.content.decode()


def test_a_story_folds_copies_under_their_original_and_names_the_wire(client, land: Land):
    first = make_article(make_source("regional", kind="regional"), title="Baku announces operation")
    copy = make_article(
        make_source("site-e"),
        title="Baku announces",
        copy_of=first,
        copy_score=0.99,
        at=DAY + timedelta(hours=3),
    )
    wired = make_article(
        make_source("daily"), origin=make_origin(agency="reuters"), at=DAY + timedelta(minutes=24)
    )
    story = make_story([first, copy, wired], regions=[land.karabakh], conflicts=[land.conflict])
    text = text_of(client.get(story.get_absolute_url()))
    assert "2 origins" in text
    assert "3 articles" in text
    assert "wire text, known by its copies" in text
    assert "republished from Regional, 99 %" in text
    assert "+24 min" in text
    assert "Version" in text or "version 1" in text


def test_what_stands_under_a_wires_line_carries_the_wires_text_whoever_had_it_first(client, land: Land):
    wire = make_origin(agency="reuters")
    late = make_article(make_source("late"), origin=wire, at=DAY + timedelta(minutes=30))
    early = make_article(
        make_source("early"), origin=wire, copy_of=late, copy_kind="padded", copy_score=1.0, at=DAY
    )
    text = text_of(client.get(make_story([early, late], regions=[land.karabakh]).get_absolute_url()))
    assert text.count("carries the wire") == 2
    assert "padded copy" not in text


def test_days_in_french_are_told_as_the_script_tells_them(client, land: Land):
    story = make_story([make_article()], regions=[land.karabakh])
    text = text_of(client.get(f"/fr{story.get_absolute_url()}"))
    assert "19 sept. 2023" in text
    assert " Sep " not in text


@pytest.mark.parametrize("gone", ["hidden", "retired_into"])
def test_a_forerunner_that_is_gone_is_not_named(client, land: Land, gone):
    before = make_story([make_article(title="What went before")], regions=[land.karabakh])
    story = make_story([make_article(at=DAY + timedelta(days=1))], regions=[land.karabakh])
    story.earlier = before
    story.save()
    assert "Before and after" in text_of(client.get(story.get_absolute_url()))
    setattr(before, gone, story if gone == "retired_into" else True)
    before.save()
    story.save()
    assert "Before and after" not in text_of(client.get(story.get_absolute_url()))


def test_a_running_happening_reads_as_a_chain_before_its_neighbours_in_the_conflict(client, land: Land):
    days = [
        make_story(
            [make_article(title=f"Siege, day {n}", at=DAY + timedelta(days=n))], conflicts=[land.conflict]
        )
        for n in range(4)
    ]
    for before, after in pairwise(days):
        after.earlier = before
        after.save()
    for n in range(4):  # nearer in time, and of other happenings
        make_story(
            [make_article(title=f"Aside {n}", at=DAY + timedelta(hours=37 + 6 * n))],
            conflicts=[land.conflict],
        )
    text = text_of(client.get(days[2].get_absolute_url()))
    around = re.findall(r"(?:Siege, day|Aside) \d", text.split("Before and after")[1].split("</ol>")[0])
    assert around == ["Siege, day 0", "Siege, day 1", "Aside 1", "Aside 2", "Aside 3", "Siege, day 3"]


def test_what_goes_on_from_a_story_without_a_conflict_is_named_too(client, land: Land):
    before = make_story([make_article(title="Siege, day 1")])
    after = make_story([make_article(title="Siege, day 2", at=DAY + timedelta(days=1))], earlier=before)
    assert "Siege, day 2" in text_of(client.get(before.get_absolute_url()))
    assert "Siege, day 1" in text_of(client.get(after.get_absolute_url()))
    after.earlier = after
    after.save()
    assert client.get(after.get_absolute_url()).status_code == 200


def test_each_member_says_why_it_is_in_its_story(client, land: Land):
    one, two, three = (
        make_article(make_source(name), regions=regions, at=DAY + timedelta(hours=n))
        for n, (name, regions) in enumerate(
            [
                ("opener", [land.karabakh, land.armenia]),
                ("second", [land.karabakh]),
                ("third", [land.armenia]),
            ]
        )
    )
    story = make_story([one, two, three])
    reason = {"rule": "model", "shared_words": 3, "shared": ["Stepanakert", "<b>"], "hours": 1.0}
    Membership.objects.filter(article=two).update(reason=reason, score=0.934)
    Membership.objects.filter(article=three).update(
        reason={"rule": "must_link", "article": one.pk}, score=1.0
    )
    Membership.objects.filter(article=one).update(reason={"rule": "opened", "score": 0.2}, score=0.2)
    why = (
        text_of(client.get(story.get_absolute_url())).split("Why these belong together")[1].split("</ul>")[0]
    )
    second, third = why.split("<li>")[1:]
    assert "Second" in second and "likelihood 93 %" in second and "3 shared words" in second
    assert "“<bdi>Stepanakert</bdi>”" in second and "&lt;b&gt;" in second
    assert land.karabakh.name in second and land.armenia.name not in second
    assert "Third" in third and "a curator decided" in third and "likelihood" not in third


@pytest.mark.parametrize(
    ("score", "told"),
    [
        pytest.param(0.9986, "likelihood 99 %", id="never certain"),
        pytest.param(0.01, "", id="it opened a thread that came along"),
    ],
)
def test_a_member_that_the_repair_brought_tells_its_likelihood_where_it_joined_by_it(
    client, land: Land, score, told
):
    one, two = make_article(), make_article(at=DAY + timedelta(hours=1))
    story = make_story([one, two])
    reason = {"rule": "repair_merge", "from": 1, "shared_words": 3}
    Membership.objects.filter(article=two).update(reason=reason, score=score)
    why = (
        text_of(client.get(story.get_absolute_url())).split("Why these belong together")[1].split("</ul>")[0]
    )
    assert "two stories of one happening were joined" in why
    assert told in why and ("likelihood" in why) is bool(told)


def test_a_story_whose_first_report_left_it_tells_the_clocks_of_those_that_are_left(client, land: Land):
    article = make_article(make_source("late"), at=DAY + timedelta(days=1))
    story = make_story([article], created_at=DAY)  # opened for another, which went to another story
    reason = {"rule": "model", "shared_words": 12, "shared": ["Stepanakert"]}
    Membership.objects.filter(article=article).update(reason=reason, score=0.9)
    aside = text_of(client.get(story.get_absolute_url())).split("<aside")[1]
    assert "One report so far" in aside and "12 shared words" not in aside
    assert re.search(r"We saw it</dt><dd><time[^>]*2023-09-2", aside)
    assert f"{article.found_at:%Y-%m-%dT%H:%M}" in aside.split("We saw it")[1].split("</dd>")[0]
    assert "Late" in aside.split("First reported")[1].split("</dd>")[0]


def test_slugs_are_told_in_words(client, land: Land):
    land.conflict.status = "armed-conflict"
    land.conflict.save()
    article = make_article(form="live-blog", copy_kind="original")
    for prefix, state, form in (("", "armed conflict", "live blog"), ("/fr", "conflit armé", "direct")):
        assert f"<td>{state}</td>" in text_of(client.get(f"{prefix}/conflicts/"))
        assert f">{form}</span>" in text_of(client.get(f"{prefix}{article.get_absolute_url()}"))


@pytest.mark.parametrize("members", [2, 40])
def test_a_story_page_costs_the_same_for_any_number_of_articles(client, land: Land, members, settings):
    articles = [make_article(at=DAY + timedelta(minutes=n), revision_count=2) for n in range(members)]
    for article in articles:
        Revision.objects.create(article=article, number=2, title="Another headline", found_at=DAY)
    story = make_story(articles, regions=[land.karabakh], conflicts=[land.conflict])
    settings.LOOK_SECONDS = 60.0
    client.get(story.get_absolute_url())  # outlets and conflicts are known then
    with CaptureQueriesContext(connection) as queries:
        assert client.get(story.get_absolute_url()).status_code == 200
    assert len(queries) == 9


def test_a_retired_story_leads_to_the_one_it_was_merged_into(client, land: Land):
    survivor = make_story()
    middle = make_story(retired_into=survivor, placed=False)
    retired = make_story(retired_into=middle, placed=False)
    response = client.get(f"/stories/{retired.pk}-old-name/")
    assert (response.status_code, response["Location"]) == (301, survivor.get_absolute_url())
    assert client.get(f"/stories/{retired.pk}.atom")["Location"] == f"/stories/{survivor.pk}.atom"


@pytest.mark.parametrize("address", ["/stories/{}/", "/stories/{}-another-name/"])
def test_a_story_has_one_address(client, land: Land, address):
    story = make_story()
    response = client.get(address.format(story.pk))
    assert (response.status_code, response["Location"]) == (301, story.get_absolute_url())


def test_a_hidden_story_and_an_unknown_one_are_404(client, land: Land):
    hidden = make_story(hidden=True, placed=False)
    for pk in (hidden.pk, 10**9, 10**30):
        assert client.get(f"/stories/{pk}/").status_code == 404


def test_an_article_shows_its_chain_its_versions_and_why_it_is_here(client, land: Land):
    original = make_article(make_source("tabloid"), title="Launches operation")
    copy = make_article(copy_of=original, copy_score=0.97, regions=[land.karabakh], topics=[land.shelling])
    Revision.objects.create(
        article=copy, number=2, title=f"{copy.title} amended", found_at=DAY, passages_changed=3
    )
    text = text_of(client.get(copy.get_absolute_url()))
    assert "Republished from" in text
    assert "Launches operation" in text
    assert "97 %" in text
    assert "<ins>amended</ins>" in text
    assert "3 passages of the text changed" in text
    assert "names the place: “Nagorno Karabakh”" in text
    assert "“shelling”" in text
    assert "Copies, in order" in text_of(client.get(original.get_absolute_url()))


@pytest.mark.parametrize(("days", "joins", "told"), [(4, False, True), (4, True, False), (2, False, False)])
def test_a_reprint_that_stands_in_no_story_says_why(client, land: Land, days: int, joins: bool, told: bool):
    original = make_article(title="Launches operation")
    copy = make_article(title="Launches operation", at=DAY + timedelta(days=days))
    Article.objects.filter(pk=copy.pk).update(copy_of=original, copy_kind="exact")
    make_story([original, copy] if joins else [original])
    text = text_of(client.get(copy.get_absolute_url()))
    assert ("In no story" in text) is told
    assert ("more than three days after the text that it repeats" in text) is told
    assert "In no story" not in text_of(client.get(original.get_absolute_url()))


def test_an_article_page_is_noindex_with_the_outlets_address_as_canonical_and_no_full_text(
    client, land: Land
):
    article = make_article(text="Whole text. " * 200)
    response = client.get(article.get_absolute_url())
    assert response["X-Robots-Tag"] == "noindex"
    assert f'<link rel="canonical" href="{article.url}">' in text_of(response)
    assert "Whole text. Whole text." not in text_of(response)


@pytest.mark.parametrize("relevance", ["out", "ask"])
def test_what_is_not_about_a_conflict_has_no_page_and_is_in_no_chain(client, land: Land, relevance: str):
    article = make_article(title="A marathon in the rain", relevance=relevance)
    original = make_article(title="Launches operation")
    make_article(title="Runners at the start", copy_of=original, relevance=relevance)
    for path in (
        f"/articles/{article.pk}/",
        f"/api/v1/articles/{article.pk}",
        f"/report/article/{article.pk}/",
    ):
        assert client.get(path).status_code == 404, path
    assert "Runners" not in text_of(client.get(original.get_absolute_url()))


def test_every_page_leads_to_the_public_log(client, land: Land):
    assert 'href="/log/"' in text_of(client.get("/"))
    assert 'href="/fr/log/"' in text_of(client.get("/fr/methodology/"))


def test_one_feed_and_one_origin_are_told_as_one(client, land: Land):
    make_feed()
    assert " of 1 feed works" in text_of(client.get("/"))
    assert "flux sur 1 fonctionne<" in text_of(client.get("/fr/"))
    story = make_story(regions=[land.karabakh])
    assert 'content="1 origin / 1 outlet / 1 article"' in text_of(client.get(story.get_absolute_url()))


def test_a_reason_is_told_in_words(client, land: Land):
    looked_at = [{"why": "too_little", "article": 7, "containment": 0.2}]
    original = make_article(title="Launches operation")
    reason = {"code": "same_text", "of_copy": 0.8, "near": looked_at}
    copy = make_article(copy_of=original, copy_reason=reason)
    text = text_of(client.get(copy.get_absolute_url()))
    assert "nearly the same text: 80 % of the copy" in text
    assert "too_little" not in text


@pytest.mark.parametrize(
    "path", ["/following/%00.atom", "/digests/leave/%00/", "/digests/confirm/%00/", "/hub/%00"]
)
def test_a_token_is_made_of_letters(client, db, path: str):
    assert client.get(path).status_code == 404


def test_a_form_that_cannot_be_read_is_refused(client, land: Land):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["csrftoken"] = "a" * 64
    kind = "application/x-www-form-urlencoded; charset=utf-16"
    response = strict.post("/digests/", b"query=%ff", content_type=kind)
    assert response.status_code == 400
    assert "This cannot be read" in text_of(response)


def test_a_fault_of_ours_is_said_in_a_sentence(client, land: Land, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("aggregator.views.front.page", broken)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "Something went wrong here" in text_of(response)


def test_a_withdrawn_article_leaves_a_note_and_nothing_of_its_text(client, land: Land):
    article = make_article(title="Secret headline", status="withdrawn", extract="")
    ArticleBody.objects.filter(article=article).update(text="")
    LogEntry.objects.create(
        at=DAY, act="withdraw", target_type="article", target_id=article.pk, reason="on request"
    )
    response = client.get(article.get_absolute_url())
    assert response.status_code == 410
    assert "on request" in text_of(response)
    assert "Secret headline" not in text_of(response)


def test_a_source_tells_who_it_is_how_it_does_and_how_it_behaves(client, land: Land):
    source = make_source("gazette", kind="state-media", state_control=3)
    make_feed(source, state="failing", state_sentence="The server said 503.", failures=4)
    own = make_article(source, regions=[land.armenia])
    make_article(source, copy_of=own)
    make_story([own])
    text = text_of(client.get("/sources/gazette/"))
    for words in (
        "state media",
        "The server said 503.",
        "4 failures in a row",
        "50 %",
        "first in 1 of 1",
        "Armenia",
    ):
        assert words in text, words
    assert client.get("/sources/nobody/").status_code == 404


@pytest.fixture
def indexed(land: Land) -> Land:
    make_article(
        make_source("alpha"), title="Shelling in the north", regions=[land.armenia], topics=[land.shelling]
    )
    make_article(
        title="Shelling of a bridge", text="The bridge was hit by rockets.", at=DAY - timedelta(days=3)
    )
    make_article(title="Обстрел города", text="Сообщают о войне.", language="ru")
    make_article(title="停火谈判开始", text="停火谈判在北京开始", language="zh")
    make_article(title="Opposition rallies", text="Nothing else.")
    while indexing.index_due():
        pass
    return land


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        pytest.param("shelling", {"Shelling in the north", "Shelling of a bridge"}, id="word"),
        pytest.param("rocket", {"Shelling of a bridge"}, id="stem, in the text"),
        pytest.param('"shelling of a bridge"', {"Shelling of a bridge"}, id="phrase"),
        pytest.param("shelling -bridge", {"Shelling in the north"}, id="exclusion"),
        pytest.param("войны", {"Обстрел города"}, id="Russian stem"),
        pytest.param("ВОЙНА", {"Обстрел города"}, id="Cyrillic capitals"),
        pytest.param("谈判", {"停火谈判开始"}, id="script without spaces"),
        pytest.param("shelling source:alpha", {"Shelling in the north"}, id="source"),
        pytest.param("region:south-caucasus", {"Shelling in the north"}, id="region alone"),
        pytest.param("shelling before:2023-09-17", {"Shelling of a bridge"}, id="before"),
        pytest.param(
            "shelling after:2023-09-18 topic:shelling", {"Shelling in the north"}, id="after and topic"
        ),
        pytest.param("nothinglikethis", set(), id="nothing"),
        pytest.param("'; DROP TABLE aggregator_story; --", set(), id="injection"),
        pytest.param(
            "shelling & | ! ( :* <->", {"Shelling in the north", "Shelling of a bridge"}, id="operators"
        ),
    ],
)
def test_search_finds(client, indexed: Land, query, titles):
    response = client.get("/search.json", {"q": query})
    assert response.status_code == 200
    assert {item["title"] for item in response.json()["items"]} == titles
    page = client.get("/search/", {"q": query})
    assert page.status_code == 200


def test_search_marks_what_it_found_and_helps_with_a_misspelt_name(client, indexed: Land):
    assert "<mark>Shelling</mark>" in text_of(client.get("/search/?q=shelling"))
    assert 'href="/regions/azerbaijan/"' in text_of(client.get("/search/?q=azerbajan"))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("x" * 10_000, 400, id="too long"),
        pytest.param("-only -exclusions", 400, id="only exclusions"),
        pytest.param("& | !", 400, id="operators alone"),
        pytest.param("", 200, id="empty"),
        pytest.param("\x00", 200, id="NUL"),
        pytest.param("before:yesterday", 400, id="no date"),
        pytest.param("before:9999-12-31", 400, id="beyond the archive"),
        pytest.param("after:0001-01-01", 400, id="before the archive"),
        pytest.param('"' * 50, 400, id="quotes"),
    ],
)
def test_search_answers_bad_queries_with_one_sentence(client, land: Land, query, status):
    page = client.get("/search/", {"q": query})
    assert page.status_code == status
    assert (text_of(page).count('<p class="empty">') == 1) == (status == 400)
    assert client.get("/search.json", {"q": query}).status_code == 400
    assert client.get("/api/v1/search", {"q": query}).status_code == 400


def test_search_pages_lead_on_without_a_gap_or_a_double(client, land: Land, monkeypatch):
    monkeypatch.setattr("aggregator.services.search.PAGE_SIZE", 3)
    made = [make_article(title="Shelling", at=DAY - timedelta(minutes=n // 2)).pk for n in range(8)]
    while indexing.index_due():
        pass
    for start, follow in (("/search.json?q=shelling", "next_url"), ("/api/v1/search?q=shelling", "next")):
        seen, address = [], start
        while address:
            found = client.get(address).json()
            seen += [item.get("_newsroom", item).get("number", item["id"]) for item in found["items"]]
            following = found.get(follow)
            address = f"{start}&cursor={following}" if following and follow == "next" else following
        assert sorted(seen) == sorted(made), start


def test_the_methodology_shows_the_running_figures(client, land: Land):
    from aggregator.pipeline import timeline

    text = text_of(client.get("/methodology/"))
    assert f">{timeline.MAX_DOTS}</td>" in text
    assert land.shelling.definition in text


def test_the_methodology_says_in_which_languages_topics_rest_on_cues_alone(client, land: Land):
    land.shelling.data = {"strong": ["shelling", "mortar"], "by_language": {"ru": ["обстрел"], "tr": []}}
    land.shelling.save()
    text = client.get("/methodology/").content.decode()
    rows = text.split('id="languages"')[1]
    assert rows.index("English") < rows.index("Russian")
    assert "learned, with cues" in rows
    assert "cues and places" in rows
    assert "Turkish" not in rows


def test_the_status_page_names_each_feed_and_says_when_the_line_is_down(client, land: Land):
    make_feed(make_source("alpha"), state="failing", state_sentence="No address found.")
    text = text_of(client.get("/status/"))
    assert "No address found." in text
    assert "line to the internet may be down" in text


@pytest.mark.parametrize(
    ("address", "module", "marks"),
    [
        ("/status/", "status_page", ["Alpha", "Delta", "Beta", "Epsilon", "Gamma"]),  # trouble first
        ("/sources/", "source_page", ["Alpha", "Beta", "Gamma", "Delta", "Epsilon"]),  # by country
    ],
)
def test_long_lists_come_in_pages_that_follow_each_other(client, db, monkeypatch, address, module, marks):
    monkeypatch.setattr(f"aggregator.services.{module}.PER_PAGE", 2)
    for name, state, country in (
        ("alpha", "failing", "AM"), ("beta", "ok", "AM"), ("gamma", "ok", "AM"), ("delta", "failing", "FR"),
        ("epsilon", "ok", "GB"),
    ):  # fmt: skip
        make_feed(make_source(name, country=country), state=state)
    seen: list[str] = []
    page: str | None = address
    while page:
        text = client.get(page).content.decode()
        seen += re.findall(r'<a href="/sources/[a-z]+/">([A-Z][a-z]+)</a>', text)
        found = re.search(r'rel="next" href="([^"]+)"', text)
        page = found[1] if found else None
    assert seen == marks
    assert client.get(f"{address}?after=x").status_code == 200


def test_a_report_reaches_the_desk_and_is_rate_limited(client, land: Land, redis_url):
    from aggregator.models import ReaderReport

    story = make_story()
    address = f"/report/story/{story.pk}/"
    statuses = [client.post(address, {"kind": "other", "text": "x"}).status_code for _ in range(7)]
    assert statuses == [302] * 6 + [429]
    assert ReaderReport.objects.filter(story=story).count() == 6
    assert client.post(address, {"kind": "nonsense"}).status_code == 400


def test_the_front_page_orders_by_growth_of_origins_and_not_by_size(client, land: Land):
    big = make_story([make_article(at=DAY) for _ in range(5)], regions=[land.armenia], growth_score=1.0)
    moving = make_story(at=DAY - timedelta(hours=1), regions=[land.armenia], growth_score=3.0)
    text = text_of(client.get("/"))
    assert text.index(f"story-{moving.pk}") < text.index(f"story-{big.pk}")
    assert Story.objects.live().count() == 2
