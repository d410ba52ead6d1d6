"""Whom does an article name? Forms of many agencies and outlets; and what is no credit."""

from __future__ import annotations

import pytest

from aggregator.pipeline.agencies import load_agencies
from aggregator.pipeline.boilerplate import remove_cues
from aggregator.pipeline.credits import find_credits
from aggregator.pipeline.domains import owners_domain
from aggregator.pipeline.outlet_names import is_own_name
from aggregator.pipeline.types import ArticleText, Credit

BODY = "Shelling hit the market on Tuesday and killed three people, officials said."


def found(text: str = BODY, *, author: str = "", url: str = "https://outlet.example/a", **fields):
    cleaned = remove_cues(text)
    article = ArticleText(
        "A title", cleaned.text, full_text=text, removed=cleaned.removed, author=author, **fields
    )
    return find_credits(article, url=url, own_domains=("outlet.example",), agencies=load_agencies())


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        pytest.param(f"OLD HARBOUR, Oct 5 (Reuters) - {BODY}", "reuters", id="Reuters dateline"),
        pytest.param(f"OLD HARBOUR (AP) \u2014 {BODY}", "ap", id="AP dateline"),
        pytest.param(f"AP \u2014 {BODY}", "ap", id="AP alone"),
        pytest.param(f"Berlin (dpa) - {BODY}", "dpa", id="dpa"),
        pytest.param(f"Berlin (dpa/lsw) - {BODY}", "dpa", id="dpa regional"),
        pytest.param(f"Madrid, 5 oct (EFE).- {BODY}", "efe", id="EFE"),
        pytest.param(f"(ANSA) - ROMA, 5 OTT - {BODY}", "ansa", id="ANSA"),
        pytest.param("МОСКВА, 5 октября. /ТАСС/. Во вторник.", "tass", id="TASS"),
        pytest.param("МОСКВА, 5 окт - РИА Новости. Во вторник рано.", "ria-novosti", id="RIA"),
        pytest.param("(أ ف ب) - قال مسؤولون إن ثلاثة قتلوا", "afp", id="AFP in Arabic"),
        pytest.param("新华社北京10月5日电 记者报道", "xinhua", id="Xinhua"),
        pytest.param(f"{BODY}\n(AFP)", "afp", id="AFP at the end"),
        pytest.param(f"{BODY}\nSource: Reuters", "reuters", id="source line"),
        pytest.param(f"{BODY}\n(Quelle: HBC/dpa)", "dpa", id="one agency of several in a source line"),
        pytest.param(
            f"{BODY} (Reporting by A. B. in Old Harbour; Editing by C. D.)",
            "reuters",
            id="the way Reuters signs",
        ),
        pytest.param(
            f"{BODY}\n\u00a9 2023 The Associated Press. All rights reserved.", "ap", id="copyright line"
        ),
    ],
)
def test_an_agency_is_found_in_the_forms_of_its_customers(text, slug):
    assert [credit.slug for credit in found(text)] == [slug]


@pytest.mark.parametrize(
    ("author", "slugs"),
    [
        pytest.param("Reuters", ["reuters"], id="agency alone"),
        pytest.param("By AFP", ["afp"], id="by"),
        pytest.param("Jane Doe, Reuters", ["reuters"], id="its reporter"),
        pytest.param("Jane Doe and agencies", [], id="X and agencies is X's own"),
        pytest.param("Jane Doe and AFP", [], id="X and an agency is X's own"),
        pytest.param("Staff and AFP", [], id="staff and an agency"),
        pytest.param("Petra", [], id="a first name alone"),
        pytest.param("Anna Petra", [], id="a last name like an agency's"),
        pytest.param("Petra Kramer; AFP", ["afp"], id="a person beside an agency"),
        pytest.param("Omar Haddad (Petra)", ["petra"], id="the form says that it is the agency"),
        pytest.param("Petra News Agency", ["petra"], id="the word says that it is the agency"),
        pytest.param("Petra/Reuters", ["petra"], id="among agencies"),
        pytest.param("Tasnim News Agency", ["tasnim"], id="its own word is not other agencies"),
        pytest.param("Reuters and agencies", [], id="an agency with others"),
    ],
)
def test_a_byline_names_an_agency_only_when_the_text_is_its(author, slugs):
    assert [credit.slug for credit in found(author=author)] == slugs


