"""What a hostile feed says is shown on every page, face and mail, and nothing of it runs."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail

from aggregator.models import DigestSubscription, LogEntry, Revision, Story
from aggregator.services import digests, following, indexing
from tests.factories import DAY, make_article, make_feed, make_source, make_story
from tests.views.conftest import Land, land  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True)]

VECTORS = (
    "<script>pwned=1</script>",
    "<img src=x onerror=pwned=1>",
    '"><svg onload=pwned=1>',
    "'\"--></style></script><script>pwned=1</script>",
    "<a href=javascript:pwned=1>x</a>",
    "{{ 7|add:7 }}{% now 'Y' %}${pwned=1}",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    "<math><mi xlink:href='javascript:pwned=1'>x",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "\u202etxet desrever \u2066 x \x07 \ufffe",
    "]]><x:script xmlns:x='http://www.w3.org/1999/xhtml'>pwned=1</x:script>",
    '<noscript><p title="</noscript><img src=x onerror=pwned=1>">',
    "&lt;script&gt;pwned=1&lt;/script&gt;",
    "\x02<img src=x onerror=pwned=1>\x03 shelling",
    "W" * 400,
)
LINKS = (
    "javascript:pwned=1",
    "data:text/html,<script>pwned=1</script>",
    'https://ok.example/"onmouseover=pwned=1',
)


def corpus_vectors() -> list[str]:
    """Return what the sanitiser files of the corpus carry, when it is here."""
    folder = settings.CORPORA_DIR / "badfeeds"
    if not (folder / "feeds.zip").exists():
        return []
    names = [json.loads(line)["file"] for line in (folder / "manifest.jsonl").open()]
    with zipfile.ZipFile(folder / "feeds.zip") as archive:
        wanted = [name for name in names if "sanitize" in name and name in archive.namelist()]
        return [
            archive.read(name).decode("utf-8", "replace").replace("\x00", "")[-1500:] for name in wanted[::4]
        ]


@pytest.fixture
def hostile(land: Land) -> list[Story]:  # noqa: F811
    """A story for each text, which also stands as outlet, author, link, version, reason and log entry."""
    stories = []
    for n, text in enumerate([*VECTORS, *corpus_vectors()]):
        source = None
        if n < len(VECTORS):
            source = make_source(name=text[:200], homepage=LINKS[n % 3], status_note=text, kind="official")
            make_feed(source, title=text[:200], state="failing", state_sentence=text[:200])
        article = make_article(
            source,
            title=text,
            extract=text[:300],
            author=text[:300],
            url=f"{LINKS[n % 3]}#{n}",
            text=f"{text} shelling",
            language="en",
            regions=[land.karabakh],
            topics=[land.shelling],
            at=DAY - timedelta(minutes=n),
            copy_reason={"code": text[:80], "names": [text[:80]]},
            happened_reason={"code": text[:50]},
        )
        Revision.objects.create(article=article, number=2, title=f"{text} again", found_at=DAY)
        article.revision_count = 2
        article.save()
        stories.append(
            make_story([article], regions=[land.karabakh], topics=[land.shelling], conflicts=[land.conflict])
        )
        LogEntry.objects.create(
            at=DAY,
            act="note",
            role="curator",
            target_type="story",
            target_id=stories[-1].pk,
            reason=text,
            public=True,
        )
    while indexing.index_due():
        pass
    return stories


LISTS = ("regions/armenia", "topics/shelling", "conflicts/nagorno-karabakh", "feed")
PAGES = (
    "/", "/regions/", "/topics/", "/conflicts/", "/regions/armenia/", "/fr/regions/armenia/", "/topics/shelling/",
    "/topics/shelling/?order=report", "/conflicts/nagorno-karabakh/", "/search/?q=shelling", "/sources/", "/status/", "/log/",
)  # fmt: skip


def _is_clean(page, address: str) -> None:
    """Nothing ran, no element came from a text, and every link is one of the web."""
    assert page.evaluate("typeof pwned") == "undefined", address
    grown = "main script, main iframe, main base, main style, main meta, main [onerror], main [onload]"
    assert page.locator(grown).count() == 0, address
    links = page.eval_on_selector_all(
        "main a[href]", "links => links.map(a => new URL(a.getAttribute('href'), location).href)"
    )
    assert not [link for link in links if not link.startswith(("http:", "https:"))], address


def test_nothing_hostile_runs_on_any_page(visit, hostile):
    page = visit()
    own = hostile[: len(VECTORS)]
    addresses = [*PAGES]
    for story in own:
        article = story.speaker
        addresses += [story.get_absolute_url(), article.get_absolute_url(), article.source.get_absolute_url()]
    addresses += [f"/report/story/{own[0].pk}/", f"/report/article/{own[1].speaker_id}/"]
    for text in VECTORS[:8]:
        addresses += [
            f"/search/?q={quote(text)}",
            f"/regions/{quote(text, safe='')}/",
            f"/regions/armenia/?topic={quote(text)}",
            f"/digests/?list={quote('/search/?q=' + quote(text))}",
        ]
    for address in addresses:
        page.goto(address)
        _is_clean(page, address)


def test_nothing_hostile_runs_in_any_face(visit, hostile):
    page = visit()
    story = hostile[0]
    bases = [*LISTS, f"stories/{story.pk}", f"sources/{story.speaker.source.slug}"]
    faces = [f"/{base}.{ending}" for base in bases for ending in ("atom", "json", "csv", "geojson")]
    faces += [f"/search.{ending}?q=shelling" for ending in ("atom", "json", "csv")]
    faces += ["/regions/armenia.opml", "/log.csv", "/api/v1/sources", f"/api/v1/stories/{story.pk}"]
    faces += ["/api/v1/regions/armenia/stories", "/api/v1/search?q=shelling"]
    for face in faces:
        answer = page.request.get(face)
        assert answer.status == 200, face
        assert "html" not in answer.headers["content-type"], face
        assert answer.headers["x-content-type-options"] == "nosniff", face
        if not face.split("?")[0].endswith(("csv", "opml")):  # those are saved, not shown
            page.goto(face)
            assert page.evaluate("typeof pwned") == "undefined", face


def test_nothing_hostile_runs_in_an_account_or_a_mail(visit, hostile, client):
    reader = User.objects.create_user("anna", password="a long sentence")
    following.follow(reader, "/regions/armenia/", DAY - timedelta(days=9))
    for text in VECTORS[:6]:
        following.follow(reader, f"/search/?q={quote(text)}", DAY)
    client.force_login(reader)
    page = visit()
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key}
    page.goto("/")
    page.context.add_cookies([cookie | {"url": page.url}])
    for address in ("/account/", "/account/settings/", "/account/follow/?list=/regions/armenia/"):
        page.goto(address)
        _is_clean(page, address)
    row = DigestSubscription.objects.create(
        email="a@example.org", query="/regions/armenia/", name=VECTORS[1], token="t", made_at=DAY - timedelta(days=9),
        confirmed_at=DAY - timedelta(days=9), next_at=DAY,
    )  # fmt: skip
    digests.send_digests(DAY)
    letter = mail.outbox[-1]
    assert row.name in letter.body
    assert "\n" not in letter.subject
    page = visit()  # an empty tab: without our policy, as in a mail program
    page.set_content(letter.alternatives[0][0])
    assert page.evaluate("typeof pwned") == "undefined"
    assert page.locator("body script, body iframe, body img, body [onerror]").count() == 0
