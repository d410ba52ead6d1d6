"""Invented reports for tests of tracing: no word of them was published anywhere."""

from __future__ import annotations

LEAD = "Shelling hit the market of Old Harbour on Tuesday morning and killed three people, the mayor's office said."
PARAGRAPHS = (
    LEAD,
    "Rescue workers pulled eleven others out of the rubble of the fish hall, whose roof had come down at eight.",
    "The army blamed units north of the river for the attack, while their speaker denied any fire in that sector.",
    "Residents told reporters that four shells fell within two minutes and that no warning had been given before.",
    "Power failed in the eastern quarters, and the regional hospital asked for blood donors of every group by noon.",
    "Talks about a local ceasefire were to resume on Thursday in the border town, according to two diplomats there.",
)
REPORT = "\n".join(PARAGRAPHS)
OTHER = "\n".join(
    (
        "Farmers in the upper valley began to move their herds down on Monday because the springs have run dry early.",
        "The ministry of water promised tankers for nine villages, although mayors said that only two had arrived so far.",
        "Meteorologists expect no rain before the end of the month and warned of fires along the railway embankments.",
        "A cooperative sold half of its cattle at low prices, its chairwoman said, since fodder has doubled in price.",
    )
)
PROMO = "\n".join(
    (
        "Sign up for our morning newsletter and get the news in your inbox.",
        "Follow us on Facebook and Telegram for more.",
        "Source: Read Full Article",
    )
)
CHINESE = (
    "星期二上午老港市场遭到炮击，市长办公室说有三人死亡，另有十一人从鱼市的废墟中被救出。"
    "军方指责河北面的部队发动袭击，而他们的发言人否认在该地区开火，居民说两分钟内落下四枚炮弹。"
    "东区停电，地区医院呼吁献血，据两名外交官说，当地停火谈判将于星期四在边境小镇恢复举行。"
)


def changed(text: str, word: str = "") -> str:
    """Return the text with every twentieth word replaced: an edited copy."""
    words = text.split(" ")
    return " ".join((word or "indeed") if index % 20 == 13 else one for index, one in enumerate(words))
