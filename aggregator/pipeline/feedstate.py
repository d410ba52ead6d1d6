"""The truth about a feed: what a poll makes of its state, and when it is due again.

Every outcome of a poll goes through `after_poll`, so that none can forget to say when the feed is
due again or why it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from aggregator.errors import Facts, filled
from aggregator.errors import gettext_noop as _
from aggregator.pipeline import schedule

NEW, OK, STALE, EMPTY, MOVED = "new", "ok", "stale", "empty", "moved"
NOT_A_FEED, FAILING, DEAD, MUTED = "not_a_feed", "failing", "dead", "muted"

STALE_AFTER = timedelta(days=30)
MOVES, MOVE_SPAN = 10, timedelta(days=3)  # Feedbin and NewsBlur: one redirect proves nothing
DOUBTED_FAILURES = 2  # in a row, after which a feed is asked without validators
TOLD_WITHIN = timedelta(minutes=15)  # from a hub's word to the news that it told of
GONE_CHECKS = 7  # days that a feed that is gone (410) is asked whether it came back
UNREADABLE = frozenset({"not_a_feed", "empty_answer"})
SAID = "said"  # in `extra`: what stands in the sentence of the state at %(name)s


@dataclass(frozen=True, slots=True)
class FeedNow:
    """A feed's row, as far as a poll changes it.

    `extra` holds facts of its last document, and those that stand in `sentence`.
    """

    id: int
    url: str
    state: str = NEW
    code: str = ""
    sentence: str = ""
    since: datetime | None = None
    failures: int = 0
    every: timedelta = timedelta(minutes=15)
    low: timedelta | None = None
    high: timedelta | None = None
    next_poll_at: datetime | None = None
    last_polled_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    last_full_get_at: datetime | None = None
    etag: str = ""
    last_modified: str = ""
    body_hash: int | None = None
    id_policy: int = 0
    moved_to: str = ""
    moved_count: int = 0
    moved_since: datetime | None = None
    title: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    pushed_at: datetime | None = None  # when its hub last told of news, while the hub's lease runs


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one poll brought."""

    kind: str  # new | unchanged | failed
    code: str = ""
    sentence: str = ""
    asked: timedelta | None = None  # the wait that the answer asks for
    permanent_url: str = ""
    was_full: bool = True  # asked without validators
    document: Document | None = None  # None on 304, on the same bytes as before, and on failure
    etag: str | None = None  # the validators of an answer with the same bytes as before
    last_modified: str | None = None
    new_count: int = 0
    facts: Facts = field(default_factory=dict)  # that stand in the sentence

    @property
    def has_document(self) -> bool:
        """Return whether a whole document came, new or the same as before."""
        return self.document is not None or self.etag is not None


@dataclass(frozen=True, slots=True)
class Document:
    """Facts of a document that was read."""

    item_count: int
    dates: Sequence[datetime]
    body_hash: int
    etag: str = ""
    last_modified: str = ""
    policy: int = 0
    title: str = ""
    note: str = ""
    note_facts: Facts = field(default_factory=dict)
    ttl_minutes: int = 0
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    keeps_validators: bool = True


def after_poll(feed: FeedNow, outcome: Outcome, now: datetime, *, is_outage: bool = False) -> FeedNow:
    """Return the feed after a poll.

    `is_outage` says that most polls fail at the moment, so that the trouble is ours: the failure is
    shown but not counted, and the feed is asked again soon.
    """
    feed = replace(feed, last_polled_at=now)
    # A document in answer to validators shows, as a full request would, that they are not stuck.
    if outcome.has_document or (outcome.was_full and outcome.kind != "failed"):
        feed = replace(feed, last_full_get_at=now)
    if outcome.kind == "failed":
        return _after_outage(feed, now) if is_outage else _after_failure(feed, outcome, now)
    return _after_answer(feed, outcome, now)


