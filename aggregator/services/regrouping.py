"""What a second look at stories changes, and how it is written: memberships, retired stories, the log.

A part of a plan holds stories that exchange articles with each other only; it is written whole or not
at all, by whoever holds the line's lock.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F

from aggregator.models import Article, GroupFeatures, Membership, Story
from aggregator.pipeline import repair
from aggregator.pipeline.repair import Links, Place, Standing
from aggregator.services import placing
from aggregator.services.curation.acts import Actor, log_act, member_ids
from aggregator.services.grouping import STORY_SPAN

MERGED = "They report one happening."
PARTED = "It reports something else than the rest of its story."
MOVED = "It is nearer to this story, seen in the order of the reports."
TOLD = ("words", "title", "shared_words", "shared_numbers", "places_shared", "hours")
Target = tuple[str, int]  # ("story", id), or ("new", number of the group) for one that is opened


@dataclass
class Part:
    """Stories that exchange articles: by article where it goes from and to, with the verdict."""

    stories: set[int] = field(default_factory=set)
    moves: dict[int, tuple[int, Target, Place]] = field(default_factory=dict)

    @property
    def articles(self) -> Collection[int]:
        """The articles that move."""
        return self.moves.keys()


@dataclass
class Plan:
    """Everything that a look changes; `threads` are (article, thread, unites) as they are to be kept."""

    parts: list[Part]
    threads: list[tuple[int, int, int | None]] = field(default_factory=list)

    @property
    def moved(self) -> set[int]:
        """The articles that move."""
        return {article for part in self.parts for article in part.moves}

    def portions(self, size: int) -> Iterator[list[Part]]:
        """Yield parts, of about `size` stories together."""
        portion: list[Part] = []
        for part in self.parts:
            portion.append(part)
            if sum(len(p.stories) for p in portion) >= size:
                yield portion
                portion = []
        if portion:
            yield portion


def plan(looked: Sequence[Standing], must: Links, cannot: Links) -> Plan:
    """Decide again about what is loose, and return which articles go where. Takes a millisecond each."""
    places = repair.regroup(looked, must=must, cannot=cannot)
    groups = {article: place.group for article, place in places.items()}
    names = repair.name_groups(groups, looked)
    moves: dict[int, tuple[int, Target, Place]] = {}
    for one in looked:
        group = groups[one.article]
        target: Target = ("story", names[group]) if group in names else ("new", group)
        if target != ("story", one.story):
            moves[one.article] = (one.story or 0, target, places[one.article])
    threads = []
    for one in looked:
        place = places[one.article]
        if not one.fixed and (place.thread, place.unites) != (one.thread, one.unites):
            threads.append((one.article, place.thread, place.unites))
    return Plan(_parts(moves), threads)


def _parts(moves: dict[int, tuple[int, Target, Place]]) -> list[Part]:
    """Put moves together that share a story, from or to."""
    head: dict[Target, Target] = {}

    def find(node: Target) -> Target:
        while (above := head.setdefault(node, node)) != node:
            node = above
        return node

    for leaves, target, _ in moves.values():
        head[find(("story", leaves))] = find(target)
    parts: dict[Target, Part] = defaultdict(Part)
    for article, move in moves.items():
        part = parts[find(move[1])]
        part.moves[article] = move
        part.stories.update({move[0]} | ({move[1][1]} if move[1][0] == "story" else set()))
    return list(parts.values())


def write(parts: Sequence[Part], shaped: Collection[int], now: datetime) -> tuple[set[int], int]:
    """Write parts, with everything that follows; return the stories that changed and the number of acts.

    The caller holds the line's lock and has made sure that the stories are as they were seen.
    """
    touched: set[int] = set()
    acts = 0
    for part in parts:
        stories, done = _Writing(part, now).write()
        _seat_copies(stories, shaped, now)
        touched |= stories
        acts += done
    placing.place_stories(touched, now)
    return touched, acts


class _Writing:
    """One part on its way into rows."""

    def __init__(self, part: Part, now: datetime) -> None:
        self.part, self.now = part, now
        self.before = {pk: member_ids(pk) for pk in sorted(part.stories)}
        self.rows = Story.objects.in_bulk(list(part.stories))
        self.opened: dict[int, int] = {}
        self.ways: dict[tuple[int, int], list[int]] = defaultdict(list)
        self.is_new: set[int] = set()

    def write(self) -> tuple[set[int], int]:
        for article, (leaves, target, _) in self.part.moves.items():
            self.ways[leaves, self._story(target, article)].append(article)
        merged = self._merged()
        for (leaves, joins), articles in self.ways.items():
            self._log(leaves, joins, articles, whole=merged.get(leaves) == joins)
        for (leaves, joins), articles in self.ways.items():
            self._move(leaves, joins, articles, whole=merged.get(leaves) == joins)
        for leaves, joins in merged.items():
            self._retire(leaves, joins)
        return self.part.stories | self.is_new, len(self.ways)

    def _story(self, target: Target, article: int) -> int:
        """Return the story that a move goes to, opened when it is new."""
        kind, number = target
        if kind == "story":
            return number
        if number not in self.opened:
            rows = Membership.objects.values_list("article__reported_at", flat=True)
            at = rows.get(article_id=article)
            story = Story.objects.create(
                first_at=at, last_at=at, happened_on=at.date(), created_at=self.now, changed_at=self.now
            )
            self.opened[number] = story.pk
            self.is_new.add(story.pk)
        return self.opened[number]

    def _merged(self) -> dict[int, int]:
        """Return the stories that nothing stays in or comes to, with the one that most of each goes to."""
        comes_to = {joins for _, joins in self.ways}
        largest: dict[int, Counter[int]] = defaultdict(Counter)
        for (leaves, joins), articles in self.ways.items():
            largest[leaves][joins] += len(articles)
        own = dict(_own_texts(largest))
        return {
            leaves: max(counts, key=lambda s: (counts[s], -s))
            for leaves, counts in largest.items()
            if leaves not in comes_to and own.get(leaves, set()) <= self.part.moves.keys()
        }

    def _log(self, leaves: int, joins: int, articles: list[int], *, whole: bool) -> None:
        lists = {str(pk): self.before[pk] for pk in (joins, leaves) if pk in self.before}
        what = {"story": joins, "articles": articles, "score": self._score(articles)}
        if whole:
            act, reason, target = "merge", MERGED, joins
            what |= {"retired": leaves}
        elif joins in self.is_new:
            act, reason, target = "split", PARTED, leaves
            what |= {"article": articles[0]}
        else:
            act, reason, target = "move", MOVED, joins
            what |= {"article": articles[0], "from": leaves}
        row = self.rows[target] if target in self.rows else Story.objects.get(pk=target)
        log_act(Actor(None, self.now, reason), act, row, before={"stories": lists}, after=what)

    def _score(self, articles: list[int]) -> float:
        scores = [self.part.moves[a][2].score for a in articles]
        return round(sum(scores) / len(scores), 3)

    def _move(self, leaves: int, joins: int, articles: list[int], *, whole: bool) -> None:
        rule = "repair_merge" if whole else "repair_split" if joins in self.is_new else "repair_move"
        rows = {m.article_id: m for m in Membership.objects.filter(article_id__in=articles)}
        for article, row in rows.items():
            place = self.part.moves[article][2]
            why = place.reason
            if why.get("rule") == "fixed":  # it came along with its thread: its own words still hold
                why = row.reason
            else:
                row.score = round(place.score, 4)
            told = {key: why[key] for key in TOLD if key in why}
            row.story_id = joins
            row.reason = {"rule": rule, "from": leaves, **told}
        Membership.objects.bulk_update(rows.values(), ["story", "score", "reason"], batch_size=200)
        copies = Membership.objects.filter(story_id=leaves, article__copy_of_id__in=articles)
        copies.update(story_id=joins)

    def _retire(self, leaves: int, joins: int) -> None:
        """Close a story that is empty of texts of its own; what pointed to it points to the other."""
        Membership.objects.filter(story_id=leaves).update(story_id=joins)
        Story.objects.filter(pk=leaves).update(retired_into_id=joins)
        Story.objects.filter(earlier_id=leaves).exclude(pk=joins).update(earlier_id=joins)
        Story.objects.filter(earlier_id=F("pk")).filter(pk=joins).update(earlier_id=None)
        GroupFeatures.objects.filter(about_story_id=leaves).update(about_story_id=joins)


def _own_texts(stories: Collection[int]) -> Iterator[tuple[int, set[int]]]:
    """Yield stories with their members that are no copies."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = Membership.objects.filter(story_id__in=list(stories))
    for story, article in rows.filter(article__copy_of__isnull=True).values_list("story_id", "article_id"):
        found[story].add(article)
    yield from found.items()


