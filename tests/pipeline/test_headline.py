"""Which member speaks: each step of the stated rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.pipeline.headline import Speaker, choose_speaker, is_bait

DAY = datetime(2023, 9, 19, 12, tzinfo=UTC)


def member(number: int, title: str = "Army crosses the river at dawn", **fields: Any) -> Speaker:
    values: dict[str, Any] = {
        "article_id": number,
        "title": title,
        "extract": "The army crossed the river at dawn.",
        "language": "en",
        "reported_at": DAY + timedelta(minutes=number),
        "origin_key": f"family:{number}",
        "is_copy": False,
        "state_control": 0,
        "kind": "national",
        "home_regions": (),
        "form": "report",
    }
    return Speaker(**values | fields)


@pytest.mark.parametrize(
    ("members", "speaks"),
    [
        pytest.param([member(1), member(2)], 1, id="the earliest, all else equal"),
        pytest.param([member(1, is_copy=True), member(2)], 2, id="an original before an earlier copy"),
        pytest.param([member(1, state_control=3), member(2)], 2, id="a state medium does not speak"),
        pytest.param([member(1, state_control=3)], 1, id="but it does where it is alone"),
        pytest.param([member(1, title="What we know about the crossing"), member(2)], 2, id="no bait"),
        pytest.param([member(1, title="CARNAGE as army crosses river"), member(2)], 2, id="no shouting"),
        pytest.param([member(1, kind="tabloid"), member(2)], 2, id="no tabloid"),
        pytest.param([member(1), member(2, home_regions=("mali",))], 2, id="an outlet near the place"),
        pytest.param(
            [member(1, language="fr", title="L'armée passe le fleuve"), member(2), member(3)],
            2,
            id="the language that most origins write in",
        ),
        pytest.param(
            [member(1, title="Ministry silent"), member(2), member(3)], 2, id="words that other origins use"
        ),
        pytest.param([member(1, title=" "), member(2)], 2, id="a headline must not be empty"),
    ],
)
def test_the_member_that_speaks(members: list[Speaker], speaks: int) -> None:
    assert choose_speaker(members, near={"mali", "world"}).article_id == speaks
    assert choose_speaker(members[::-1], near={"mali", "world"}).article_id == speaks


def test_a_story_without_members_has_no_speaker() -> None:
    with pytest.raises(ValueError, match="no speaker"):
        choose_speaker([])


@pytest.mark.parametrize(
    ("title", "bait"),
    [
        ("Army crosses the river", False),
        ("UNRWA says NATO and OCHA were told", False),
        ("ISRAEL STRIKES PORT OF HODEIDAH", False),
        ("Why did the army cross?", True),
        ("HORROR at the river crossing", True),
        ("Watch: the crossing in full", True),
        ("Watch the crossing in full", True),
        ("LIVE UPDATES: army crosses the river", True),
        ("Breaking news - army crosses", True),
        ("Live river crossing updates", True),
        ("Video shows the river crossing", True),
        ("لماذا عبر الجيش النهر؟", True),
        ("军队为什么渡河？", True),
        ("Here’s why the army crossed", True),
        ("5 things to know about the crossing", True),
        ("ECOWAS sends an army over the river", False),
        ("МАГАТЭ сообщило об обстреле станции", False),
        ("ECOWAS at river: CARNAGE feared", True),
        ("Live fire kills two at the crossing", False),
        ("Watch tower shelled at the crossing", False),
        ("Photo editor killed at the crossing", False),
    ],
)
def test_bait(title: str, bait: bool) -> None:
    assert is_bait(title) is bait
