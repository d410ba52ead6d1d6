"""Every error raised on purpose.

AggregatorError
├── FetchError        the network, a server or our own guard said no
│   └── RefusedError  our own guard: address, scheme, port or robots rules
├── ParseError        a document is not what it should be
├── ExtractError      a page gave no text, or took too long
├── HeldError         a row failed too often and waits for a person
└── CurationError     a curator asked for something that cannot be done

`code` is stable: it is stored, logged, shown and documented. `permanent` says that trying
again is useless. `retry_after` is the wait that a server asked for. `sentence` is for people, in English;
where it is shown to readers it is translated from `template` and `facts`, of which it is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

Facts = Mapping[str, str | int]  # what stands in a sentence at %(name)s
_PLACE = re.compile(r"%%|%\(\w+\)s")


def gettext_noop(words: str) -> str:
    """Return a sentence as it is; marks it for the translators, who find it by this function's name."""
    return words


def filled(template: str, facts: Facts) -> str:
    """Return a sentence with its facts in it. Raises KeyError for one that is not there, ValueError for a template that
    asks for anything but %(name)s: with a width, a few signs would make a sentence of any length.
    """
    if not facts:
        return template
    if "%" in _PLACE.sub("", template):
        raise ValueError(template)
    return template % facts


class AggregatorError(Exception):
    """Base of all errors raised on purpose."""

    code = "error"
    permanent = False

    def __init__(
        self,
        sentence: str,
        *,
        code: str | None = None,
        permanent: bool | None = None,
        retry_after: timedelta | None = None,
        facts: Facts | None = None,
    ) -> None:
        self.template, self.facts = sentence, dict(facts or {})
        self.sentence = filled(sentence, self.facts)
        super().__init__(self.sentence)
        self.code = code or type(self).code
        self.permanent = type(self).permanent if permanent is None else permanent
        self.retry_after = retry_after


class FetchError(AggregatorError):
    """A request did not bring what was asked for."""

    code = "fetch_failed"


class RefusedError(FetchError):
    """Our own guard refused the request before or while it was made."""

    code = "refused"
    permanent = True


class ParseError(AggregatorError):
    """A document could not be read as what it should be."""

    code = "not_readable"


class ExtractError(AggregatorError):
    """A page gave no text within its limits."""

    code = "no_text"


class HeldError(AggregatorError):
    """A row failed too often; a person has to look."""

    code = "held"
    permanent = True


class CurationError(AggregatorError):
    """A curator's act cannot be done; the sentence says what is in the way."""

    code = "not_possible"
    permanent = True
