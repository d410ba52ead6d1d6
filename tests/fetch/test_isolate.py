from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from aggregator.errors import ParseError
from aggregator.fetch.answers import opened
from aggregator.fetch.isolate import Child
from aggregator.pipeline.parse import parse_feed
from tests.fakeweb import item, rss


@pytest.fixture
def child() -> Iterator[Child]:
    made = Child(seconds=5.0, memory=512_000_000, wall=30.0)
    yield made
    made.close()


# Half a megabyte of open comments and an author that costs feedparser seconds (its issue 562).
OPEN_COMMENTS = rss(item(1, description="<![CDATA[" + "<!--" * 125_000 + "]]>"))
LONG_AUTHOR = rss(item(1, author="a@" + "a." * 32_000 + "!"))
SLOW = b"<rss version='2.0'><channel><item><title %s>x</title></item></channel></rss>" % b" ".join(
    b"a%d='x'" % number for number in range(200_000)
)
DEEP = b"<rss version='2.0'><channel>" + b"<a>" * 200_000


@pytest.mark.parametrize("document", [OPEN_COMMENTS, LONG_AUTHOR], ids=["open comments", "long author"])
def test_hostile_documents_are_read_all_the_same(child: Child, document: bytes) -> None:
    assert len(child.run(parse_feed, document).entries) == 1


def test_the_next_document_is_read_whatever_came_before(child: Child) -> None:
    for document in (DEEP, b"\0" * 1000, b"{" * 100_000, b"<!DOCTYPE a [<!ENTITY b 'c'>]>&b;"):
        try:
            child.run(parse_feed, document)
        except ParseError as error:
            assert error.sentence
        assert len(child.run(parse_feed, rss(item(1))).entries) == 1


def test_a_child_that_hangs_is_killed_and_replaced() -> None:
    child = Child(seconds=5.0, wall=30.0)
    child.run(parse_feed, rss(item(1)))
    assert child._process is not None
    os.kill(child._process.pid, signal.SIGSTOP)
    child.wall = 0.2
    with pytest.raises(ParseError) as caught:
        child.run(parse_feed, rss(item(1)))
    assert caught.value.code == "too_slow"
    child.wall = 30.0
    assert len(child.run(parse_feed, rss(item(1))).entries) == 1
    child.close()


def test_a_crowded_machine_changes_no_answer() -> None:
    child = Child(seconds=0.3)
    child.run(parse_feed, rss(item(1)))
    assert child._process is not None
    stopped = child._process.pid
    os.kill(stopped, signal.SIGSTOP)  # others have the processor
    later = threading.Timer(1.0, os.kill, (stopped, signal.SIGCONT))
    later.start()
    assert len(child.run(parse_feed, rss(item(1))).entries) == 1
    later.join()
    assert child._process.pid == stopped
    assert child._spare is None  # nobody stands by for one that has only waited
    child.close()


def test_processor_time_bounds_a_call_whatever_was_used_before() -> None:
    child = Child(seconds=0.4, wall=300.0)
    for _ in range(4):
        child.run(parse_feed, LONG_AUTHOR)
        with pytest.raises(ParseError) as caught:
            child.run(parse_feed, SLOW)
        assert caught.value.code == "too_slow"
    child.close()


def test_another_child_stands_by_while_a_document_takes_long() -> None:
    child = Child(seconds=1.0)
    child.run(parse_feed, rss(item(1)))
    with pytest.raises(ParseError) as caught:
        child.run(parse_feed, SLOW)
    assert caught.value.code == "too_slow"
    spare = child._spare
    assert spare is not None
    assert len(child.run(parse_feed, rss(item(1))).entries) == 1
    assert child._process is spare
    assert child._spare is None
    child.close()


def test_a_child_that_dies_is_replaced(child: Child) -> None:
    child.run(parse_feed, rss(item(1)))
    assert child._process is not None
    os.kill(child._process.pid, signal.SIGKILL)
    child._process.wait()
    assert len(child.run(parse_feed, rss(item(1))).entries) == 1


