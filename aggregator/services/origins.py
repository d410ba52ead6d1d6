"""Origins: which row stands for the source of a text, and re-pointing when an earlier one turns up.

An article's origin is its group's: the wire agency that a member names, else the outside outlet
that the original names, else the original itself. Stories count different `independence_key`s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from aggregator.models import Agency, Article, FingerprintRow, Membership, Origin, Publisher
from aggregator.pipeline.domains import domain_of, owners_domain
from aggregator.pipeline.types import Credit
from aggregator.services.drafts import Draft

NAME_LENGTH = 200
KEY_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Repointed:
    """An original that became a copy: it and all its copies now point to `new`."""

    old: int
    new: int
    kind: str
    score: float


def assign(drafts: Sequence[Draft], moved: Sequence[Repointed]) -> None:
    """Set `origin` of each draft's article, and re-point the groups that were taken over.

    `copy_of_id` is already set. One statement re-points a group; stories that hold its articles are
    added to the first draft's `touched_stories`, so that they are counted again.
    """
    for one in moved:
        _move_group(one, drafts)
    roots = {draft.article.copy_of_id or draft.article.pk for draft in drafts} | {one.new for one in moved}
    chosen = _origins_of(roots, {draft.article.pk: draft for draft in drafts}, drafts)
    for draft in drafts:
        origin, had = chosen[draft.article.copy_of_id or draft.article.pk], draft.article.origin_id
        draft.article.origin = origin
        if not draft.is_new and draft.article.copy_of_id is None and had != origin.pk:
            _point_group(draft.article.pk, origin, drafts)
    for one in moved:
        _adopt(chosen[one.new], one, drafts)


def _point_group(root: int, origin: Origin, drafts: Sequence[Draft]) -> None:
    """Give an original and its copies the origin that the group has now; their stories are counted again."""
    group = Article.objects.filter(Q(copy_of_id=root) | Q(pk=root)).exclude(origin=origin)
    ids = list(group.values_list("pk", flat=True))
    drafts[0].touched_stories |= set(
        Membership.objects.filter(article__in=ids).values_list("story_id", flat=True)
    )
    Article.objects.filter(pk__in=ids).update(origin=origin)


def _move_group(one: Repointed, drafts: Sequence[Draft]) -> None:
    group = Article.objects.filter(Q(copy_of_id=one.old) | Q(pk=one.old)).exclude(pk=one.new)
    stories = set(Membership.objects.filter(article__in=group).values_list("story_id", flat=True))
    drafts[0].touched_stories |= stories
    # The group moves in one statement; what the former original is to the new one is its own field.
    group.update(copy_of_id=one.new)
    reason = {"code": "same_text", "twin": one.new}
    Article.objects.filter(pk=one.old).update(
        copy_kind=one.kind, copy_score=round(one.score, 3), copy_reason=reason
    )
    for draft in drafts:
        article = draft.article
        if article.pk != one.new and one.old in (article.pk, article.copy_of_id):
            article.copy_of_id = one.new
            if article.pk == one.old:
                article.copy_kind, article.copy_score = one.kind, round(one.score, 3)
                article.copy_reason = reason


def _origins_of(roots: set[int], by_id: dict[int, Draft], drafts: Sequence[Draft]) -> dict[int, Origin]:
    """Return the origin of each root article, made where there is none."""
    stored = {
        article.pk: article
        for article in Article.objects.filter(pk__in=roots - set(by_id)).select_related(
            "origin", "source__publisher"
        )
    }
    members: dict[int, list[Draft]] = defaultdict(list)
    for draft in drafts:
        for root in {draft.article.pk, draft.article.copy_of_id or draft.article.pk}:
            members[root].append(draft)
    of_copies = _agencies_of_copies([pk for pk in roots if pk in by_id and not by_id[pk].is_new], by_id)
    wanted = {
        root: _wanted(root, by_id.get(root), stored.get(root), members[root], of_copies.get(root))
        for root in roots
    }
    made = _make(wanted.values())
    for root, article in stored.items():
        if article.origin and article.origin.key != wanted[root].key:
            _point_group(root, made[wanted[root].key], drafts)
    return {root: made[origin.key] for root, origin in wanted.items()}


def _agencies_of_copies(roots: Sequence[int], by_id: dict[int, Draft]) -> dict[int, Credit]:
    """Return the agency that a stored copy of each original names: settled again, it is no other's than before."""
    if not roots:
        return {}
    rows = FingerprintRow.objects.filter(article__copy_of_id__in=roots).exclude(pk__in=by_id)
    found: dict[int, Credit] = {}
    for root, said in rows.order_by("article__reported_at", "pk").values_list(
        "article__copy_of_id", "credits"
    ):
        agency = next((one for one in said if one["kind"] == "agency"), None)
        if root is not None and agency:
            found.setdefault(root, Credit(**agency))
    return found


