"""How polite two virtual days are: the recorded feeds, each at an address of its own, read from the server's log.

    python -m bench.politeness --hours 48 --step 30

The schedule runs on the server's virtual clock, gaps between requests in real time (shortened to GAP; a
Crawl-delay of robots.txt holds as it stands). The rules that settle articles are left out; what they
decide about fetching is not: pages are looked at again. Needs the replay server of CORPORA_DIR.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.setting_up import corpora, empty_site

GAP = 0.2  # seconds
SLACK = 0.003  # the log rounds to milliseconds
CRAWL_DELAY = 1.0  # as the server's robots.txt says
FULL_GET_HOURS = 9.5  # an unconditional request this long after the last whole document is meant


class Server:
    """The replay server with a clock that only we move."""

    def __init__(self, program: Path) -> None:
        argv = [sys.executable, str(program), "--manual-clock", "--per-outlet-ip"]
        self.child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.child.stdout is not None
        port = self.child.stdout.readline().strip().removeprefix("PORT=")
        self.base = f"http://127.0.0.1:{port}/__replay"

    def read(self, path: str, method: str = "GET") -> bytes:
        request = urllib.request.Request(f"{self.base}/{path}", method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            body: bytes = answer.read()
            return body

    def clock(self, advance: float = 0) -> datetime:
        facts = json.loads(self.read(f"clock?advance={advance:g}", "POST"))
        return datetime.fromisoformat(facts["virtual_now"])


def run(server: Server, hours: float, step: float, kinds: str) -> None:
    """Poll what is due at each step of the virtual clock."""
    from aggregator.services import looking, opml, polling
    from aggregator.services.fetching import open_network

    now = server.clock()
    opml.import_opml(server.read(f"opml?kind={kinds}"), now, approve=True)
    network, began = open_network(), time.monotonic()
    for number in range(round(hours * 60 / step) + 1):
        while looking.look_again(now):
            pass
        while polling.poll_due(network, lambda now=now: now) or polling.is_busy(now):  # type: ignore[misc]
            settle(now)
        settle(now)
        if number % 4 == 0:
            print(f"{now:%d %b %H:%M}, {time.monotonic() - began:.0f} s", file=sys.stderr)
        now = server.clock(step * 60)


def settle(now: datetime) -> None:
    """End what waits for the rules, as they do, with the next look at each page decided."""
    from aggregator.models import Article, Work
    from aggregator.services import revising

    ids = list(Work.objects.filter(stage=Work.Stage.SETTLE).values_list("article_id", flat=True))
    articles = list(Article.objects.filter(pk__in=ids).select_related("source"))
    for article in articles:
        article.status = Article.Status.VISIBLE
    revising.schedule_looks(articles, now)
    Article.objects.bulk_update(articles, ["status", "next_look_at"], batch_size=1000)
    Work.objects.filter(pk__in=ids, stage=Work.Stage.SETTLE).delete()


def report(server: Server) -> None:
    """Print what the log of the server says."""
    log = [json.loads(line) for line in server.read("log").splitlines()]
    caps = {name: facts["caps"] for name, facts in json.loads(server.read("outlets")).items()}
    hosts: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in log:
        hosts[each["ip"]].append(each)
    print(f"{len(log):,} requests at {len(hosts)} hosts: {dict(Counter(each['kind'] for each in log))}")
    spacing(hosts)
    conditional(log, caps)
    pages(log, caps)


def spacing(hosts: dict[str, list[dict[str, Any]]]) -> None:
    together, early, least = 0, 0, float("inf")
    for asked in hosts.values():
        asked.sort(key=lambda each: each["t"])
        wanted = GAP
        for one, two in itertools.pairwise(asked):
            wanted = CRAWL_DELAY if one["path"] == "/robots.txt" else wanted
            apart = two["t"] - one["t"]
            together += apart < one["ms"] / 1000 - SLACK
            early += apart < wanted - SLACK
            least = min(least, apart - wanted)
    print(
        f"at once: {together}, inside the gap: {early}; the closest two were {least:+.3f} s of their gap apart"
    )


def conditional(log: list[dict[str, Any]], caps: dict[str, dict[str, Any]]) -> None:
    """Count the re-polls of feeds that send validators."""
    asked, meant, last_whole = Counter[str](), 0, dict[str, datetime]()
    for each in log:
        if each["kind"] != "feed" or not sends_validators(each, caps):
            continue
        path, at = each["path"], datetime.fromisoformat(each["vnow"])
        before = last_whole.get(path)
        if before is not None:  # not the first poll
            is_conditional = bool(each["inm"] or each["ims"])
            asked["conditional" if is_conditional else "full"] += 1
            meant += not is_conditional and (at - before).total_seconds() >= FULL_GET_HOURS * 3600
        if each["status"] == 200:
            last_whole[path] = at
    total = asked.total() or 1
    print(
        f"re-polls where validators exist: {total:,}, conditional {asked['conditional'] / total:.1%}; "
        f"{asked['full']:,} without validators, {meant:,} of them meant to show stuck ones"
    )


def pages(log: list[dict[str, Any]], caps: dict[str, dict[str, Any]]) -> None:
    """Count requests for pages that are held: later looks, which are to be conditional."""
    held, asked = set[str](), Counter[str]()
    for each in log:
        if each["kind"] != "page":
            continue
        if each["path"] in held:
            kind = "conditional" if each["inm"] or each["ims"] else "whole"
            asked[kind if sends_validators(each, caps) else "host without validators"] += 1
        elif each["status"] == 200:
            held.add(each["path"])
    print(f"pages had: {len(held):,}; looked at again: {dict(asked)}")


def sends_validators(each: dict[str, Any], caps: dict[str, dict[str, Any]]) -> bool:
    has = caps.get(each["outlet"], {})
    return bool(has.get("etag") or has.get("lm"))


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--hours", type=float, default=48)
    words.add_argument("--step", type=float, default=30, help="virtual minutes")
    words.add_argument("--kinds", default="stream,paged")
    options = words.parse_args()
    program = corpora() / "replay" / "serve.py"
    if not program.is_file():
        raise SystemExit(f"no replay server at {program} (set CORPORA_DIR)")
    with empty_site(HOST_GAP=str(GAP)):
        server = Server(program)
        try:
            with contextlib.suppress(KeyboardInterrupt):  # stopped early, it tells what there is
                run(server, options.hours, options.step, options.kinds)
            report(server)
        finally:
            server.child.kill()


if __name__ == "__main__":
    main()
