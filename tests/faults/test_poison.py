"""An article that kills its worker each time is held for a person after a bound; the rest go on."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from aggregator.services.settling import MAX_ATTEMPTS
from tests.faults.acts import Place
from tests.newsroom.running import manage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
# The rules of one article end the process that runs them, as a fault in a C library would.
POISONED = """
import os, signal
from django.core.management import call_command
from aggregator.services import settling
judge = settling.judge
def deadly(pairs, now):
    if any(work.article.url == {url!r} for work, _ in pairs):
        os.kill(os.getpid(), signal.SIGKILL)
    return judge(pairs, now)
settling.judge = deadly
call_command("poll", "--all", "--wait")
"""


def test_a_poison_article_is_held_and_the_rest_go_on(
    place: Callable[..., Place], calm: dict[str, Any]
) -> None:
    site = place()
    poison = sorted(url for url, original in calm["originals"].items() if url == original)[7]
    deaths = 0
    while True:
        done = manage(site.environ, "shell", "-v", "0", "-c", POISONED.format(url=poison))
        if done.returncode != -signal.SIGKILL:
            break
        deaths += 1
        site.expire()
        assert deaths <= MAX_ATTEMPTS
    assert done.returncode == 0, done.stdout
    assert deaths == MAX_ATTEMPTS
    found = site.state()
    assert found["held"] == [[poison, "kept_failing"]]
    assert found["left"] == 0
    assert found["articles"] == calm["articles"]
    settled = set(calm["stories"]) - {poison}
    assert set(found["stories"]) >= {url for url in settled if calm["originals"][url] != poison}

    site.python(
        "from aggregator.services import settling; from aggregator.models import Work; from aggregator import clock; "
        "settling.retry_held([row.pk for row in Work.objects.all()], clock.now())"
    )
    site.read_everything()
    assert site.state()["originals"] == calm["originals"]
    site.verify()
