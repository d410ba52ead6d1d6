"""Whose text is it? An article and its candidates → original or copy, of what kind, and why.

The measure is *containment*: the share of the shorter text's shingles that the longer one has.
Thresholds were fixed on the development data of docs/quality.md. Who of two is the original is
another question (`trace_first`): credits speak first, then the times that can be believed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .credits import credits_name
from .fingerprint import SKETCH
from .trace_first import is_earlier
from .trace_issues import SHORT_WORDS, WHOLE, is_another_report, is_bulletin, of_another_day
from .types import Credit, Fingerprint, NearMiss, Overlap, Reason, TraceCandidate, Traced

CONTAINMENT = 0.5
CREDITED_CONTAINMENT = 0.35  # enough where one names the other as its source
COVERAGE = 0.12  # of the longer text; below it the shorter is a quotation, not the report
SHORT_COVERAGE = 0.5
MIN_SHARED = 4
NARRATIVE = 0.4  # of the shorter's words outside quotation marks
COMMON_ORIGINALS = 6  # a shingle in so many different originals is boilerplate
NEAR = 0.2  # containment from which a miss is worth showing
_BEYOND = 1 << 63


def common_shingles(candidates: Sequence[TraceCandidate]) -> frozenset[int]:
    """Return the shingles that stand in COMMON_ORIGINALS or more different originals: boilerplate.

    All copies of one original count once, so that a text that travels far stays evidence.
    """
    seen: dict[int, set[int]] = {}
    for candidate in candidates:
        original = candidate.original_id or candidate.article_id
        seen.setdefault(original, set()).update(candidate.fingerprint.shingles)
    if len(seen) < COMMON_ORIGINALS:
        return frozenset()
    counts = Counter(shingle for shingles in seen.values() for shingle in shingles)
    return frozenset(shingle for shingle, count in counts.items() if count >= COMMON_ORIGINALS)


def _reach(fingerprint: Fingerprint) -> int:
    """Return the largest hash up to which the sketch holds every shingle of its text."""
    return fingerprint.shingles[-1] if len(fingerprint.shingles) >= SKETCH else _BEYOND


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def overlap(first: Fingerprint, second: Fingerprint, common: frozenset[int] = frozenset()) -> Overlap:
    """Compare two texts by their sketches, as far as both reach; `common` shingles count for nothing."""
    reach = min(_reach(first), _reach(second))
    a = set(first.shingles[: bisect_right(first.shingles, reach)]) - common
    b = set(second.shingles[: bisect_right(second.shingles, reach)]) - common
    shared = a & b
    shorter, quoted = (a, first.quoted) if len(a) <= len(b) else (b, second.quoted)
    return Overlap(
        shared=len(shared),
        of_first=_share(len(shared), len(a)),
        of_second=_share(len(shared), len(b)),
        narrative=_share(len(shared.difference(quoted)), len(shorter.difference(quoted))),
    )


def _why_not(one: TraceCandidate, other: TraceCandidate, found: Overlap, enough: float) -> str:
    """Return the rule that keeps two texts apart, or '' when one carries the other's text."""
    short = min(one.fingerprint.words, other.fingerprint.words) < SHORT_WORDS
    coverage = SHORT_COVERAGE if short else COVERAGE
    if found.shared < MIN_SHARED or found.containment < enough or found.coverage < coverage:
        return "too_little"
    if found.narrative < NARRATIVE:
        return "quotes_only"
    if is_another_report(one, other, found):
        return "recurring_bulletin"
    return ""


def copy_kind(copy: TraceCandidate, original: TraceCandidate, of_copy: float, of_original: float) -> str:
    """Name what a copy does with its original's text."""
    if copy.fingerprint.text_hash == original.fingerprint.text_hash:
        return "exact"
    if copy.source_id == original.source_id:
        return "updated"
    if of_original < WHOLE <= of_copy:
        return "truncated"
    if of_copy < WHOLE <= of_original:
        return "padded"
    return "republished"


def _compare(
    article: TraceCandidate, candidates: Sequence[TraceCandidate]
) -> tuple[dict[int, Overlap], list[NearMiss]]:
    common = common_shingles([article, *candidates])
    found: dict[int, Overlap] = {}
    near: list[NearMiss] = []
    for candidate in candidates:
        this = _overlap_or_exact(article.fingerprint, candidate.fingerprint, common)
        credited = credits_name(article.credits, candidate.domains) or credits_name(
            candidate.credits, article.domains
        )
        why = _why_not(article, candidate, this, CREDITED_CONTAINMENT if credited else CONTAINMENT)
        if not why:
            found[candidate.article_id] = this
        elif this.containment >= NEAR and this.shared >= MIN_SHARED:
            near.append(NearMiss(candidate.article_id, why, this))
    return found, near


def _overlap_or_exact(first: Fingerprint, second: Fingerprint, common: frozenset[int]) -> Overlap:
    if first.text_hash == second.text_hash:
        return Overlap(max(len(first.shingles), MIN_SHARED), 1.0, 1.0)
    return overlap(first, second, common)


def _is_traceable(article: TraceCandidate) -> bool:
    return article.kind == "text" and bool(article.fingerprint.bands)


