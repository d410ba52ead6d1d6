"""The pages in French: every sentence has its translation."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import extract, pofile
from django.conf import settings
from django.utils.translation.template import templatize

from tests.factories import make_feed, make_source, make_story
from tests.views.conftest import Land

KEYWORDS = extract.DEFAULT_KEYWORDS | {"gettext_lazy": None, "gettext_noop": None, "ngettext_lazy": (1, 2)}


def test_every_sentence_has_a_french_one_with_the_same_values():
    path = Path(settings.BASE_DIR) / "locale/fr/LC_MESSAGES/django.po"
    with path.open("rb") as file:
        catalogue = pofile.read_po(file, locale="fr")
    untold = [message.id for message in catalogue if message.id and not all(_strings(message.string))]
    wrong = [message.id for message in catalogue if message.id and list(message.check())]
    assert (untold, wrong) == ([], [])
    assert path.with_suffix(".mo").exists()


def test_every_sentence_of_pages_and_code_is_in_the_catalogue():
    base = Path(settings.BASE_DIR)
    with (base / "locale/fr/LC_MESSAGES/django.po").open("rb") as file:
        known = {message.id for message in pofile.read_po(file, locale="fr")}
    files = [
        *(path for path in (base / "templates").rglob("*") if path.suffix in {".html", ".txt", ".xml"}),
        *(base / "aggregator").rglob("*.py"),
    ]
    told = {sentence: path.name for path in files for sentence in _sentences(path)}
    assert {"In no story", "likelihood %(share)s %%"} <= told.keys()
    assert {sentence: name for sentence, name in told.items() if sentence not in known} == {}


def _sentences(path: Path) -> Iterator[str | tuple[str, ...]]:
    source = path.read_text("utf-8")
    if path.suffix != ".py":  # as lines of code without indents
        source = "\n".join(line.strip() for line in templatize(source).splitlines())
    for _, sentence, _, _ in extract.extract("python", io.BytesIO(source.encode()), KEYWORDS):
        yield sentence


def test_every_sentence_about_a_feed_is_in_the_catalogue():
    """They are marked where they arise, in modules that know no Django."""
    marked = {
        words for path in Path(settings.BASE_DIR, "aggregator").rglob("*.py") for words in _marked(path)
    }
    with Path(settings.BASE_DIR, "locale/fr/LC_MESSAGES/django.po").open("rb") as file:
        known = {message.id for message in pofile.read_po(file, locale="fr")}
    assert len(marked) > 60
    assert marked - known == set()


def _marked(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    if "from aggregator.errors import gettext_noop as _" not in text:
        return []
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return [ast.literal_eval(call.args[0]) for call in calls if getattr(call.func, "id", "") == "_"]


def _strings(found):
    return found if isinstance(found, (tuple, list)) else [found]


@pytest.mark.django_db
def test_a_french_page_is_french(client, land: Land):
    make_story(regions=[land.armenia])
    text = client.get("/fr/regions/armenia/").content.decode()
    for words in (
        "une seule origine à ce jour",
        "Suivre cette liste",
        "Tous les thèmes",
        "mardi 19 septembre 2023",
    ):
        assert words in text
    assert "Rien n’a été trouvé" in client.get("/fr/search/?q=nothinglikethis").content.decode()


@pytest.mark.django_db
def test_how_a_feed_is_is_told_in_the_readers_language(client):
    source = make_source("gazette")
    make_feed(
        source,
        state="failing",
        state_sentence="The server answered %(status)s.",
        extra={"said": {"status": 599}},
    )
    make_feed(
        source, state="failing", state_sentence="It failed as 100 % of them did."
    )  # as older releases stored it
    for address in ("/status/", "/sources/gazette/"):
        english, french = (client.get(prefix + address).content.decode() for prefix in ("", "/fr"))
        assert "The server answered 599." in english
        assert "Le serveur a répondu 599." in french
        assert "en échec" in french
        assert "It failed as 100 % of them did." in english
        assert "It failed as 100 % of them did." in french
