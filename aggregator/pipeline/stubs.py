"""Is it the text, or a notice in its place (paywall, consent wall, login, robot check)?"""

from __future__ import annotations

import re

from lxml.html import HtmlElement

from .page_data import PageData

STUB_WORDS = 120  # a longer text is the report, whatever notice follows it

_NOTICE = re.compile(
    r"""subscri(?:be|ption|ber)|sign\s?-?(?:in|up)|log\s?-?in|register|paywall|premium|unlock|continue\s+reading|full\s+access
    |cookies?|consent|privacy\s+(?:settings|preferences)|javascript|enable\s+js|ad\s?-?block|are\s+you\s+(?:a\s+)?(?:human|robot)|captcha
    |checking\s+your\s+browser|access\s+denied|not\s+available\s+in\s+your|abonn|s.inscrire|jetzt\s+(?:testen|lesen)|weiterlesen|anmelden
    |suscr[ií]b|iniciar\s+sesi|assin(?:e|ante)|подпис|войдите|авториз|اشترك|تسجيل\s+الدخول""",
    re.I | re.X,
)


def text_kind(tree: HtmlElement, data: PageData, text: str) -> str:
    """Return 'text', 'stub' or 'empty'.

    A stub is short and speaks of access rather than of news, or belongs to a page that says of itself
    that it is not free. A stub is never traced: it would be a copy of every other stub.
    """
    words = len(text.split()) if " " in text else len(text) // 2
    if not text.strip():
        return "empty"
    if words >= STUB_WORDS:
        return "text"
    if data.is_free is False:
        return "stub"
    notices = len(_NOTICE.findall(text))
    return "stub" if notices >= 2 or (notices and words < 30) else "text"
