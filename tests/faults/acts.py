"""A site of its own that reads the sample wire: started, disturbed, and looked at from outside."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from newsroom import local
from tests.newsroom.running import ROOT, environment, manage

EXPIRE = """
from django.db import connection
with connection.cursor() as cursor:
    for table in ("aggregator_work", "aggregator_host"):
        cursor.execute(f"UPDATE {table} SET lease_until = clock_timestamp() - interval '1 second' "
                       "WHERE lease_until IS NOT NULL")
"""
STATE = """
import json
from aggregator.models import Article, Membership, Work
root = lambda a: (a.copy_of or a).url
rows = Article.objects.select_related("copy_of")
print("STATE" + json.dumps({
    "articles": sorted([a.source.slug, a.url, a.title] for a in rows.select_related("source")),
    "originals": dict(sorted([a.url, root(a)] for a in rows)),
    "stories": dict(Membership.objects.values_list("article__url", "story_id")),
    "left": Work.objects.exclude(stage="held").count(),
    "held": list(Work.objects.filter(stage="held").values_list("article__url", "code")),
}))
"""


class Place:
    """A data folder with tables and sources; with `keep`, this process holds its servers, so that commands are quick.

    `like` is the data folder of a place that was prepared and closed: copying it costs less than preparing another.
    """

    def __init__(
        self, folder: Path, wire: str, *, keep: bool = True, like: Path | None = None, **more: str
    ) -> None:
        folder.mkdir()
        if like is not None:
            subprocess.run(["cp", "-a", like, folder / "data"], check=True)
        self.environ = environment(folder, SOURCES=wire, FETCH_ALLOW="127.0.0.0/8", HOST_GAP="0", **more)
        self.servers = local.Servers(folder / "data")
        if keep:
            self.servers.ensure(want_postgres=True, want_redis=True, who="a test")
        if like is None:
            self.command("prepare")

    def close(self) -> None:
        self.servers.close(wait_for_users=False)

    def command(self, *words: str, timeout: float = 240) -> str:
        """Run a command that has to work, and return what it says."""
        done = manage(self.environ, *words, timeout=timeout)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def python(self, code: str, timeout: float = 240) -> str:
        """Run a piece of Python inside the site."""
        return self.command("shell", "-v", "0", "-c", code, timeout=timeout)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command and go on."""
        quiet: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        return subprocess.Popen([sys.executable, "manage.py", *words], cwd=ROOT, env=self.environ, **quiet)

    def read_everything(self) -> None:
        """Poll all feeds, work until the line is empty, and look at the stories once more as the timetable does."""
        self.command("poll", "--all", "--wait")
        self.python("from aggregator import tasks; tasks.repair_stories()")

    def await_articles(self, least: int = 20) -> None:
        """Return when so many articles have been found: a worker is in the middle of its work."""
        where = local.database_settings(Path(self.environ["DATA_DIR"]))
        until = time.monotonic() + 240
        while time.monotonic() < until:
            with psycopg.connect(host=where["HOST"], user=where["USER"], dbname=where["NAME"]) as session:
                found = session.execute("SELECT count(*) FROM aggregator_article").fetchone()
            if found and found[0] >= least:
                return
            time.sleep(0.1)
        raise AssertionError("the worker finds no articles")

    def expire(self) -> None:
        """Let all leases run out, as minutes of waiting would."""
        self.python(EXPIRE)

    def state(self) -> dict[str, Any]:
        """Return articles, originals, stories, and what is left."""
        said = self.python(STATE)
        line = next(line for line in said.splitlines() if line.startswith("STATE"))
        found: dict[str, Any] = json.loads(line.removeprefix("STATE"))
        return found

    def verify(self) -> None:
        """Recount every number."""
        self.python("from aggregator.services import indexing\nwhile indexing.index_due(): pass")
        self.command("verify")