def _after_outage(feed: FeedNow, now: datetime) -> FeedNow:
    words = _("This machine seems to have no connection: most feeds fail at the moment.")
    at = now + schedule.OUTAGE_WAIT * (1 + schedule.JITTER * schedule.jitter_of(feed.id, now.minute))
    return replace(_in_state(feed, FAILING, "own_outage", words, now), next_poll_at=at)


def _after_failure(feed: FeedNow, outcome: Outcome, now: datetime) -> FeedNow:
    failures = feed.failures + 1
    feed = replace(feed, failures=failures)
    if outcome.code == "http_410":
        return _gone(feed, outcome, now)
    state = NOT_A_FEED if outcome.code in UNREADABLE else FAILING
    feed = _in_state(feed, state, outcome.code, outcome.sentence, now, outcome.facts)
    feed = replace(feed, next_poll_at=_due(feed, outcome, now))
    # They stand for the last document that was read, and stay; but some servers stumble over validators themselves.
    return feed if failures < DOUBTED_FAILURES else replace(feed, etag="", last_modified="", body_hash=None)


def _gone(feed: FeedNow, outcome: Outcome, now: datetime) -> FeedNow:
    checks = feed.extra.get("gone", 0) + 1
    is_over = checks > GONE_CHECKS
    words = _("The server says that the feed is gone for good (410). It is not asked again.")
    if not is_over:
        words = _(
            "The server says that the feed is gone for good (410). It is asked once a day, %(times)s times in all."
        )
    feed = replace(feed, extra={**feed.extra, "gone": checks})
    feed = _in_state(feed, DEAD, outcome.code, words, now, {} if is_over else {"times": GONE_CHECKS})
    return replace(feed, next_poll_at=None if is_over else now + schedule.MAX_WAIT)


def _after_answer(feed: FeedNow, outcome: Outcome, now: datetime) -> FeedNow:
    feed = replace(
        feed, failures=0, last_ok_at=now, last_new_at=now if outcome.new_count else feed.last_new_at
    )
    if "gone" in feed.extra:
        feed = replace(feed, extra={name: value for name, value in feed.extra.items() if name != "gone"})
    if outcome.document is not None:
        feed = _with_document(feed, outcome.document, now)
    else:
        feed = _without_document(feed, outcome, now)
    feed = _with_move(feed, outcome.permanent_url, now)
    feed = _with_health(feed, now)
    return replace(feed, next_poll_at=_due(feed, outcome, now))


def _without_document(feed: FeedNow, outcome: Outcome, now: datetime) -> FeedNow:
    if outcome.etag is not None:
        feed = replace(feed, etag=outcome.etag, last_modified=outcome.last_modified or "")
    silence = _silence(feed, now)
    if silence is None:
        return feed
    return replace(feed, every=schedule.quieter(feed.every, silence, low=feed.low, high=feed.high))


def _with_document(feed: FeedNow, document: Document, now: datetime) -> FeedNow:
    newest = max((moment for moment in document.dates if moment <= now), default=None)
    every = schedule.every_from(document.dates, now, low=feed.low, high=feed.high, current=feed.every)
    extra = {
        "items": document.item_count,
        "newest": newest.isoformat() if newest else "",
        "note": document.note,
        "note_facts": dict(document.note_facts),
        "ttl": document.ttl_minutes,
        "skip_hours": list(document.skip_hours),
        "skip_days": list(document.skip_days),
    }
    keeps = document.keeps_validators
    return replace(
        feed,
        every=every,
        etag=document.etag if keeps else "",
        last_modified=document.last_modified if keeps else "",
        body_hash=document.body_hash if keeps else None,
        id_policy=document.policy,
        title=feed.title or document.title,
        extra={name: value for name, value in extra.items() if value or name == "items"},
    )


def _with_move(feed: FeedNow, target: str, now: datetime) -> FeedNow:
    """Count permanent redirects to one address; any other answer starts the count again."""
    if not target:
        return replace(feed, moved_to="", moved_count=0, moved_since=None) if feed.moved_count else feed
    if target != feed.moved_to:
        return replace(feed, moved_to=target, moved_count=1, moved_since=now)
    return replace(feed, moved_count=feed.moved_count + 1)


