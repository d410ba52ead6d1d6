"""Whose turn it is at a host."""

from __future__ import annotations

import asyncio

from aggregator.fetch.turns import Turns


def test_a_delay_that_was_just_learnt_holds_for_the_next_request() -> None:
    turns = Turns(0.5, clock=lambda: 100.0)

    async def ask() -> None:
        async with turns.turn("h:80"):
            pass

    asyncio.run(ask())
    assert turns.rest("h:80") == 0.5
    turns.set_gap("h:80", 30.0)
    assert turns.rest("h:80") == 30.0
    assert turns.rest("other:80") == 0.0
