"""What an article says is read as of when it was found, not by a clock that was set back since."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.fetch import packing
from aggregator.models import Work
from aggregator.services.reading import read_texts
from tests.factories import DAY, make_article, make_feed, make_source

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("back", [timedelta(), timedelta(hours=6)])
def test_a_page_keeps_its_date_though_the_clock_was_set_back(back: timedelta) -> None:
    said = DAY + timedelta(minutes=3)
    article = make_article(at=DAY)  # found four minutes later
    words = "Soldiers shelled a depot near the border on Tuesday, officials in the town said. " * 12
    page = f"""<html lang="en"><head><meta property="article:published_time" content="{said.isoformat()}"></head>
    <body><article><h1>Depot shelled</h1><p>{words}</p></article></body></html>"""
    body = packing.pack(page.encode())
    work = Work.objects.create(article=article, stage=Work.Stage.SETTLE, next_at=DAY, body=body)
    (text,) = read_texts([work], article.found_at - back)
    assert (text.published_at, text.published_kind) == (said, "meta")


HEADLINE = "Drone strike sets fuel depot in Belgorod ablaze, governor says"  # counted as Nigerian Pidgin


@pytest.mark.parametrize(
    ("title", "said", "languages", "language"),
    [
        pytest.param(HEADLINE, "en", [], "en", id="what its feed is known to write"),
        pytest.param(HEADLINE, "", ["en"], "en", id="what its outlet writes"),
        pytest.param(HEADLINE, "", ["sw", "en"], "pcm", id="an outlet of several languages: counted"),
        pytest.param("انفجار كبير في مستودع للوقود قرب مدينة بيلغورود يوم الثلاثاء", "en", ["en"], "ar", id="another script"),
        pytest.param("Une explosion a détruit un dépôt de carburant près de la ville. " * 5, "en", ["en"], "fr", id="enough to count"),
    ],
)  # fmt: skip
def test_a_headline_alone_is_in_the_language_of_its_outlet(
    title: str, said: str, languages: list[str], language: str
) -> None:
    source = make_source("herald", languages=languages)
    article = make_article(source, feed=make_feed(source, language=said), title=title, language="")
    entry = {"guid": "1", "url": article.url, "title": title}
    work = Work.objects.create(article=article, stage=Work.Stage.SETTLE, next_at=DAY, entry=entry)
    (text,) = read_texts([work], article.found_at)
    assert text.language == language