def has_moved(feed: FeedNow, now: datetime) -> bool:
    """Return whether the address that the feed's permanent redirects name is to become its own."""
    return feed.moved_count >= MOVES and feed.moved_since is not None and now - feed.moved_since >= MOVE_SPAN


def _with_health(feed: FeedNow, now: datetime) -> FeedNow:
    """Return a feed that answered, with what is to be told of it."""
    if feed.moved_to:
        words = _("It works, but moved for good to %(address)s (times seen: %(count)s).")
        facts: Facts = {"address": feed.moved_to, "count": feed.moved_count}
        return _in_state(feed, MOVED, "moved_permanently", words, now, facts)
    if feed.extra.get("items") == 0:
        return _in_state(feed, EMPTY, "no_items", _("It is a feed, but has no items."), now)
    silence = _silence(feed, now)
    if silence is not None and silence >= STALE_AFTER:
        words = _("Its newest item is %(days)s days old.")
        return _in_state(feed, STALE, "no_recent_items", words, now, {"days": silence.days})
    if note := feed.extra.get("note"):
        facts = {"note": note, **feed.extra.get("note_facts", {})}
        return _in_state(feed, OK, "malformed", _("Read, though: %(note)s"), now, facts)
    return _in_state(feed, OK, "", "", now)


def _silence(feed: FeedNow, now: datetime) -> timedelta | None:
    last = newest_of(feed)
    return now - last if last else None


def newest_of(feed: FeedNow) -> datetime | None:
    """Return when a feed last had something new: its newest date, or, undated, when we found something new."""
    newest = feed.extra.get("newest")
    return datetime.fromisoformat(newest) if newest else feed.last_new_at


def _in_state(
    feed: FeedNow, state: str, code: str, sentence: str, now: datetime, facts: Facts | None = None
) -> FeedNow:
    since = feed.since if feed.state == state and feed.since else now
    extra = with_said(feed.extra, facts)
    return replace(feed, state=state, code=code, sentence=sentence, since=since, extra=extra)


def with_said(extra: Mapping[str, Any], facts: Facts | None = None) -> dict[str, Any]:
    """Return a feed's `extra` with the facts of a new sentence in the place of those of the one before."""
    rest = {name: value for name, value in extra.items() if name != SAID}
    return {**rest, SAID: dict(facts)} if facts else rest


def said(sentence: str, extra: Mapping[str, Any], translated: Callable[[str], str] = _) -> str:
    """Return the sentence of a feed's state as it is shown, in the language of `translated`.

    A sentence that was stored whole, with no facts or with none that fit, is shown as it stands. The note on a document is
    a sentence itself.
    """
    facts = dict(extra.get(SAID) or {})
    if "note" in facts:
        facts["note"] = _filled(str(facts["note"]), facts, translated)
    return _filled(sentence, facts, translated) if sentence else ""


def _filled(template: str, facts: Facts, translated: Callable[[str], str]) -> str:
    try:
        return filled(translated(template), facts)
    except (KeyError, TypeError, ValueError):
        return template


def _is_told(feed: FeedNow) -> bool:
    """Return whether a hub told of the newest thing that was found: else polling goes on as without a hub."""
    if feed.pushed_at is None:
        return False
    return feed.last_new_at is None or feed.last_new_at - feed.pushed_at <= TOLD_WITHIN


def _due(feed: FeedNow, outcome: Outcome, now: datetime) -> datetime:
    turn = int(now.timestamp()) // 60
    ttl = timedelta(minutes=min(int(feed.extra.get("ttl") or 0), 24 * 60))
    asked = max(outcome.asked or timedelta(), ttl)
    at = schedule.next_poll_at(
        now,
        every=schedule.slowed(feed.every) if _is_told(feed) else feed.every,
        failures=feed.failures,
        jitter=schedule.jitter_of(feed.id, turn),
        asked=asked,
    )
    hours, days = feed.extra.get("skip_hours") or (), feed.extra.get("skip_days") or ()
    return schedule.after_skipped(at, hours, days) if hours or days else at
