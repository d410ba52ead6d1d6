"""Lines that are not the report: promotion, credits, notices. Taken out, and kept with their reason.

Two rules. A general set of cues knows what such lines say in many languages, so that they go even
when an outlet has sent only one article. Learned lines (services/learning.py) are those that
several articles of one outlet share. Cues are read at a text's two ends only, sentence by sentence;
in its middle a line goes only when it opens as a pointer elsewhere ("Read more: ...").
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

import xxhash

from .types import ArticleText, Removed
from .words import words_of

RULE_VERSION = 1  # raise it when cues change: revisions made by other rules are not compared
MAX_CUE_WORDS = 70  # a longer sentence is prose, whatever words it has
MAX_POINTER_WORDS = 40
LEARN_MIN_CHARACTERS = 12
LEARN_SHORT_WORDS = 12

_SENTENCE_END = re.compile(
    r"(?<![\s.(][A-Z]\.)(?<=[.!?\u2026\u3002\uff01\uff1f])[\"\u201d\u2019)\]]*\s+(?=\S)|\n+"
)

# What a promotional sentence says, wherever in the sentence. Wording is our own; each alternative is a kind.
_PROMO = re.compile(
    r"""
    \b(?:newsletters?|daily\s+briefing)\b.{0,80}\b(?:inbox|sign\s?-?up|subscribe|e-?mail)
    |\b(?:sign\s?-?up|subscribe|register)\b.{0,80}\b(?:newsletters?|inbox|unlimited|updates|alerts|for\s+free|our\s+channel|youtube|access)
    |^\W*(?:subscribe|sign\s?-?up|log\s?-?in|register)\b[^.]{0,80}$
    |\byour\s+sign-?up\b|\byou\s+can\s+unsubscribe\b|\bunsubscribe\s+at\s+any\s+time\b
    |^\W*(?:please\s+)?(?:follow|like|find|join|add|connect\s+with)\s+(?:us|our|the\s+\w+|[@\w.]+)\b.{0,90}\b(?:facebook|twitter|x\.com|instagram|telegram|whatsapp|youtube|google\s+news|tiktok|linkedin|social\s+media|threads|bluesky|snapchat)\b
    |^\W*follow\s+(?:us|our|@)\b
    |\b(?:telegram|whatsapp|viber)\s+(?:channel|group|community)\b.{0,60}(?:join|breaking|news|updates|$)
    |^\W*(?:click|tap)\s+here\b|\bclick\s+here\s+(?:to|for)\b
    |\bfor\s+(?:all\s+)?(?:the\s+)?(?:latest|more)\b.{0,60}\b(?:visit|follow|subscribe|download|check\s+out|go\s+to|click)\b
    |\bstay\s+up\s+to\s+date\s+(?:with|on)\b.{0,80}\b(?:headlines|news|stories|pictures|video)
    |\b(?:bring|bringing)\s+you\b.{0,40}\b(?:latest|updates|more)\b.{0,80}
    |\b(?:breaking|developing)\s+(?:news\s+)?story\b.{0,60}\b(?:updates?|refresh|check\s+back|more\s+to\s+follow|bring)
    |^\W*(?:this\s+is\s+a\s+)?(?:breaking|developing)\s+(?:news\s+)?story\b
    |^\W*more\s+(?:to\s+follow|follows|info(?:rmation)?|soon)\W*$
    |\bdownload\b.{0,30}\b(?:our|the)\b.{0,30}\bapp\b
    |\b(?:we|this\s+site|our\s+partners)\s+(?:and\s+our\s+partners\s+)?uses?\s+cookies\b|\b(?:accept|manage|reject)\s+(?:all\s+)?cookies\b
    |\bfree\s+articles?\s+(?:remaining|left|this\s+month)\b|\bunlimited\s+(?:digital\s+)?access\b|\bto\s+continue\s+reading\b
    |\b(?:already\s+a\s+subscriber|become\s+a\s+(?:member|subscriber)|support\s+(?:our|independent)\s+journalism)\b
    |\bgot\s+a\s+(?:news\s+)?(?:tip|story)\b|\bdo\s+you\s+have\s+a\s+(?:story|tip)\b|\bsend\s+(?:us\s+)?(?:your\s+)?(?:tips|story|news)\s+to\b
    |\b(?:have|got)\s+(?:something\s+to\s+(?:add|say)|an\s+opinion)\b.{0,60}\b(?:comments?|share)
    |\b(?:let\s+us\s+know|tell\s+us|leave\s+a\s+comment|join\s+the\s+(?:conversation|discussion))\b.{0,50}\b(?:comments?|below|what\s+you\s+think)
    |^\W*join\s+the\s+(?:conversation|discussion)\b
    |\bshare\s+(?:this|on|via)\b.{0,20}\b(?:article|story|post|page|facebook|twitter|whatsapp|e-?mail)\b|^\W*share\W+tweet\b|^\W*share\b.{0,6}$
    |\blisten\s+to\s+(?:this|the)\s+(?:article|story)\b|^\W*\d+\s+min(?:ute)?s?\s+read\W*$
    |^\W*(?:advertisement|advertising|sponsored(?:\s+content)?|promoted|story\s+continues\s+below.{0,40}|article\s+continues\s+(?:below|after).{0,40}|scroll\s+(?:down\s+)?for\s+.{0,40}|video\s+loading|loading\W*|skip\s+(?:advert|ad|past\s+newsletter)\w*.{0,40})\W*$
    |^\W*(?:related|filed\s+under|more\s+on\s+this|topics|tags?)\s*(?:topics?|articles?|stories|news|content)?\s*:\s*.{0,200}$
    |^\W*(?:trending(?:\s+now)?|most\s+(?:read|popular|viewed)|recommended(?:\s+(?:for\s+you|stories))?|editor'?s\s+picks?|don'?t\s+miss)\s*[:|].{0,200}
    |\b(?:abonnez|inscrivez)-vous\b.{0,80}|\bsuivez-nous\b|\bt[ée]l[ée]chargez\b.{0,30}\bapplication\b
    |\bnewsletter\b.{0,40}\b(?:abonnieren|anmelden|bestellen)\b|\b(?:folgen|abonnieren)\s+sie\s+uns\b|^\W*mehr\s+zum\s+thema\b
    |\bs[ií]guenos\s+en\b|\bsuscr[ií]b(?:ete|ase)\b|\bsiga-nos\b|\bassine\b.{0,30}\bnewsletter\b|\bseguici\s+su\b|\biscriviti\b.{0,40}\bnewsletter\b
    |\b(?:подпи[сш]\w+)\b.{0,60}\b(?:канал\w*|telegram|телеграм\w*|рассылк\w*|нас|нашу?)\b|\b(?:читайте|следите)\b.{0,40}\b(?:telegram|телеграм\w*|канал\w*|соцсет\w*)
    |\b(?:підпи[сш]\w+)\b.{0,60}\b(?:канал\w*|telegram|телеграм\w*|нас|наш\w*)\b
    |^\W*(?:if\s+you\s+enjoyed\s+(?:reading\s+)?this|we\s+want\s+to\s+hear\s+(?:what|from)|never\s+miss\b|want\s+more\b|enjoying\s+this)\b.{0,160}
    |^\W*(?:last\s+(?:modified|updated?)|letzte\s+änderung|(?:zuletzt\s+)?aktualisiert(?:\s+am)?|mis\s+à\s+jour(?:\s+le)?|actualizado(?:\s+el)?|aggiornato\s+il|aktualizacja)\b[^a-z]{0,4}.{0,40}$
    |^\W*(?:keine|no|aucun|sin|brak)\s+(?:kommentare?|comments?|commentaires?|comentarios|komentarzy)\b.{0,60}$|^\W*(?:kommentare|comments|commentaires|comentarios)\s*(?:insgesamt)?\s*[:(]?\s*\d*\W*$
    |^\W*(?:bild|video)\s+(?:anzeigen|ansehen)\W*$|^\W*pour\s+(?:lire\s+la\s+suite|acc[ée]der)\b.{0,80}|\bjetzt\s+(?:abonnieren|registrieren|anmelden)\b
    |\b(?:hier\s+klicken|klicken\s+sie\s+hier|haz\s+clic\s+aqu[ií]|cliquez\s+ici)\b
    |تابعونا\s+(?:على|عبر)|اشترك(?:وا)?\s+في\s+(?:نشرت|قنات|النشرة)|\bbizi\s+takip\s+edin\b|\babone\s+olun\b
    |(?:关注|關注|订阅|訂閱)(?:我们|我們|.{0,8}(?:公众号|頻道|频道|微信))
    """,
    re.IGNORECASE | re.VERBOSE,
)

# Who made or owns the text: removed from the text, read by credits.py before that.
_CREDIT = re.compile(
    r"""
    ^\W*(?:source|sources|via|quelle|fuente|fonte|kaynak|źródło|bron|källa|источник|джерело|المصدر|مصدر|منبع|来源|來源)\s*[:：].{0,160}$
    |^\W*(?:read|view|see)\s+(?:the\s+)?(?:full|original|entire)\s+(?:article|story|post|report)\b.{0,80}$
    |\b(?:this\s+)?(?:article|story|post|report|piece)\b.{0,40}\b(?:originally|first)\s+(?:appeared|published|ran|posted)\b
    |\b(?:originally|first)\s+(?:published|appeared|posted)\s+(?:on|in|by|at)\b.{0,120}$
    |^\W*the\s+post\b.{0,240}\bappeared\s+first\s+on\b|\bappeared\s+first\s+on\s+\S+
    |\bnot\s+(?:been\s+)?(?:edited|created|written)\s+by\b.{0,60}\bstaff\b|\b(?:auto-?generated|published\s+unedited)\b.{0,60}\bfeed\b
    |\ball\s+rights\s+reserved\b|^\W*(?:copyright|©|\(c\))\s*(?:©|\(c\))?\s*\d{4}|\bmay\s+not\s+be\s+(?:published|reproduced|broadcast|republished)\b
    |^\W*(?:image|photo|picture|video)\s+(?:copyright|caption|credit|source)\b.{0,120}$|^\W*file\s+photo\W*$|^\W*(?:photo|image)s?\s*(?::|by\b).{0,80}$
    |^\W*\(?(?:additional\s+)?(?:reporting|writing|editing|compiled|translated)\s+by\b.{0,200}$
    |\bwith\s+(?:files|inputs?|reporting)\s+from\b.{0,80}$|^\W*(?:with\s+)?agenc(?:y|ies)\W*(?:inputs?)?\W*$
    |\bagencies\s+contributed\s+to\s+this\s+report\b
    |\bтекст\s+впервые\s+опубликован\b|\bперепечат\w+\b.{0,60}\bразреш\w+|\bвсе\s+права\s+защищены\b
    |^\W*(?:fot|foto|photo|bild(?:quelle)?|crédits?)\s*[.:]\s*.{2,80}$|\bmateriał\s+chroniony\s+prawem\b
    |\balle\s+rechte\s+vorbehalten\b|\btous\s+droits\s+r[ée]serv[ée]s\b|\btodos\s+los\s+derechos\s+reservados\b|جميع\s+الحقوق\s+محفوظة
    """,
    re.IGNORECASE | re.VERBOSE,
)

# A line or sentence that only points to another article: goes wherever it stands.
_POINTER = re.compile(
    r"""
    ^\W*(?:read\s+(?:more|also|next)|also\s+read|see\s+also|more\s+(?:on|from)|related|watch(?:\s+(?:also|now|live))?|explained|don'?t\s+miss|in\s+pictures|[àa]\s+lire(?:\s+aussi)?|puedes\s+ver|vea\s+tambi[eé]n|czytaj(?:\s+też)?|siehe\s+auch|lire\s+aussi|voir\s+aussi|lesen\s+sie\s+auch|mehr\s+dazu|lea\s+tambi[eé]n|ver\s+tamb[ií][eé]n|leia\s+(?:tamb[eé]m|mais)|leggi\s+anche|lees\s+ook|l[äae]s\s+(?:ocks[åa]|ogs[åa]|mer|mere)|czytaj\s+(?:te[zż]|wi[eę]cej)|ayrıca\s+okuyun|читайте\s+(?:также|ещ[её]|по\s+теме)|читайте\s+(?:також|ще)|по\s+теме|اقرأ\s+(?:أيضا|أيضًا|المزيد)|延伸閱讀|延伸阅读|相关阅读)\s*(?:[:|>\u00bb\u2013\u2014-]|\n).{1,240}$
    """,
    re.IGNORECASE | re.VERBOSE,
)

# A heading over links to other reports: it ends the report when only short lines follow.
_RELATED = re.compile(
    r"""
    ^\W*(?:related(?:\s+(?:articles?|stories|news|content|posts?|links?|topics?))?|you\s+(?:may|might)\s+also\s+(?:like|be\s+interested\s+in)|recommended(?:\s+\w+){0,3}
    |more\s+(?:stories|news|articles|on\s+this(?:\s+\w+)?|from\s+.{2,40})|read\s+(?:more|next|also)|see\s+also|further\s+reading|most\s+(?:read|popular)|top\s+stories|latest\s+(?:news|stories)|what\s+to\s+read\s+next
    |weitere\s+(?:\w+\s+){0,2}(?:artikel|beitr[äa]ge|themen|meldungen|nachrichten|informationen|links)\b.{0,60}|mehr\s+(?:themen|artikel|nachrichten|zum\s+thema|dazu|aus|von)\b.{0,40}|empfohlene\s+(?:beitr[äa]ge|artikel)|auch\s+interessant|das\s+k[öo]nnte\s+(?:dich|sie).{0,40}|schon\s+gelesen|lust\s+auf\s+mehr|zum\s+weiterlesen|top-?\s?themen.{0,30}|meistgelesen.{0,20}|lesen\s+sie\s+auch
    |(?:à\s+)?lire\s+aussi|sur\s+le\s+m[êe]me\s+(?:sujet|th[èe]me)|articles?\s+(?:li[ée]s|similaires|recommandés)|noticias\s+relacionadas|te\s+(?:puede|podr[ií]a)\s+interesar|lea\s+tambi[ée]n|m[áa]s\s+(?:noticias|informaci[óo]n)|temas(?:\s+relacionados)?|leia\s+tamb[ée]m|not[íi]cias\s+relacionadas|leggi\s+anche|articoli\s+correlati|lees\s+ook|les\s+ogs[åa]|l[äa]s\s+(?:också|mer)|czytaj\s+(?:też|także|więcej)|zobacz\s+(?:też|także)
    |читайте\s+(?:также|ещё|еще)|по\s+теме|материалы\s+по\s+теме|читайте\s+також|اقرأ\s+(?:أيضا|أيضًا|المزيد)|مواضيع\s+ذات\s+صلة|ilgili\s+haberler|相关(?:阅读|新闻|报道)|延伸閱讀|関連(?:記事|ニュース)|관련\s*기사)\W*$
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SPEECH = re.compile('["\u201c\u201d\u00ab\u00bb]')  # what somebody said is never promotion
MAX_LINK_WORDS = 16  # a longer line under such a heading is prose: the report goes on
MAX_MIDDLE_WORDS = 20


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text without its boilerplate, and what was taken out, in the order it stood."""

    text: str
    removed: tuple[Removed, ...] = ()


def cue_of(sentence: str) -> str:
    """Return the rule by which a sentence at an end of a text is no part of the report, or ''."""
    if len(sentence) > 900 or len(sentence.split()) > MAX_CUE_WORDS:
        return ""
    if _CREDIT.search(sentence):
        return "credit_cue"
    if not _SPEECH.search(sentence) and _PROMO.search(sentence):
        return "promo_cue"
    return "pointer_cue" if _is_pointer(sentence) else ""


def _is_pointer(line: str) -> bool:
    return len(line.split()) <= MAX_POINTER_WORDS and bool(_POINTER.search(line))


def _sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of sentences; a line break ends one too."""
    spans, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        if text[start : match.start()].strip():
            spans.append((start, match.start() + len(match.group().rstrip())))
        start = match.end()
    if text[start:].strip():
        spans.append((start, len(text)))
    return spans


def _peel(text: str, spans: list[tuple[int, int]], position: str) -> tuple[int, list[Removed]]:
    """Return how many of `spans` (nearest to the end first) go, and the lines taken out.

    At the end one short sentence without a cue may stand between two that have one.
    """
    rules: list[str] = []
    count = 0
    for index, (start, end) in enumerate(spans[:24]):
        sentence = text[start:end].strip()
        rules.append(cue_of(sentence) or "between_cues")
        if rules[-1] != "between_cues":
            count = index + 1
        elif position == "start" or index > count or len(sentence.split()) > 14:
            break
    taken = sorted(zip(spans[:count], rules[:count], strict=True))
    return count, _joined(text, taken, position)


def _joined(text: str, taken: list[tuple[tuple[int, int], str]], position: str) -> list[Removed]:
    """Return what was taken in the order of the text; neighbours on one line under one rule are one."""
    removed: list[Removed] = []
    last = -1
    for (start, end), rule in taken:
        line = text[start:end].strip()
        if removed and removed[-1].rule == rule and "\n" not in text[last:start]:
            removed[-1] = Removed(f"{removed[-1].line} {line}", rule, position)
        else:
            removed.append(Removed(line, rule, position))
        last = end
    return removed


def remove_cues(text: str) -> Cleaned:
    """Take promotion, credits and pointers out of `text` (paragraphs parted by newlines).

    A text that would lose more than half of its words keeps them: then the cues are what it is about.
    """
    report, linked = _before_links(text)
    spans = _sentences(report)
    tail, ended = _peel(report, spans[::-1], "end")
    head, begun = _peel(report, spans[: len(spans) - tail], "start")
    kept = spans[head : len(spans) - tail]
    if not kept:
        return Cleaned(text)
    body, middle = _without_middle(report[kept[0][0] : kept[-1][1]].strip())
    if len(body) * 2 < len(text.strip()) - 600:
        return Cleaned(text)
    return Cleaned(body, (*begun, *middle, *ended, *linked))


def _before_links(text: str) -> tuple[str, list[Removed]]:
    """Cut a text at a heading over links, if only short lines follow it in the last third or so."""
    lines = text.split("\n")
    for index in range(len(lines) - 1, max(0, int(len(lines) * 0.6)), -1):
        if len(lines[index].split()) > MAX_LINK_WORDS:
            break
        if _RELATED.match(lines[index]):
            cut = [Removed(line.strip(), "related_links", "end") for line in lines[index:] if line.strip()]
            return "\n".join(lines[:index]), cut
    return text, []


def _without_middle(body: str) -> tuple[str, list[Removed]]:
    lines = body.split("\n")
    gone = {line for line in lines if _is_pointer(line.strip()) or _is_interruption(line.strip())}
    if not gone or len(gone) == len(lines):
        return body, []
    removed = [
        Removed(line.strip(), "pointer_cue" if _is_pointer(line.strip()) else "promo_cue", "middle")
        for line in lines
        if line in gone
    ]
    return "\n".join(line for line in lines if line not in gone).strip(), removed


def _is_interruption(line: str) -> bool:
    """Tell whether a short line between paragraphs only promotes something; quoted speech never does."""
    if not line or len(line.split()) > MAX_MIDDLE_WORDS or re.search('["\u201c\u201d\u00ab\u00bb]', line):
        return False
    return bool(_PROMO.search(line))


def line_hash(line: str) -> int:
    """Return the 63-bit hash under which a line is learned: words only, folded; 0 for no words."""
    words = words_of(line)
    return xxhash.xxh3_64_intdigest(" ".join(words).encode("utf-8", "surrogatepass")) >> 1 if words else 0


def learnable_lines(text: str) -> dict[int, str]:
    """Return the lines of a text that could be boilerplate, by hash: short ones, and those near its ends.

    A long paragraph inside a text is its outlet's background of a story, however often it comes.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    near = set(lines[:2] + lines[-6:]) if len(lines) > 1 else set()
    able = [
        line
        for line in lines
        if len(line) >= LEARN_MIN_CHARACTERS and (line in near or len(line.split()) <= LEARN_SHORT_WORDS)
    ]
    return {found: line for line in able if (found := line_hash(line))}


def remove_learned(article: ArticleText, learned: Collection[int]) -> ArticleText:
    """Return the article without the lines whose `line_hash` is in `learned`; never an empty one.

    `full_text` stays as it was: revisions compare that, or each learned line would look like an edit.
    """
    if not learned or not article.text:
        return article
    cleaned = without_lines(article.text, learned)
    if not cleaned.removed:
        return article
    return replace(article, text=cleaned.text, removed=(*article.removed, *cleaned.removed))


def read_again(full_text: str, learned: Collection[int]) -> Cleaned:
    """Return a whole text, as it was kept, without what the cues and the learned lines take out of it."""
    by_cues = remove_cues(full_text)
    by_lines = without_lines(by_cues.text, learned) if learned and by_cues.text else Cleaned(by_cues.text)
    return Cleaned(by_lines.text, (*by_cues.removed, *by_lines.removed))


def without_lines(text: str, learned: Collection[int]) -> Cleaned:
    """Take the learned lines out of a text; one that would be left empty stays whole."""
    lines = [line.strip() for line in text.split("\n")]
    known = [bool(line) and line_hash(line) in learned for line in lines]
    kept = [index for index, line in enumerate(lines) if line and not known[index]]
    if not kept:
        return Cleaned(text)
    removed = tuple(
        Removed(line, "learned_line", "start" if index < kept[0] else "end" if index > kept[-1] else "middle")
        for index, line in enumerate(lines)
        if known[index]
    )
    return Cleaned(
        "\n".join(line for line, gone in zip(lines, known, strict=True) if not gone).strip(), removed
    )