def _wanted(
    root: int,
    draft: Draft | None,
    stored: Article | None,
    members: Sequence[Draft],
    of_copies: Credit | None,
) -> Origin:
    agency = _first(members, "agency")
    if stored is not None:
        kept = stored.origin
        if kept and (kept.kind != Origin.Kind.ORIGINAL or not agency):
            return kept
        return _of_credit(agency) if agency else _of_article(stored)
    if draft is None:  # its original is neither in the batch nor stored: it was withdrawn
        return _of_article(members[0].article)
    own = next((credit for credit in draft.credits if credit.kind == "agency"), None) or agency or of_copies
    own = own or next(iter(draft.credits), None)
    return _of_credit(own) if own else _of_article(draft.article)


def _first(members: Iterable[Draft], kind: str) -> Credit | None:
    return next((one for draft in members for one in draft.credits if one.kind == kind), None)


def _of_article(article: Article) -> Origin:
    publisher = article.source.publisher
    return Origin(
        kind=Origin.Kind.ORIGINAL,
        key=f"article:{article.pk}",
        independence_key=f"family:{publisher.family}",
        name=article.source.name[:NAME_LENGTH],
        url=article.url,
        article=article,
        publisher=publisher,
        state_control=max(article.source.state_control, publisher.state_control),
    )


def _of_credit(credit: Credit) -> Origin:
    if credit.kind == "agency":
        key = f"agency:{credit.slug}"
        return Origin(kind=Origin.Kind.AGENCY, key=key, independence_key=key, name=credit.name[:NAME_LENGTH])
    site = owners_domain(domain_of(credit.url)) if credit.url else ""
    publisher = _publisher_of(site, credit.name)
    key = f"outside:{site or ' '.join(credit.name.casefold().split())}"[:KEY_LENGTH]
    return Origin(
        kind=Origin.Kind.OUTSIDE,
        key=key,
        independence_key=f"family:{publisher.family}" if publisher else key,
        name=(publisher.name if publisher else credit.name)[:NAME_LENGTH],
        url=credit.url,
        publisher=publisher,
        state_control=publisher.state_control if publisher else 0,
    )


def _publisher_of(site: str, name: str) -> Publisher | None:
    """Return the publisher that we know under a site or an outlet's name, if any."""
    if site:
        found = Publisher.objects.filter(homepage_domains__contains=[site]).first()
        if found:
            return found
    return Publisher.objects.filter(Q(name__iexact=name) | Q(sources__name__iexact=name)).first()


def _make(origins: Iterable[Origin]) -> dict[str, Origin]:
    """Store origins that are new by their key; return all by key."""
    by_key = {origin.key: origin for origin in origins}
    _fill_control([one for one in by_key.values() if one.pk is None and one.kind == Origin.Kind.AGENCY])
    Origin.objects.bulk_create([one for one in by_key.values() if one.pk is None], ignore_conflicts=True)
    return {one.key: one for one in Origin.objects.filter(key__in=by_key)}


def _fill_control(agencies: Sequence[Origin]) -> None:
    """Give new agencies' origins the state control of the agency."""
    if not agencies:
        return
    slugs = [one.key.removeprefix("agency:") for one in agencies]
    controls = dict(Agency.objects.filter(slug__in=slugs).values_list("slug", "state_control"))
    for one, slug in zip(agencies, slugs, strict=True):
        one.state_control = controls.get(slug, 0)


def _adopt(origin: Origin, one: Repointed, drafts: Sequence[Draft]) -> None:
    """Give a group that was taken over its new original's origin; drop the origin nobody has any more."""
    Article.objects.filter(Q(copy_of_id=one.new) | Q(pk=one.new)).exclude(origin=origin).update(origin=origin)
    Origin.objects.filter(key=f"article:{one.old}").exclude(pk=origin.pk).filter(articles=None).delete()
