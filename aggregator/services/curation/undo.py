"""Undo any act whose ground has not moved."""

from __future__ import annotations

from collections.abc import Callable

from aggregator.errors import CurationError
from aggregator.models import LogEntry
from aggregator.services import feed_care, vocabulary_edits
from aggregator.services.curation.acts import Actor
from aggregator.services.curation.edits import undo_edit
from aggregator.services.curation.membership import undo_membership
from aggregator.services.curation.tagging import undo_tagging
from aggregator.services.curation.verdicts import undo_keep_apart, undo_lift, undo_verdict
from aggregator.services.curation.visibility import undo_hide, undo_pin
from aggregator.services.locks import line_lock
from aggregator.services.queues import undo_close, undo_review
from aggregator.services.sourcing import undo_selector, undo_status

UNDO: dict[str, Callable[[Actor, LogEntry], LogEntry]] = {
    "merge": undo_membership,
    "split": undo_membership,
    "move": undo_membership,
    "retag": undo_tagging,
    "event_date": undo_tagging,
    "speaker": undo_tagging,
    "hide": undo_hide,
    "pin": undo_pin,
    "unpin": undo_pin,
    "relevance": undo_verdict,
    "original": undo_verdict,
    "keep_apart": undo_keep_apart,
    **dict.fromkeys(vocabulary_edits.ACTS.values(), vocabulary_edits.undo_change),
    "edit": undo_edit,
    "lift": undo_lift,
    "reviewed": undo_review,
    "close_report": undo_close,
    "feed_on": feed_care.undo_feed,
    "feed_off": feed_care.undo_feed,
    "feed_address": feed_care.undo_feed,
    "selector": undo_selector,
    "approve": undo_status,
    "reject": undo_status,
    "pause": undo_status,
    "retire": undo_status,
}


def can_undo(entry: LogEntry) -> bool:
    """Return whether an act is of a kind that can be undone and has not been undone yet.

    Costs no query for entries that were read with `undone_by`.
    """
    return entry.act in UNDO and not hasattr(entry, "undone_by")


def undo(actor: Actor, entry_id: int) -> LogEntry:
    """Undo one act; the log shows both.

    Raises CurationError when there is no such act, it was undone before, it is of a kind that
    cannot be undone, or something built on it is in the way.
    """
    with line_lock():  # of two who undo at once the second waits here, and is told
        entry = LogEntry.objects.filter(pk=entry_id).first()
        if entry is None:
            raise CurationError(f"There is no act {entry_id} in the log.", code="act_unknown")
        if LogEntry.objects.filter(undo_of=entry).exists():
            raise CurationError("This act has been undone already.", code="undone_already")
        if entry.act not in UNDO:
            raise CurationError(f"An act of the kind '{entry.act}' cannot be undone.", code="no_undo")
        try:
            return UNDO[entry.act](actor, entry)
        except KeyError:  # an entry without what an undo needs
            raise CurationError(
                "The log does not hold enough of this act to undo it.", code="no_undo"
            ) from None
