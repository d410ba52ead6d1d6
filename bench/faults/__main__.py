"""`python -m bench.faults [--kills 200] [--only NAME …]`: read a recorded stretch undisturbed, then under fire.

Each run has a data folder of its own under --folder and the real supervisor; the replay server's clock
stands still within a step, so that both runs read the same feeds and pages. Needs CORPORA_DIR.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.faults.fire import Calm
    from bench.faults.site import Site

DISK_MEGABYTES = 900


def main() -> None:
    """Run what was asked for and print one line of JSON a run."""
    asked = _arguments()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
    os.environ.setdefault("CONTACT", "bench@localhost")
    import django

    django.setup()
    from bench.faults.fire import FIRES, Kills
    from bench.faults.poison import Poison
    from bench.faults.site import Site
    from bench.faults.state import State, differences, take
    from newsroom import replays

    folder = asked.folder or Path(tempfile.mkdtemp(prefix="newsroom-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    replays.KINDS, Kills.minutes = asked.kinds, asked.minutes
    wanted, steps = folder / "calm.json", asked.days * 24 // asked.hours + 1
    fires = FIRES | {"poison": Poison}
    for name in asked.only or fires:
        if name != "calm" and not wanted.exists():
            raise SystemExit("run `calm` first: there is nothing to compare with")
        if name == "calm" and wanted.exists() and not asked.again:
            continue
        random.seed(asked.seed)
        began = time.monotonic()
        with _disk(folder / name, own=name == "disk") as own:
            site = Site(own, _free_port(), server_port=_server_port(folder))
            try:
                fire = fires[name](site, asked.kills, steps)
                _read(site, fire, steps, timedelta(hours=asked.hours))
                state = take(site)
            finally:
                site.close()
                if asked.keep:
                    shutil.copytree(own / "logs", folder / f"{name}-logs", dirs_exist_ok=True)
        state.keep(folder / f"{name}.json")
        facts = {"run": name, "minutes": round((time.monotonic() - began) / 60, 1), **fire.facts()}
        print(json.dumps(facts | differences(State.read(wanted), state)), flush=True)


def _read(site: Site, fire: Calm, steps: int, step: timedelta) -> None:
    """Let the site read the recorded stretch, step by step."""
    site.start()
    for number in range(steps):
        if number:
            site.advance(step)
        fire.step(number)
        site.drain()
        print(
            f"{site.now:%d %b %H:%M} {time.strftime('%H:%M:%S')} {fire.facts()['done']}",
            file=sys.stderr,
            flush=True,
        )
    fire.end()
    site.drain()
    site.look_at_stories()


@contextmanager
def _disk(folder: Path, *, own: bool) -> Iterator[Path]:
    """Yield an empty folder, on a small file system of its own where that is asked for (needs root)."""
    shutil.rmtree(folder, ignore_errors=True)
    if own:
        folder.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        if own:
            subprocess.run(["umount", "-l", folder], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def _server_port(folder: Path) -> int:
    """Return the replay server's port, the same for all runs of a folder, so that addresses are the same."""
    file = folder / "server-port"
    if not file.exists():
        file.write_text(str(_free_port()))
    return int(file.read_text())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=math.inf, help="after which no more kills are made")
    parser.add_argument("--days", type=int, default=3, help="virtual days after the first one")
    parser.add_argument("--hours", type=int, default=12, help="virtual hours of a step")
    parser.add_argument(
        "--kinds", default="stream,paged", help="recorded feeds: stream (news), paged (old pages)"
    )
    parser.add_argument(
        "--only", nargs="*", help="calm calm-again kills postgres hung redis disk clock messages poison"
    )
    parser.add_argument(
        "--folder", type=Path, help="where the runs lie; an undisturbed one there is used again"
    )
    parser.add_argument("--again", action="store_true", help="make the undisturbed run anew")
    parser.add_argument("--keep", action="store_true", help="keep the logs of each run in --folder")
    parser.add_argument("--seed", type=int, default=9)
    return parser.parse_args()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
