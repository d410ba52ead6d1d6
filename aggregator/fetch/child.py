"""The program that `isolate` starts: runs rules on untrusted bytes, and what it may use of the machine."""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aggregator.errors import AggregatorError, ParseError
from aggregator.errors import gettext_noop as _
from aggregator.fetch.answers import RULES
from aggregator.fetch.pipes import HEAD, WORN

FIRST = "aggregator.pipeline.parse"  # imported before a child says that it is there
MAX_KEPT_KB = 260_000  # a child that once needed more than this is not used again
MAX_FILE = 200_000_000  # bytes; models are unpacked into temporary files


def serve(seconds: float, memory: int) -> None:
    """Answer calls until there are no more; `seconds` of processor time each, `memory` in bytes of address space."""
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a parser prints does not reach the answers
    _die_with_parent()
    importlib.import_module(FIRST)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE, MAX_FILE))
    answers.write(b"+")
    answers.flush()
    while head := calls.read(HEAD.size):
        answer = _answer(calls.read(HEAD.unpack(head)[0]), seconds)
        signal.setitimer(signal.ITIMER_PROF, 0)
        is_worn = _peak_kb() > MAX_KEPT_KB
        answers.write(HEAD.pack(len(answer) | (is_worn * WORN)) + answer)
        answers.flush()


def _peak_kb() -> int:
    """Return the most memory this process has held. getrusage would count its parent's, from the fork."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _die_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


def _bound_cpu(seconds: float) -> None:
    """Let the system end this process after so much processor time more; the limit in whole seconds stands behind."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds + 1.999)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _answer(call: bytes, seconds: float) -> bytes:
    try:
        name, args, options = pickle.loads(call)  # noqa: S301  # from our own parent
        function = _function(name)  # what it imports is no part of a call's time
        _bound_cpu(seconds)
        return pickle.dumps(("value", function(*args, **options)), protocol=5)
    except AggregatorError as error:
        return _told(error)
    except MemoryError:
        return _told(ParseError(_("Reading it needs too much memory."), code="too_big"))
    except RecursionError:
        return _told(ParseError(_("It is nested too deeply."), code="too_deep"))
    except Exception as error:
        facts = {"error": type(error).__name__}
        return _told(ParseError(_("The reader failed (%(error)s)."), code="parser_failed", facts=facts))


def _told(error: AggregatorError) -> bytes:
    """Return the answer that `answers.opened` makes the same error of."""
    values = error.template, error.facts, error.code, error.permanent, type(error).__name__
    return pickle.dumps(("error", values))


def _function(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    if not module.startswith(RULES):
        raise ParseError("Only rules are run apart.", code="parser_failed")
    found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return found


if __name__ == "__main__":
    serve(float(sys.argv[1]), int(sys.argv[2]))
