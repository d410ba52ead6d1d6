"""Who does an article say it has its text from?

Credits speak before dates: an agency's byline or dateline, a canonical link elsewhere, the
original-source metas, "Source: ..." and "first published by ..." lines, and the addresses in
promotional lines that came along with a copied text. "By X and agencies" is X's own work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tld import is_tld

from .agencies import Agencies, Agency
from .domains import domain_of, is_on, owners_domain
from .types import ArticleText, Credit

HEAD = 260  # characters in which a dateline stands
TAIL_LINES = 8
EVIDENCE = 160

# Sites that carry everyone's posts: a link to them names nobody.
_NOBODY = frozenset(
    """facebook.com twitter.com x.com t.co t.me telegram.me telegram.org instagram.com youtube.com youtu.be
    whatsapp.com wa.me tiktok.com linkedin.com threads.net bsky.app reddit.com pinterest.com google.com goo.gl
    apple.com spotify.com bit.ly tinyurl.com flipboard.com vk.com ok.ru weibo.com mailchi.mp list-manage.com
    feedburner.com feedproxy.google.com wordpress.com w.org gravatar.com creativecommons.org paypal.com
    patreon.com amazon.com discord.com discord.gg archive.org wikipedia.org gmail.com yahoo.com outlook.com
    whatsapp.net messenger.com snapchat.com truthsocial.com substack.com medium.com""".split()
)

# A bare name must not be part of a mail address, on either side of its "@".
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'()\[\]]+"
    r"|(?<![@\w.-])(?:[a-z0-9-]+\.)+[a-z]{2,12}\b(?![\w.+-]*@)(?:/[^\s<>\"'()\[\]]*)?",
    re.I,
)
_FILE_END = re.compile(r"\.(?:jpe?g|png|gif|html?|php|pdf|mp[34]|js|css|u\.?s|p\.?m|a\.?m)$", re.I)
_SOURCE_LINE = re.compile(
    r"^\W{0,4}(?:original\s+)?(?:source|sources|via|quelle|quellen|fuente|fonte|kaynak|źródło|bron|källa|источник|джерело|المصدر|مصدر|منبع|来源|來源)\s*[:：/]\s*(?P<name>.{2,120})$",
    re.I,
)
_FIRST = re.compile(
    r"\b(?:originally|first)\s+(?:appeared|published|ran|posted)\s+(?:(?:on|in|by|at)\s+)+(?P<name>[^.;,\n]{2,60}(?:\.[a-z]{2,4}\b)?)"
    r"|\b(?:re-?published|reproduced|reprinted|syndicated)\s+(?:here\s+)?(?:with\s+permission\s+)?from\s+(?P<from>[^.;,\n]{2,60})",
    re.I,
)
# Data under a chart or facts of a guide have several sources; a text has one.
_SEVERAL = re.compile(r"[,;،、]|\)\s*\(|\s(?:and|und|et|y|e|en|i|и|та|ve|&)\s|↩", re.I)
_RELEASE = re.compile(
    r",\s*(?:press\s+release|pressemitteilung|pressemeldung|communiqué.*|comunicado.*|пресс-релиз)\W*$", re.I
)
_ABOUT_ITS_AUTHOR = re.compile(
    r"\b(?:their|them|his|him|her|hers|author|write\s+to|contact|email|e-mail)\b", re.I
)
_GENERIC_NAME = re.compile(
    r"^(?:the|news|press|wire|foreign|local|international|other|state|media|and|nachrichten|staff|\W)*"
    r"(?:agenc(?:y|ies)|agenturen|nachrichtenagenturen|agences|agencias|agenzie|агентства|وكالات|wires?|services?|reports?|media|staff)\W*$",
    re.I,
)
_NO_NAME = re.compile(
    r"^(?:read|view|see|click|here|link|the\s+full|full|original|more|this|agenc(?:y|ies)|own|supplied|various|social\s+media|twitter|facebook|\W*$)",
    re.I,
)
_PROMO_RULES = frozenset({"promo_cue", "credit_cue", "between_cues"})
_AND = r"(?:and|with|und|et|y|e|och|og|en|ve|i|и|та|و|&|\+|additional\s+reporting\s+by|contributed\s+by)"
_GENERIC_AGENCIES = re.compile(
    r"\b(?:agenc(?:y|ies)|agenturen|agences|agencias|agenzie|агентств\w*|وكالات|wires?|news\s+services?)\b",
    re.I,
)
# "Tasnim News Agency": the word belongs to the name before it, or after it.
_OWN_WORD = re.compile(r"^\s+(?:(?:news|press)\s+)?agency\b", re.I)
_WORD_BEFORE = re.compile(
    r"\b(?:agency|agence|agencia|agência|agenzia|agentur|agencija|агентство|وكالة)$", re.I
)
_RESERVED = (".example", ".test")  # RFC 2606: documentation and tests
_REUTERS_TAIL = re.compile(r"\(?\b(?:reporting|writing)\s+by\b[^\n]{2,240}[;,]?\s*editing\s+by\b", re.I)


def credits_name(credits: Sequence[Credit], domains: Sequence[str]) -> bool:
    """Tell whether a credit leads to one of `domains`."""
    return any(is_on(domain_of(credit.url), domains) for credit in credits if credit.url)


def find_credits(
    article: ArticleText, *, url: str, own_domains: Sequence[str], agencies: Agencies
) -> tuple[Credit, ...]:
    """Return whom `article` names as the origin of its text, the strongest first.

    `own_domains` are those of the outlet's publisher; what leads there, or to `url`'s own site, is no
    credit. An article on an agency's own site carries that agency's text. Never raises.
    """
    own = {owners_domain(domain) for domain in (*own_domains, domain_of(url)) if domain}
    lines = _end_lines(article)
    found = [
        *_of_own_site(own, agencies),
        *_of_head(article, agencies),
        *_of_links(article, own),
        *_of_author(article.author, agencies),
        *_of_lines(lines, own, agencies),
        *_of_tail(article, lines, agencies),
        *_of_promo_addresses(article, own),
    ]
    return tuple(
        {
            (one.kind, one.slug or owners_domain(domain_of(one.url)) or one.name.casefold()): one
            for one in found[::-1]
        }.values()
    )[::-1]


def _agency(agency: Agency, how: str, evidence: str) -> Credit:
    return Credit("agency", agency.name, slug=agency.slug, how=how, evidence=evidence.strip()[:EVIDENCE])


def _of_own_site(own: set[str], agencies: Agencies) -> list[Credit]:
    found = [agencies.by_domain[site] for site in sorted(own) if site in agencies.by_domain]
    return [_agency(agency, "own_site", agency.name) for agency in found[:1]]


def _of_head(article: ArticleText, agencies: Agencies) -> list[Credit]:
    for text in (article.full_text, article.text):
        for line in text[: HEAD * 3].split("\n")[:4]:
            match = agencies.dateline.match(line[:HEAD])
            if match:
                agency = agencies.named(next(value for value in match.groupdict().values() if value))
                if agency:
                    return [_agency(agency, "dateline", match.group())]
    return []


def _of_author(author: str, agencies: Agencies) -> list[Credit]:
    matches = (one for one in agencies.anywhere.finditer(author) if not _is_person(one, author, agencies))
    match = next(matches, None)
    if not match:
        return []
    agency = agencies.named(match.group("form"))
    before, after = author[: match.start()], _OWN_WORD.sub("", author[match.end() :])
    shared = re.search(rf"\w.*\b{_AND}\s*$", before, re.I) or _GENERIC_AGENCIES.search(after)
    if not agency or shared or re.search(r"\bstaff\b|\bcorrespondent\b", before, re.I):
        return []
    return [_agency(agency, "byline", author)]


def _is_person(match: re.Match[str], author: str, agencies: Agencies) -> bool:
    """Tell whether a form in a byline is a person's name: "Petra", "Petra Kramer"; "(Petra)" is the agency."""
    if not agencies.is_personal(match.group("form")):
        return False
    before, after = author[: match.start()].rstrip(), author[match.end() :]
    in_brackets = before[-1:] in ("(", "[", "/") or after.lstrip()[:1] == "/"
    return not (in_brackets or _OWN_WORD.match(after) or _WORD_BEFORE.search(before))


