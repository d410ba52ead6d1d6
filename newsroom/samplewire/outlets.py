"""The eight invented outlets and their feeds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed of an outlet; a section feed shows only the items that `derived.py` doubles into it."""

    slug: str
    title: str
    format: str  # rss2 | atom | rss1 | json
    section: str = ""
    full_text: bool = False

    @property
    def path(self) -> str:
        """Return the feed's path under its outlet."""
        return f"feeds/{self.slug}.{'json' if self.format == 'json' else 'xml'}"


@dataclass(frozen=True, slots=True)
class Outlet:
    """An invented outlet: who it is, how its pages look, what it adds to every text."""

    slug: str
    name: str
    publisher: str
    country: str  # ISO 3166-1 alpha-2
    kind: str
    language: str
    tagline: str
    regions: tuple[str, ...]
    feeds: tuple[Feed, ...]
    state_control: int = 0
    encoding: str = "utf-8"
    validators: str = "both"  # both | etag | modified | none
    promo: tuple[str, ...] = ()  # lines that close every page; {home} is the outlet's address


OUTLETS = (
    Outlet(
        slug="kura",
        name="Kura Valley Dispatch",
        publisher="Kura Valley Dispatch Cooperative",
        country="GE",
        kind="regional",
        language="en",
        tagline="An invented regional paper for the South Caucasus",
        regions=("south-caucasus",),
        feeds=(
            Feed("latest", "Kura Valley Dispatch", "rss2"),
            Feed("karabakh", "Kura Valley Dispatch - Karabakh", "rss2", section="karabakh"),
        ),
        promo=("The Dispatch belongs to its readers. Become a member from two lari a month.",),
    ),
    Outlet(
        slug="longitude",
        name="Longitude World Desk",
        publisher="Longitude Broadcasting Trust",
        country="GB",
        kind="national",
        language="en",
        tagline="The invented world desk that never sleeps",
        regions=("world",),
        feeds=(
            Feed("world", "Longitude World Desk", "atom"),
            Feed("caucasus", "Longitude World Desk - Caucasus", "json", section="caucasus"),
        ),
    ),
    Outlet(
        slug="clarion",
        name="The Daily Clarion-Bugle",
        publisher="Clarion-Bugle Newspapers",
        country="US",
        kind="tabloid",
        language="en",
        tagline="Loud, proud and invented",
        regions=("world",),
        feeds=(Feed("news", "The Daily Clarion-Bugle", "rss2"),),
        validators="etag",
        promo=(
            "For the latest breaking news, visit: {home}",
            "Follow our social media accounts on Facebook and at @ClarionBugle",
            "Sign up for our newsletter, the Breakfast Bugle. You can unsubscribe at any time. More info",
        ),
    ),
    Outlet(
        slug="porter",
        name="HeadlinePorter",
        publisher="HeadlinePorter Media",
        country="SG",
        kind="aggregator",
        language="en",
        tagline="Other people's news, carried to your door (invented)",
        regions=("world",),
        feeds=(Feed("all", "HeadlinePorter", "rss2"),),
        validators="none",
        promo=(
            "Follow our social media accounts @HeadlinePorter for more stories like this",
            "Like this article? Share it with your friends and subscribe to our push alerts.",
        ),
    ),
    Outlet(
        slug="vestnik",
        name="Вестник Орбиты (Vestnik Orbity)",
        publisher="Orbita State Publishing House",
        country="RU",
        kind="state-media",
        language="ru",
        tagline="Вымышленное государственное издание",
        regions=("russia",),
        feeds=(Feed("rss", "Вестник Орбиты: лента", "rss2"),),
        state_control=3,
        encoding="windows-1251",
        validators="modified",
    ),
    Outlet(
        slug="bulletin",
        name="Ministry Bulletin Office",
        publisher="Ministry Bulletin Office",
        country="AZ",
        kind="official",
        language="en",
        tagline="Official statements in summary, from an invented press office",
        regions=("azerbaijan",),
        feeds=(Feed("statements", "Ministry Bulletin Office: statements", "rss1"),),
        state_control=3,
    ),
    Outlet(
        slug="harmattan",
        name="Le Fil de l'Harmattan",
        publisher="Editions du Vent imaginaire",
        country="SN",
        kind="regional",
        language="fr",
        tagline="Journal imaginaire du Sahel et du monde",
        regions=("west-africa",),
        feeds=(Feed("une", "Le Fil de l'Harmattan", "atom", full_text=True),),
        promo=("Recevez chaque matin le Fil dans votre boîte : abonnez-vous à notre lettre.",),
    ),
    Outlet(
        slug="qafila",
        name="مرصد القافلة (Marsad al-Qafila)",
        publisher="Qafila House",
        country="JO",
        kind="regional",
        language="ar",
        tagline="صحيفة متخيلة لأخبار المنطقة",
        regions=("middle-east",),
        feeds=(Feed("akhbar", "مرصد القافلة - الأخبار", "rss2"),),
    ),
)

BY_SLUG = {outlet.slug: outlet for outlet in OUTLETS}
