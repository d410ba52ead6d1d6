"""How each feed is: state, sparkline, polls, and what a curator could do about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from aggregator.errors import CurationError
from aggregator.models import Feed, LogEntry, Poll, PollDay
from aggregator.pipeline.urls import canonical_url, url_hash
from aggregator.services import hosts, polling
from aggregator.services.curation.acts import Actor, ground_moved, log_act

PER_PAGE = 50
OFF = "off"  # in the place of a state: feeds that are switched off
KEPT_SECONDS = 26 * 3600
DAYS = 30
SILENT_AFTER = timedelta(days=40)
POLLS_SHOWN = 30


@dataclass(frozen=True)
class Bar:
    """One day of a sparkline: its place and height in pixels, and whether polls failed."""

    x: int
    y: float
    height: float
    failed: bool
    words: str


@dataclass(frozen=True)
class Advice:
    """What could be done about a feed: words, and the act that one button does, if there is one."""

    words: str = ""
    act: str = ""  # accept | off | retire
    label: str = ""
    reason: str = ""


@dataclass(frozen=True)
class FeedLine:
    """A feed in the list."""

    feed: Feed
    bars: tuple[Bar, ...]
    advice: Advice


def list_feeds(
    now: datetime, *, state: str = "", after: int = 0, source: int | None = None
) -> list[FeedLine]:
    """Return up to PER_PAGE feeds that are read, in one state or all, after an id; three queries.

    The state OFF stands for feeds of approved outlets that are switched off. Those of a source are all its feeds.
    """
    others = Exists(_siblings(OuterRef("source_id"), OuterRef("pk")))
    rows = (
        Feed.objects.filter(pk__gt=after)
        .select_related("source")
        .annotate(has_siblings=others)
        .order_by("pk")
    )
    if source is not None:
        rows = rows.filter(source_id=source)
    else:
        rows = rows.switched_off() if state == OFF else rows.polled()
    if state and state != OFF:
        rows = rows.filter(state=state)
    feeds = list(rows[:PER_PAGE])
    bars = sparklines([feed.pk for feed in feeds], now)
    return [FeedLine(feed, bars[feed.pk], advise(feed, now)) for feed in feeds]


def state_counts() -> dict[str, int]:
    """Return how many feeds that are read are in which state."""
    rows = Feed.objects.polled().order_by().values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def switched_off_count() -> int:
    """Return how many feeds of approved outlets are switched off."""
    return Feed.objects.switched_off().count()


def sparklines(feed_ids: Sequence[int], now: datetime) -> dict[int, tuple[Bar, ...]]:
    """Return the last 30 days of new items of each feed; days with failed polls are marked.

    Days that are over are summed up once and kept in the cache: only today's polls are read each time.
    """
    first, today = now.date() - timedelta(days=DAYS - 1), now.date()
    keys = {pk: f"spark:{pk}:{today}" for pk in feed_ids}
    kept = cache.get_many(list(keys.values()))
    sums = {pk: dict(kept[key]) for pk, key in keys.items() if key in kept}
    missing = [pk for pk in feed_ids if pk not in sums]
    if missing:
        found = _sums(missing, first, _start_of(today))
        cache.set_many({keys[pk]: found.get(pk, {}) for pk in missing}, timeout=KEPT_SECONDS)
        sums |= {pk: dict(found.get(pk, {})) for pk in missing}
    for pk, days in _sums(feed_ids, today, None).items():
        sums[pk] |= days
    return {pk: _bars(sums[pk], first) for pk in feed_ids}


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _sums(
    feed_ids: Sequence[int], first: date, until: datetime | None
) -> dict[int, dict[date, tuple[int, int]]]:
    """Return new items and failed polls by feed and day, from a day on; `until` leaves out the day that goes on."""
    sums: dict[int, dict[date, tuple[int, int]]] = defaultdict(dict)
    old = PollDay.objects.filter(feed_id__in=feed_ids, day__gte=first)
    polls = Poll.objects.filter(feed_id__in=feed_ids, at__gte=_start_of(first)).order_by()
    young = (
        (polls.filter(at__lt=until) if until else polls)
        .annotate(day=TruncDate("at"))
        .values("feed_id", "day")
        .annotate(new=Sum("new_count"), failures=Count("pk", filter=Q(outcome="failed")))
    )
    for feed, day, new, failed in old.values_list("feed_id", "day", "new_count", "failed"):
        sums[feed][day] = (new, failed)
    for row in young:
        had = sums[row["feed_id"]].get(row["day"], (0, 0))
        sums[row["feed_id"]][row["day"]] = (had[0] + row["new"], had[1] + row["failures"])
    return sums


def _bars(days: dict[date, tuple[int, int]], first: date) -> tuple[Bar, ...]:
    most = max((new for new, _ in days.values()), default=0) or 1
    bars = []
    for n in range(DAYS):
        on = first + timedelta(days=n)
        new, failed = days.get(on, (0, 0))
        height = round(18 * new / most, 1) or (3.0 if failed else 0.0)
        words = f"{on}: {new} new" + (f", {failed} failed" if failed else "")
        bars.append(Bar(n * 4, 20 - height, height, bool(failed and not new), words))
    return tuple(bars)


def advise(feed: Feed, now: datetime) -> Advice:
    """Return what a curator could do about a feed; an Advice without words when nothing is to be done."""
    if feed.moved_to and feed.moved_to != feed.url:
        return Advice(f"It answers from {feed.moved_to}: accept the new address?", "accept", "Accept")
    if feed.state == Feed.State.DEAD:
        return Advice("It has been failing for long: look for another feed of the outlet, or retire it.")
    if feed.state == Feed.State.NOT_A_FEED:
        return Advice("Its address gives a page: paste the outlet's site under Sources to find its feed.")
    if feed.last_new_at and now - feed.last_new_at > SILENT_AFTER:
        silent = f"Silent for {(now - feed.last_new_at).days} days"
        if has_siblings(feed):
            return Advice(f"{silent}: switch it off? The outlet has other feeds.", "off", "Switch it off")
        return Advice(f"{silent}: retire it?", "retire", "Retire the outlet", f"{silent}.")
    if feed.state == Feed.State.FAILING and "robots" in feed.state_code:
        return Advice("The outlet's robots rules forbid it: respect that, or ask the outlet.")
    return Advice()


def has_siblings(feed: Feed) -> bool:
    """Return whether the outlet has another feed that is switched on; no query for feeds of `list_feeds`."""
    known = getattr(feed, "has_siblings", None)
    return bool(_siblings(feed.source_id, feed.pk).exists() if known is None else known)


def _siblings(source: Any, feed: Any) -> QuerySet[Feed]:
    return Feed.objects.filter(source_id=source, enabled=True).exclude(pk=feed)


def last_polls(feed: Feed, after: int = 0) -> list[Poll]:
    """Return the newest polls of a feed, those after an id only when one is given."""
    rows = Poll.objects.filter(feed=feed, pk__gt=after) if after else Poll.objects.filter(feed=feed)
    return list(rows.order_by("-at", "-pk")[:POLLS_SHOWN])


def find_feed(pk: int) -> Feed:
    """Return a feed. Raises CurationError when there is none."""
    feed = Feed.objects.select_related("source__publisher", "host").filter(pk=pk).first()
    if feed is None:
        raise CurationError(f"There is no feed {pk}.", code="feed_unknown")
    return feed


def poll_at_once(actor: Actor, feed_id: int) -> None:
    """Make a feed due now. Raises CurationError when it is not read at all."""
    feed = find_feed(feed_id)
    if not Feed.objects.polled().filter(pk=feed_id).exists():
        raise CurationError(
            f"{feed.source.name} is {feed.source.status} or the feed is switched off: it is not polled.",
            code="not_polled",
        )
    polling.poll_now([feed_id], actor.now)


def switch(actor: Actor, feed_id: int, *, on: bool) -> None:
    """Switch a feed on or off. Raises CurationError when it is so already."""
    with transaction.atomic():
        feed = Feed.objects.select_for_update().filter(pk=feed_id).first() or find_feed(feed_id)
        if feed.enabled == on:
            raise CurationError(f"The feed is switched {'on' if on else 'off'} already.", code="already_so")
        log_act(
            actor,
            "feed_on" if on else "feed_off",
            feed,
            before={"enabled": feed.enabled},
            after={"enabled": on},
        )
        Feed.objects.filter(pk=feed_id).update(enabled=on)
        if on:
            polling.poll_now([feed_id], actor.now)


def change_address(actor: Actor, feed_id: int, address: str) -> None:
    """Give a feed another address and poll it at once.

    Raises CurationError for an address that is not http(s) or that is read already.
    """
    find_feed(feed_id)
    url = canonical_url(address)
    if not url:
        raise CurationError("This is not an http or https address.", code="bad_address")
    known = Feed.objects.filter(url_hash=url_hash(url)).exclude(pk=feed_id).select_related("source").first()
    if known:
        raise CurationError(f"You already read this feed under {known.source.name}.", code="known")
    try:
        with transaction.atomic():
            feed = Feed.objects.select_for_update().get(pk=feed_id)
            log_act(actor, "feed_address", feed, before={"url": feed.url}, after={"url": url})
            _set_address(feed_id, url, actor.now)
    except IntegrityError:  # somebody else has just given it to another feed
        raise CurationError("You already read this feed.", code="known") from None


def _set_address(feed_id: int, url: str, now: datetime) -> None:
    Feed.objects.filter(pk=feed_id).update(
        url=url, url_hash=url_hash(url), host=None, etag="", last_modified="", body_hash=None, failures=0,
        moved_to="", moved_count=0, state=Feed.State.NEW, state_code="", state_sentence="", state_since=now, extra={},
    )  # fmt: skip
    hosts.attach_feeds(now)
    polling.poll_now([feed_id], now)


def undo_feed(actor: Actor, entry: LogEntry) -> LogEntry:
    """Give a feed back its address, or switch it as before. Raises CurationError when that changed since."""
    feed = Feed.objects.select_for_update().filter(pk=entry.target_id or 0).first()
    ((field, value),) = entry.after.items()
    if feed is None or getattr(feed, field) != value:
        raise ground_moved("A later change of the feed")
    if field == "enabled":
        Feed.objects.filter(pk=feed.pk).update(enabled=entry.before[field])
    elif Feed.objects.filter(url_hash=url_hash(entry.before[field])).exists():
        raise CurationError("Another feed has its old address by now.", code="ground_moved")
    else:
        _set_address(feed.pk, entry.before[field], actor.now)
    return log_act(actor, "undo", feed, before=entry.after, after=entry.before, undo_of=entry)