def _seat_copies(stories: Collection[int], shaped: Collection[int], now: datetime) -> None:
    """Seat the copies of stories whose originals changed: within the span, the earliest first.

    One that has no room stands in no story, as when it arrives; one that had none may have it now.
    """
    spans: dict[int, list[datetime]] = defaultdict(list)
    rows = Membership.objects.filter(story_id__in=list(stories), article__copy_of__isnull=True)
    originals = dict(rows.values_list("article_id", "story_id"))
    for story, at in rows.values_list("story_id", "article__reported_at"):
        spans[story].append(at)
    copies = Article.objects.filter(copy_of_id__in=originals, status=Article.Status.VISIBLE, relevance="in")
    seated, late = [], []
    for copy in copies.select_related("membership").order_by("reported_at", "url_hash"):
        story, at = originals[copy.copy_of_id or 0], copy.reported_at
        row = getattr(copy, "membership", None)
        first, last = min(spans[story]), max(spans[story])
        if first <= at <= last or max(last, at) - min(first, at) <= STORY_SPAN:
            spans[story].append(at)
            if row is None:
                reason = {"rule": "copy", "article": copy.copy_of_id}
                seated.append(
                    Membership(story_id=story, article=copy, score=1.0, reason=reason, joined_at=now)
                )
        elif row is not None and row.story_id == story and copy.pk not in shaped:
            late.append(copy.pk)
    Membership.objects.bulk_create(seated)
    Membership.objects.filter(article_id__in=late).delete()
