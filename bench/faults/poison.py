"""Articles that kill their worker each time, as a fault in a C library would."""

from __future__ import annotations

import time

from bench.faults.fire import Calm
from bench.faults.site import Site


class Poison(Calm):
    """An article kills the worker that applies the rules to it, each time; in the end it is harmless and tried again."""

    def __init__(self, site: Site, kills: int, steps: int) -> None:
        super().__init__(site, kills, steps)
        self.file = site.folder / "poison"
        self.deaths = site.folder / "deaths"
        place = site.folder / "poisoned"
        place.mkdir()
        code = _POISONED.format(file=str(self.file), deaths=str(self.deaths))
        (place / "sitecustomize.py").write_text(code)
        site.replay.environ["PYTHONPATH"] = str(place)
        self.file.write_text(_OF_ALL)

    def step(self, number: int) -> None:
        """Let the leases run out that deaths leave behind, until the article is held or the line is empty."""
        seen = 0
        while self.site.is_busy():
            time.sleep(0.5)
            died = self.deaths.stat().st_size if self.deaths.exists() else 0
            if died > seen:
                self.site.expire("aggregator_work")
            seen = died
        self.done["deaths"] = seen
        (held,) = self.site.ask("SELECT count(*) FROM aggregator_work WHERE stage = 'held'")
        self.done["held"] = held[0]

    def end(self) -> None:
        """Make it harmless, and try again what is held, as a curator does."""
        self.file.unlink()
        self.site.python(
            "from aggregator.services import settling; from aggregator.models import Work; from aggregator import clock; "
            "settling.retry_held([row.pk for row in Work.objects.filter(stage='held')], clock.now())"
        )


# Loaded by every Python process of the site: the rules of one in so many articles end the process that
# runs them, as a fault in a C library would.
_OF_ALL = "97"
_POISONED = """
import importlib.abc, importlib.machinery, os, signal, sys
TARGET = "aggregator.services.settling"

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != TARGET:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module
        def exec_module(module):
            load(module)
            poison(module)
        spec.loader.exec_module = exec_module
        return spec

def poison(module):
    judge = module.judge
    def deadly(pairs, now):
        pairs = list(pairs)
        if os.path.exists({file!r}):
            of_all = int(open({file!r}).read())
            for work, _ in pairs:
                if work.article.url_hash % of_all == 0:
                    with open({deaths!r}, "a") as deaths:
                        deaths.write("x")
                    os.kill(os.getpid(), signal.SIGKILL)
        return judge(pairs, now)
    module.judge = deadly

sys.meta_path.insert(0, Finder())
"""
