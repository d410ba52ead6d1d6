"""Group a batch of articles into stories: the rows' side of `pipeline.group`.

Runs inside the line's lock, so one batch after the other, in order of arrival. Copies stand in
their original's story, or in that of the copy that stands in for it (`stand_ins`); outside forms and what
readers do not see stand in none; a curator's links win. Grouping an article again leaves it where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aggregator.models import Article, GroupFeatures, Membership, Story
from aggregator.pipeline.features import Features, pack, rarity, read_features
from aggregator.pipeline.group import OUTSIDE_FORMS, GroupVerdict
from aggregator.pipeline.group_outlets import without_outlet_names
from aggregator.pipeline.group_places import whereabouts
from aggregator.pipeline.group_words import shared_words
from aggregator.services.drafts import Draft
from aggregator.services.latecomers import LATE_FOR, STANDS_FOR, is_reprint, tell_late
from aggregator.services.seating import STORY_SPAN, hide_with_stories, seat_texts
from aggregator.services.stand_ins import tell_anew
from aggregator.services.standing import Links, Where, links_of, place_in_line, take_story_ids, where_now
from aggregator.services.story_shelf import Shelf

WORDS_TOLD = 8  # in a reason
_UNDATED = frozenset({"missing", "guessed"})
_shelf = Shelf()


def group_batch(drafts: Sequence[Draft], now: datetime) -> set[int]:
    """Write memberships of drafts and return the ids of the stories that changed.

    The caller holds the line's lock, has saved the articles, and places the returned stories
    afterwards. Number of queries does not depend on the number of drafts, but for stories far in
    the past. Idempotent. Within a batch the oldest report comes first, whenever it was found, so that
    stories grow as the happening was told; copies come after the originals.
    """
    ordered = sorted(drafts, key=place_in_line)
    _shelf.sync()
    _shelf.cover(d.article.reported_at for d in ordered)
    batch = _Batch(now, where_now(ordered), links_of(ordered), take_story_ids(len(ordered)))
    _shelf.require(batch.linked_stories())
    try:
        for draft in ordered:
            batch.group(draft)
        batch.write()
    finally:  # also when writing failed: what is in memory then is in no row
        _shelf.note(batch.touched)
    return batch.touched


def warm_up() -> None:
    """Read the stories of the window, once a process and before the lock is taken: it takes seconds."""
    _shelf.warm_up()


def synced_shelf() -> Shelf:
    """Return the stories in memory, in step with the rows; the caller holds the line's lock."""
    _shelf.sync()
    return _shelf


def forget() -> None:
    """Drop what this process holds in memory; the next batch reads the rows again."""
    global _shelf
    _shelf = Shelf()


def features_of(draft: Draft) -> Features:
    """Return what grouping compares of a draft."""
    article = draft.article
    return read_features(
        article.title,
        draft.text.text or article.extract,
        at=article.reported_at,
        dated=article.published_kind not in _UNDATED,
        outlet=article.source.slug,
        called=article.source.name,
        credited=[credit.name for credit in draft.credits if credit.kind == "agency"],
        where=whereabouts(draft.located),
    )


