"""The pages in French: every sentence has its translation."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages import pofile
from django.conf import settings

from tests.factories import make_story
from tests.views.conftest import Land


def test_every_sentence_has_a_french_one_with_the_same_values():
    path = Path(settings.BASE_DIR) / "locale/fr/LC_MESSAGES/django.po"
    with path.open("rb") as file:
        catalogue = pofile.read_po(file, locale="fr")
    untold = [message.id for message in catalogue if message.id and not all(_strings(message.string))]
    wrong = [message.id for message in catalogue if message.id and list(message.check())]
    assert (untold, wrong) == ([], [])
    assert path.with_suffix(".mo").exists()


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