def find_original(article: TraceCandidate, candidates: Iterable[TraceCandidate]) -> Traced:
    """Decide whether `article` carries the text of one of `candidates`, and who had it first.

    `candidates` should hold the originals of those that are copies; a candidate whose original is
    missing is compared by itself. Stubs, empty texts and texts too short for bands are originals:
    two paywall notices are not one report.
    """
    others = [one for one in candidates if one.article_id != article.article_id and _is_traceable(one)]
    if not _is_traceable(article) or article.is_own:
        return Traced("original", reason=Reason("is_own" if article.is_own else "too_short_to_trace"))
    found, near = _compare(article, others)
    if not found:
        return Traced("original", near=tuple(near))
    by_id = {one.article_id: one for one in others}
    for member_id in of_another_day(article, by_id, found):
        near.append(NearMiss(member_id, "recurring_bulletin", found.pop(member_id)))
    if not found:
        return Traced("original", near=tuple(near))
    return _settle(article, by_id, found, near)


def _settle(
    article: TraceCandidate, by_id: dict[int, TraceCandidate], found: dict[int, Overlap], near: list[NearMiss]
) -> Traced:
    best: dict[int, int] = {}  # original → the member that is most like the article
    for member_id in sorted(found, key=lambda one: (_likeness(found[one]), -one), reverse=True):
        best.setdefault(by_id[member_id].original_id or member_id, member_id)
    groups = list(best)
    joined = [
        groups[0],
        *(
            one
            for one in groups[1:]
            if _is_same_text(found[best[groups[0]]], found[best[one]])
            and not _are_bulletins(by_id.get(groups[0]), by_id.get(one))
        ),
    ]
    first = joined[0]
    for one in joined[1:]:
        if one in by_id and first in by_id and is_earlier(by_id[one], by_id[first]):
            first = one
    rest = [one for one in joined if one != first]
    if first in found and is_earlier(article, by_id[first]):
        return _as_original(article, by_id, found, best, joined, near)
    return _as_copy(article, by_id, found, best, first, rest, near)


def _likeness(found: Overlap) -> tuple[float, float]:
    return (found.containment, found.coverage)


def _is_same_text(one: Overlap, other: Overlap) -> bool:
    """Two originals that each make up most of the article must share text themselves."""
    return one.of_first > 0.5 and other.of_first > 0.5


def _are_bulletins(one: TraceCandidate | None, other: TraceCandidate | None) -> bool:
    """Tell it of two originals, as far as they are known: what lies between two issues does not make them one."""
    return one is not None and other is not None and is_bulletin(one, other)


def _as_original(
    article: TraceCandidate,
    by_id: dict[int, TraceCandidate],
    found: dict[int, Overlap],
    best: dict[int, int],
    groups: list[int],
    near: list[NearMiss],
) -> Traced:
    taken = []
    for group in groups:
        member = best[group] if group not in found else group
        this = found[member]
        taken.append(
            (group, copy_kind(by_id[member], article, this.of_second, this.of_first), this.containment)
        )
    return Traced(
        "original", reason=Reason("earlier_than_its_copies"), takes_over=tuple(taken), near=tuple(near)
    )


def _as_copy(
    article: TraceCandidate,
    by_id: dict[int, TraceCandidate],
    found: dict[int, Overlap],
    best: dict[int, int],
    first: int,
    rest: list[int],
    near: list[NearMiss],
) -> Traced:
    twin = best[first]
    to = first if first in found else twin
    this = found[to]
    taken = tuple((group, "republished", found[best[group]].containment) for group in rest)
    closest = found[twin]
    return Traced(
        kind=copy_kind(article, by_id[to], this.of_first, this.of_second),
        original_id=first,
        twin_id=twin,
        score=round(this.containment, 3),
        reason=Reason("same_text", _evidence(article, by_id[to], this, twin)),
        takes_over=taken,
        near=tuple(near),
        leaves_bands=closest.of_first < 0.9,
    )


def _evidence(
    article: TraceCandidate, other: TraceCandidate, found: Overlap, twin: int
) -> dict[str, int | float | str]:
    evidence: dict[str, int | float | str] = {
        "twin": twin,
        "shared": found.shared,
        "of_copy": round(found.of_first, 3),
        "of_original": round(found.of_second, 3),
    }
    if credits_name(article.credits, other.domains):
        evidence["credit"] = next(
            one.evidence for one in article.credits if credits_name((one,), other.domains)
        )
    return evidence


def credited(traced: Traced, credits: Sequence[Credit]) -> Traced:
    """Return the verdict on an article without a twin, given whom it names.

    A text that names another outlet is republished from there even when that outlet's article is not
    ours; a wire report stays an original of the outlet's, with the agency as its origin.
    """
    first = next((one for one in credits if one.kind == "agency"), credits[0])
    evidence = {"how": first.how, "name": first.name, "words": first.evidence}
    if first.kind == "agency":
        return replace(traced, reason=Reason("names_agency", evidence))
    return replace(traced, kind="republished", score=1.0, reason=Reason("names_outlet", evidence))