def test_a_child_that_is_killed_amid_a_call_costs_no_answer(child: Child) -> None:
    child.run(parse_feed, rss(item(1)))
    assert child._process is not None
    victim = child._process.pid
    os.kill(victim, signal.SIGSTOP)  # it takes the call and does not answer
    killer = threading.Timer(0.3, os.kill, (victim, signal.SIGKILL))
    killer.start()
    assert len(child.run(parse_feed, rss(item(1))).entries) == 1
    killer.join()
    assert child._process.pid != victim


def test_a_document_that_kills_two_children_is_to_blame(
    child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, dead = child._started, []

    def doomed() -> object:
        process = start()
        os.kill(process.pid, signal.SIGKILL)
        dead.append(process.pid)
        return process

    monkeypatch.setattr(child, "_started", doomed)
    with pytest.raises(ParseError) as caught:
        child.run(parse_feed, rss(item(1)))
    assert (caught.value.code, len(dead)) == ("parser_died", 2)


LONG_WINDED = """
import sys
calls, answers = sys.stdin.buffer, sys.stdout.buffer
answers.write(b"+")
answers.flush()
calls.read(int.from_bytes(calls.read(8), "big"))
answers.write((1 << 40).to_bytes(8, "big") + bytes(1000))
answers.flush()
calls.read()
"""


def test_an_answer_that_no_child_can_hold_is_not_read(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken_over() -> subprocess.Popen[bytes]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return subprocess.Popen([sys.executable, "-c", LONG_WINDED], **pipes)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(child, "_begun", taken_over)
    with pytest.raises(ParseError) as caught:
        child.run(parse_feed, rss(item(1)))
    assert caught.value.code == "parser_died"


def test_errors_come_back_as_what_they_are(child: Child) -> None:
    with pytest.raises(ParseError) as caught:
        child.run(parse_feed, b"<html><body>Sign in</body></html>")
    assert caught.value.code == "not_a_feed"


def test_only_rules_are_run(child: Child) -> None:
    with pytest.raises(ParseError):
        child.run(os.getcwd)


def test_the_child_does_not_know_our_secrets(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    child.run(parse_feed, rss(item(1)))
    assert child._process is not None
    with open(f"/proc/{child._process.pid}/environ", "rb") as environ:
        assert b"hush" not in environ.read()


def _named(module: str, name: str) -> bytes:
    """A pickle of ("value", whatever that name leads to)."""
    strings = b"".join(b"\x8c" + bytes([len(each)]) + each.encode() for each in (module, name))
    return b"\x80\x04\x8c\x05value" + strings + b"\x93\x86."


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(pickle.dumps(("value", os.system)), id="a function of the system"),
        pytest.param(_named("aggregator.pipeline.names", "Iterable"), id="what a rule imports"),
        pytest.param(_named("aggregator.errors", "timedelta"), id="a class by another module's name"),
        pytest.param(_named("aggregator.pipeline.parse", "re.Pattern"), id="a class behind a module"),
        pytest.param(pickle.dumps(("error", ("a", {}, "b", False, "timedelta"))), id="an error that is none"),
        pytest.param(pickle.dumps(("error", ("too short",))), id="an error without a code"),
        pytest.param(
            pickle.dumps(("error", ("%(a)999999999s", {"a": "b"}, "c", False, "ParseError"))),
            id="a sentence without end",
        ),
        pytest.param(pickle.dumps("value"), id="no pair"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_answers_that_would_act_are_not_unpickled(answer: bytes) -> None:
    kind, value = opened(answer)
    assert kind == "error"
    assert isinstance(value, ParseError)


def test_calls_from_a_loop_take_turns(child: Child) -> None:
    async def run() -> list[int]:
        found = await asyncio.gather(*(child.run_async(parse_feed, rss(item(n))) for n in range(5)))
        return [len(parsed.entries) for parsed in found]

    assert asyncio.run(run()) == [1] * 5