@dataclass
class _Batch:
    """Decisions of one batch, written at its end."""

    now: datetime
    where: Where
    links: Links
    free_ids: list[int]
    touched: set[int] = field(default_factory=set)
    opened: dict[int, Draft] = field(default_factory=dict)
    joined: dict[int, Membership] = field(default_factory=dict)
    left: set[int] = field(default_factory=set)
    features: dict[int, GroupFeatures] = field(default_factory=dict)
    stayed: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)

    def linked_stories(self) -> set[int]:
        """Return stories that links point to."""
        others = {
            a for links in (self.links.must, self.links.cannot) for group in links.values() for a in group
        }
        return {self.where.story_of[a] for a in others if a in self.where.story_of}

    def group(self, draft: Draft) -> None:
        """Decide on one draft."""
        article = draft.article
        if article.status == Article.Status.HIDDEN and article.relevance == "in":
            return  # it is hidden with its story, and comes back with it
        leader = self.where.leader(draft) if draft.is_shown else None
        if leader is None:
            self._leave(article)
        elif leader != article.pk:
            self._follow(draft, leader)
        elif article.pk in self.where.story_of and draft.classified.form not in OUTSIDE_FORMS:
            self._stay(draft)
        else:
            self._decide(draft)

    def _follow(self, draft: Draft, leader: int) -> None:
        article = draft.article
        story = self.where.story_of.get(leader)
        fits = story is not None and self._fits(story, article.reported_at)
        self._wake(article.copy_of_id)
        if story is not None and not fits and not is_reprint(article, _shelf.index.features_of(leader)):
            self._come_late(draft)
            return
        _shelf.index.remove(article.pk)
        if story is None or not fits:
            self._leave(article)
            return
        self._join(draft, story, 1.0, {"rule": "copy", "article": leader})

    def _come_late(self, draft: Draft) -> None:
        """Group a copy for which its text's story has no room by its own words; it stays where it was before."""
        if draft.article.pk not in self.where.story_of or draft.classified.form in OUTSIDE_FORMS:
            self._decide(draft, LATE_FOR)
            return
        self._renew(draft)
        self.late.append(draft.article.pk)

    def _stay(self, draft: Draft) -> None:
        """An article settled again keeps its story; what is known of it is renewed."""
        if self._renew(draft) and draft.article.copy_of_id is not None:
            self.where.texts.moved.add(draft.article.copy_of_id)
        self.stayed.append(draft.article.pk)

    def _renew(self, draft: Draft) -> bool:
        story = self.where.story_of[draft.article.pk]
        self.touched.add(story)
        if not draft.text_changed and _shelf.index.features_of(draft.article.pk) is not None:
            return False
        features = features_of(draft)
        self._keep(draft, features, None)
        _shelf.index.remove(draft.article.pk)
        _shelf.index.add(story, draft.article.pk, features)
        return True

    def _decide(self, draft: Draft, leads_as: str = STANDS_FOR) -> None:
        article, features = draft.article, features_of(draft)
        verdict = self._own_copies(draft) or _shelf.index.decide(
            features,
            form=draft.classified.form,
            must=sorted(self.links.must[article.pk]),
            cannot=sorted(self.links.cannot[article.pk]),
        )
        self._keep(draft, features, verdict.story if verdict.kind == "outside" else None)
        if verdict.kind == "outside":
            self._leave(article)
            return
        story = verdict.story if verdict.story is not None else self._open(draft)
        reason = verdict.reason if verdict.story is not None else _opening(verdict.reason)
        if article.copy_of_id is not None:
            reason = {**reason, leads_as: article.copy_of_id}
        self._join(draft, story, verdict.score, reason)
        _shelf.index.add(story, article.pk, features)

    def _own_copies(self, draft: Draft) -> GroupVerdict | None:
        """What was found after its copies, or leads them now, takes its place in their story."""
        article = draft.article
        if draft.classified.form in OUTSIDE_FORMS:
            return None
        barred = {self.where.story_of.get(a) for a in self.links.cannot[article.pk]}
        for copy, story in self.where.copies_in[article.copy_of_id or article.pk]:
            there = copy != article.pk and self.where.story_of.get(copy) == story
            if there and story not in barred and self._fits(story, article.reported_at):
                return GroupVerdict("join", story, 1.0, {"rule": "its_copies", "article": copy})
        return None

    def _open(self, draft: Draft) -> int:
        story = self.free_ids.pop()
        self.opened[story] = draft
        return story

    def _join(self, draft: Draft, story: int, score: float, reason: dict[str, Any]) -> None:
        article = draft.article
        old = self.where.story_of.get(article.pk)
        if old is not None and old != story:
            self.touched.add(old)
        if old != story and article.copy_of_id is None:
            for copy in self.where.texts.took_place(article.pk):
                _shelf.index.remove(copy)
                self.touched.add(self.where.story_of.get(copy, story))
        self.where.story_of[article.pk] = story
        first, last = self._span(story, article.reported_at)
        self.where.spans[story] = min(first, article.reported_at), max(last, article.reported_at)
        self.left.discard(article.pk)
        self.touched.add(story)
        self.joined[article.pk] = Membership(
            story_id=story, article=article, score=round(score, 4), reason=reason, joined_at=self.now
        )

    def _leave(self, article: Article) -> None:
        _shelf.index.remove(article.pk)
        self.joined.pop(article.pk, None)
        story = self.where.story_of.pop(article.pk, None)
        if story is not None:
            self.touched.add(story)
            self.left.add(article.pk)
        self.where.texts.left(article, stood=story is not None)
        self._wake(article.pk)

    def _wake(self, text: int | None) -> None:
        """Have what stands in for an original settled again if it came to lead when nobody looked."""
        held = self.where.texts.stand_ins.get(text or 0)
        if held is not None and _shelf.index.features_of(held.article) is None:
            self.where.texts.again.add(held.article)

    def _fits(self, story: int, at: datetime) -> bool:
        first, last = self._span(story, at)
        return max(last, at) - min(first, at) <= STORY_SPAN

    def _span(self, story: int, at: datetime) -> tuple[datetime, datetime]:
        """Return the first and newest report of a story, `at` when nothing is known of it."""
        held = _shelf.index.stories.get(story)
        if story in self.where.spans or held is None or held.first_at is None or held.last_at is None:
            return self.where.spans.get(story, (at, at))
        return datetime.fromtimestamp(held.first_at, UTC), datetime.fromtimestamp(held.last_at, UTC)

    def _keep(self, draft: Draft, features: Features, about: int | None) -> None:
        self.features[draft.article.pk] = GroupFeatures(
            article=draft.article, packed=pack(features), about_story_id=about
        )

    def _name_words(self) -> None:
        """Put the words that an article shares with its story into the reason, rarest first."""
        rows = {pk: m for pk, m in self.joined.items() if m.reason.get("rule") == "model"}
        partners = {pk: _shelf.index.first_members(m.story_id, but=pk) for pk, m in rows.items()}
        wanted = {a for group in partners.values() for a in group}
        texts = Article.objects.filter(pk__in=wanted).values_list("pk", "source__name", "title", "extract")
        told = {pk: without_outlet_names(*text) for pk, *text in texts}
        for pk, row in rows.items():
            others = "\n".join(told.get(a, "") for a in partners[pk])
            article = row.article
            words = shared_words(
                without_outlet_names(article.source.name, article.title, article.extract), others
            )
            row.reason["shared"] = sorted(words, key=rarity)[:WORDS_TOLD]

    def write(self) -> None:
        """Write stories, memberships and features."""
        self._name_words()
        Story.objects.bulk_create([self._story_row(pk, draft) for pk, draft in self.opened.items()])
        if self.left:
            Membership.objects.filter(article_id__in=self.left).delete()
        Membership.objects.bulk_create(
            self.joined.values(),
            update_conflicts=True,
            unique_fields=["article"],
            update_fields=["story", "score", "reason"],
        )
        GroupFeatures.objects.bulk_create(
            self.features.values(),
            update_conflicts=True,
            unique_fields=["article"],
            update_fields=["packed", "about_story"],
        )
        self.where.texts.lost(tell_anew(self.stayed))
        tell_late(self.late)
        hide_with_stories(self.joined.values())
        joined = {row.story_id: self.where.spans[row.story_id] for row in self.joined.values()}
        seat_texts(self.where.texts, self.where.story_of, joined, self.now)

    def _story_row(self, pk: int, draft: Draft) -> Story:
        at = draft.article.reported_at
        return Story(
            pk=pk, first_at=at, last_at=at, happened_on=at.date(), created_at=self.now, changed_at=self.now
        )


def _opening(reason: dict[str, Any]) -> dict[str, Any]:
    """Return why an article opened a story: what was nearest speaks of another story, and is only named."""
    return {"rule": "opened", **{key: reason[key] for key in ("story", "score") if key in reason}}