def _end_lines(article: ArticleText) -> list[str]:
    kept = [line.strip() for line in (article.full_text or article.text)[-4000:].split("\n") if line.strip()]
    removed = [one.line for one in article.removed]
    return list(dict.fromkeys([*kept[-TAIL_LINES:], *removed]))


def _of_links(article: ArticleText, own: set[str]) -> list[Credit]:
    found = []
    for url, how in ((article.original_url, "meta"), (article.canonical_url, "canonical")):
        if url and _is_other(domain_of(url), own):
            found.append(Credit("outlet", domain_of(url), url=url, how=how, evidence=url[:EVIDENCE]))
    return found


def _is_other(domain: str, own: set[str]) -> bool:
    site = owners_domain(domain)
    return "." in domain and site not in own and site not in _NOBODY and domain not in _NOBODY


def _of_lines(lines: Sequence[str], own: set[str], agencies: Agencies) -> list[Credit]:
    found = []
    for line in lines:
        if len(line) > 600:
            line = line[-600:]
        match = _SOURCE_LINE.match(line)
        first = _FIRST.search(line)
        if match:
            found += _named(match.group("name"), "source_line", line, own, agencies)
        elif first:
            found += _named(
                first.group("name") or first.group("from"), "first_published", line, own, agencies
            )
    return found


