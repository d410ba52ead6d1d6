"""Serves the sample wire: `python -m newsroom.samplewire --port 0`; the first line printed is PORT=N."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from datetime import UTC, datetime

from newsroom.samplewire import START
from newsroom.samplewire.clock import Clock
from newsroom.samplewire.server import open_servers


def main() -> int:
    """Serve until INT, TERM or HUP."""
    given = _arguments()
    clock = Clock(given.clock_start, given.rate)
    try:
        servers = open_servers(clock, given.bind, given.port, given.per_outlet_ip)
    except OSError as error:
        print(
            f"The sample wire cannot listen on {given.bind}:{given.port}: {error.strerror}.", file=sys.stderr
        )
        return 1
    if given.clock_now_at_start:
        clock.begin()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    print(f"PORT={servers[0].server_address[1]}", flush=True)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    stop.wait()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m newsroom.samplewire", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument(
        "--clock-start", type=_moment, default=START, metavar="ISO", help="virtual time at first"
    )
    parser.add_argument(
        "--rate", type=float, default=10800.0, help="virtual seconds a second (10800: a day in 8 s)"
    )
    parser.add_argument(
        "--clock-now-at-start",
        action="store_true",
        help="run the clock from now on; without it the clock waits for the first request for a feed",
    )
    parser.add_argument(
        "--per-outlet-ip",
        action="store_true",
        help="also listen on 127.78.0.1 to .8, one address an outlet, and use these in links",
    )
    return parser.parse_args()


def _moment(words: str) -> datetime:
    moment = datetime.fromisoformat(words)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