@pytest.mark.parametrize(
    ("text", "name", "how"),
    [
        pytest.param(f"{BODY}\nSource: Harbour Post", "Harbour Post", "source_line", id="named"),
        pytest.param(
            f"{BODY}\nSource: https://www.harbourpost.example/a",
            "harbourpost.example",
            "source_line",
            id="linked",
        ),
        pytest.param(
            f"{BODY}\nThis article was first published by Harbour Post.",
            "Harbour Post",
            "first_published",
            id="first",
        ),
        pytest.param(
            f"{BODY}\nFor the latest news visit: https://www.harbourpost.example/\nSource: Read Full Article",
            "harbourpost.example",
            "promo_address",
            id="the address in a promotional line that came along",
        ),
    ],
)
def test_another_outlet_is_named(text, name, how):
    assert [(credit.name, credit.how) for credit in found(text)] == [(name, how)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{BODY}\nSource: Read Full Article", id="names nobody"),
        pytest.param(f"{BODY}\nFollow us on facebook.com/outlet and t.me/outlet", id="social media"),
        pytest.param(f"{BODY}\nFor more visit https://news.outlet.example/", id="its own site"),
        pytest.param(
            "By contrast (AP) is only two letters in this sentence about nothing.", id="letters in brackets"
        ),
        pytest.param(
            "Three people died (Reuters Photo) when the roof came down on them.", id="a photo credit"
        ),
        pytest.param(f"{BODY}\n/ Quelle: HBC/Ann Doe", id="a picture's credit"),
        pytest.param(f"{BODY}\nSource: News agencies", id="agencies without a name"),
        pytest.param(f"{BODY}\nQuelle: Nachrichtenagenturen", id="agencies without a name, German"),
        pytest.param(f"{BODY}\nSources: Harbour Council, Port Authority", id="data of several"),
        pytest.param(f"{BODY}\nWrite to Ann Doe at ann.doe@othermail.com", id="its author's address"),
        pytest.param(
            f"{BODY}\nFollow them on Twitter @anndoe or visit their site anndoe.com.", id="its author's site"
        ),
    ],
)
def test_what_names_nobody_is_no_credit(text):
    assert found(text) == ()


def test_a_canonical_link_elsewhere_is_a_credit_and_one_at_home_is_not():
    assert [c.how for c in found(canonical_url="https://other.example/a")] == ["canonical"]
    assert found(canonical_url="https://www.outlet.example/a") == ()


def test_an_agencys_own_page_carries_the_agencys_text():
    assert [c.slug for c in found(url="https://www.reuters.com/world/a")] == ["reuters"]


@pytest.mark.parametrize(
    ("host", "site"),
    [("news.bbc.co.uk", "bbc.co.uk"), ("www.aa.com.tr", "aa.com.tr"), ("de.example.org", "example.org")],
)
def test_a_site_is_what_one_owner_has(host, site):
    assert owners_domain(host) == site


@pytest.mark.parametrize(
    ("said", "name", "own"),
    [
        ("Harbour Post", "Harbour Post", True),
        ("Harbour Post News", "Harbour Post", True),
        ("Harbour Post", "harbourpost.example", True),
        ("harbourpost.example", "The Harbour Post", True),
        ("theharbour.example", "The Harbour", True),
        ("HBC NORTH/ls", "HBC", True),
        ("harbourpost.example", "Harbour Post English", True),
        ("The Times of Harbour", "The Times", False),
        ("Harbour Post", "Hill Post", False),
        ("hhpost.example", "The Harbour Hill Post", True),
        ("hhp.example", "Harbour Hill Post", True),
        ("hp.example", "Harbour Post", False),
        ("express.example", "The Express Tribune", False),
        ("", "Harbour Post", False),
    ],
)
def test_an_outlets_own_name_is_told_from_anothers(said, name, own):
    assert is_own_name(Credit("outlet", said), [name]) is own
    assert not is_own_name(Credit("agency", said), [name])


def test_a_press_release_is_its_senders_text():
    assert [one.name for one in found(f"{BODY}\nQuelle: Hafenamt, Pressemitteilung")] == ["Hafenamt"]