def _named(name: str, how: str, line: str, own: set[str], agencies: Agencies) -> list[Credit]:
    agency = agencies.line.match(name.strip()) or agencies.anywhere.match(name.strip())
    known = agencies.named(agency.group("form")) if agency else None
    if "/" in name and "." not in name:  # "APA/sda/dpa"; without an agency it credits a picture
        known = known or next(filter(None, map(agencies.named, name.strip(" ()").split("/"))), None)
        if not known:
            return []
    if known:
        return [_agency(known, how, line)]
    for address in _addresses(name):
        domain = domain_of(address)
        if _is_other(domain, own):
            return [Credit("outlet", domain, url=_with_scheme(address), how=how, evidence=line[:EVIDENCE])]
        return []
    name = _RELEASE.sub("", name)
    if _SEVERAL.search(name) or _GENERIC_NAME.match(name):
        return []
    name = " ".join(name.split()).strip(" .:|\u2013\u2014-\u201c\u201d\"'()[]")
    if _NO_NAME.match(name) or len(name.split()) > 6 or not name[:1].isalpha() or name[:1].islower():
        return []
    return [Credit("outlet", name, how=how, evidence=line[:EVIDENCE])]


def _addresses(line: str) -> list[str]:
    found = [match.group().rstrip(".,;:!?") for match in _ADDRESS.finditer(line[:1000])]
    return [
        one
        for one in found
        if "@" not in one and not _FILE_END.search(one) and one.count(".") < 6 and _has_known_end(one)
    ]


def _has_known_end(address: str) -> bool:
    """Tell whether an address ends in a registered top-level domain ("alejandro.delagarza" does not)."""
    host = domain_of(address)
    return host.endswith(_RESERVED) or is_tld(host.rsplit(".", 1)[-1])


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"https://{address}"


def _of_tail(article: ArticleText, lines: Sequence[str], agencies: Agencies) -> list[Credit]:
    """An agency alone on a closing line, in brackets at the very end, or by the way it signs."""
    for line in reversed(lines):
        match = agencies.line.match(line) if len(line) < 80 else None
        if not match and re.search(r"©|\bcopyright\b|\(c\)", line[:200], re.I):
            match = agencies.anywhere.search(line[:200])
        agency = agencies.named(match.group("form")) if match else None
        if agency:
            return [_agency(agency, "tail", line)]
        signed = _REUTERS_TAIL.search(line[-400:])
        if signed and "reuters" in {one.slug for one in agencies.by_form.values()}:
            return [_agency(agencies.by_form["Reuters"], "signature", signed.group())]
    ending = agencies.ending.search(article.text[-80:])
    agency = agencies.named(ending.group("form") or ending.group("bare")) if ending else None
    return [_agency(agency, "tail", ending.group())] if agency and ending else []


def _of_promo_addresses(article: ArticleText, own: set[str]) -> list[Credit]:
    for one in article.removed:
        if one.rule not in _PROMO_RULES or _ABOUT_ITS_AUTHOR.search(one.line):
            continue
        for address in _addresses(one.line):
            domain = domain_of(address)
            if _is_other(domain, own):
                return [
                    Credit(
                        "outlet",
                        domain,
                        url=_with_scheme(address),
                        how="promo_address",
                        evidence=one.line[:EVIDENCE],
                    )
                ]
    return []
