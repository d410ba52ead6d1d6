"""What origins count as, by the publishers and agencies as they stand; and what that means for stories.

An origin keeps its family, state control and name, so that lists need not ask for them. When a curator
changes a publisher, an outlet or an agency, the origins that this touches are brought up to date here, and
their stories are counted anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from aggregator.models import Agency, Article, Membership, Origin, Publisher, Source, Story
from aggregator.pipeline.domains import owners_domain

NAME_LENGTH = 200
Standing = tuple[str, int]  # the key that counts once, and the state control of it


class Directory:
    """Publishers by site and by name, and the state control of agencies: as this transaction sees them."""

    def __init__(self) -> None:
        self.sites: dict[str, Publisher] = {}
        self.names: dict[str, Publisher] = {}
        publishers = {row.pk: row for row in Publisher.objects.defer("owner_note", "state_control_basis")}
        for row in publishers.values():  # by name: of two with one site the first has it
            for domain in row.homepage_domains:
                self.sites.setdefault(domain, row)
            self.names.setdefault(row.name.casefold(), row)
        for name, pk in Source.objects.order_by("name").values_list("name", "publisher_id"):
            self.names.setdefault(name.casefold(), publishers[pk])
        self.agencies = {slug: (name, control) for slug, name, control in _agencies()}

    def publisher(self, said: str) -> Publisher | None:
        """Return the publisher of a site or name, as the key of an outside origin has it."""
        return self.sites.get(owners_domain(said)) or self.names.get(said.casefold())


def _agencies() -> Iterable[tuple[str, str, int]]:
    return Agency.objects.order_by("slug").values_list("slug", "name", "state_control")


def bring_up_to_date(origin_ids: Iterable[int], directory: Directory) -> set[int]:
    """Give origins the family, state control and name of their publishers and agencies; return those changed."""
    changed = []
    for origin in with_publishers(Origin.objects.filter(pk__in=list(origin_ids))):
        old = origin.independence_key, origin.state_control, origin.publisher_id, origin.name
        _fill(origin, directory)
        if old != (origin.independence_key, origin.state_control, origin.publisher_id, origin.name):
            changed.append(origin)
    Origin.objects.bulk_update(changed, ["independence_key", "state_control", "publisher", "name"])
    return {origin.pk for origin in changed}


def with_publishers(origins: QuerySet[Origin]) -> QuerySet[Origin]:
    """Return origins with all that says what they count as."""
    return origins.select_related("publisher", "article__source__publisher")


def standing_of(origin: Origin, directory: Directory) -> Standing:
    """Return what an origin, read by `with_publishers`, counts as by the rows as they stand."""
    _fill(origin, directory)
    return origin.independence_key, origin.state_control


def _fill(origin: Origin, directory: Directory) -> None:
    said = origin.key.partition(":")[2]
    if origin.kind == Origin.Kind.AGENCY:
        origin.name, origin.state_control = directory.agencies.get(said, (origin.name, origin.state_control))
    elif origin.kind == Origin.Kind.OUTSIDE:
        publisher = directory.publisher(said)
        origin.publisher = publisher
        origin.independence_key = f"family:{publisher.family}" if publisher else origin.key
        origin.state_control = publisher.state_control if publisher else 0
        if publisher:
            origin.name = publisher.name[:NAME_LENGTH]
    elif origin.article is not None:
        source = origin.article.source
        origin.publisher, origin.name = source.publisher, source.name[:NAME_LENGTH]
        origin.independence_key = f"family:{source.publisher.family}"
        origin.state_control = max(source.state_control, source.publisher.state_control)


# -- what it means for stories ---------------------------------------------------------------


@dataclass
class Effects:
    """What happens to stories → how many, and some of their ids."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    examples: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def note(self, what: str, story_id: int, most: int) -> None:
        """Count one story."""
        self.counts[what] += 1
        if len(self.examples[what]) < most:
            self.examples[what].append(story_id)


WHAT = {
    "fewer": "would count fewer origins",
    "more": "would count more origins",
    "key": "would become key",
    "not_key": "would be key no longer",
    "thin": "would become thinly covered",
    "not_thin": "would be thinly covered no longer",
}


def effects(
    story_ids: Sequence[int], standing: Callable[[Article], Standing], *, into: Effects, most: int = 12
) -> None:
    """Compare stories as they are counted now with how they would be; `standing` tells it for a member.

    Members come with `origin`, read by what `with_publishers` reads, and `source.publisher`.
    """
    counted: dict[int, dict[str, int]] = {pk: {} for pk in story_ids}
    for row in _members(story_ids):
        key, control = standing(row.article)
        found = counted[row.story_id]
        found[key] = min(control, found.get(key, 9))
    stories = Story.objects.filter(pk__in=story_ids, retired_into=None).only("origin_count", "is_key")
    for story in stories:
        if counted[story.pk]:
            _compare(story, counted[story.pk], into, most)


def _members(story_ids: Sequence[int]) -> Iterable[Membership]:
    rows = Membership.objects.filter(story_id__in=story_ids, article__status=Article.Status.VISIBLE)
    return rows.select_related(
        "article__source__publisher",
        "article__origin__publisher",
        "article__origin__article__source__publisher",
    ).defer("article__extract", "article__mentions", "article__copy_reason", "article__relevance_reason")


def _compare(story: Story, after: Mapping[str, int], into: Effects, most: int) -> None:
    count, is_key = len(after), len(after) >= 2 and min(after.values()) < 3
    happens = {
        "fewer": count < story.origin_count,
        "more": count > story.origin_count,
        "key": is_key and not story.is_key,
        "not_key": story.is_key and not is_key,
        "thin": count == 1 and story.origin_count > 1,
        "not_thin": count > 1 and story.origin_count == 1,
    }
    for what, does in happens.items():
        if does:
            into.note(what, story.pk, most)
    if any(happens.values()):
        into.note("stories", story.pk, 0)


def as_stored() -> Callable[[Article], Standing]:
    """Return a `standing` by the origins as they are stored."""

    def standing(article: Article) -> Standing:
        origin = article.origin
        if origin is None:
            return f"family:{article.source.family}", article.source.state_control
        return origin.independence_key, origin.state_control

    return standing


def by_rows(directory: Directory) -> Callable[[Article], Standing]:
    """Return a `standing` by the publishers and agencies as this transaction sees them."""
    known: dict[int, Standing] = {}

    def standing(article: Article) -> Standing:
        origin = article.origin
        if origin is None:
            return f"family:{article.source.family}", article.source.state_control
        if origin.pk not in known:
            known[origin.pk] = standing_of(origin, directory)
        return known[origin.pk]

    return standing
