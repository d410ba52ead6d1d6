"""The figures of `bench.scale` as the table that docs/performance.md shows."""

from __future__ import annotations

from typing import Any

MB = 1000.0


def table(found: dict[str, Any]) -> str:
    """Return what is asked of the site, and what was measured, as lines of a table."""
    lines = [
        "| what | asked | found |",
        "|---|---|---|",
        *(f"| {a} | {b} | {c} |" for a, b, c in _rows(found)),
    ]
    return "\n".join(
        [*lines, "", "| page | p50 ms | p95 ms | CPU ms | kB |", "|---|---|---|---|---|", *_pages(found)]
    )


def _rows(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    one, eight = found["beside_1"], found["beside_8"]
    reader, trivial, ready = (
        one[name]["cpu_ms"] for name in ("reader, main page", "trivial view", "ready-made page")
    )
    warm, cold = one["region"]["cpu_ms"], found["cold"]["cpu_ms"]
    plain = eight["trivial view"]["p95_ms"]
    again = one["region, again (304)"]["cpu_ms"]
    rows = [
        ("timeline page, cards kept, CPU", "≤ 0.3 × reader, ≤ 2 × ready-made",
         f"{warm:.1f} ms: {warm / reader:.2f} × reader, {warm / ready:.2f} × ready-made"),
        ("the same, first view", "≤ 0.8 × reader", f"{cold:.1f} ms: {cold / reader:.2f} × reader"),
        ("p95 with 8 readers", "≤ 15 × trivial", f"as served {eight['region, kept']['p95_ms'] / plain:.1f} ×, "
         f"each made anew {eight['region']['p95_ms'] / plain:.1f} ×"),
        ("region × topic", "≤ 1.5 × unfiltered", f"{one['region, topic']['cpu_ms'] / warm:.2f} ×"),
        ("again (304)", "≤ 2 × trivial", f"{again:.2f} ms: {again / trivial:.2f} ×"),
        ("search p95", "≤ 150 ms", ", ".join(
            f"{name.removeprefix('search, ')} {found['pages'][name]['p95_ms']:.0f} ms"
            for name in ("search, two words", "search, common word", "search, rare word"))),
    ]  # fmt: skip
    if growth := found.get("growth"):
        worst = sorted(growth, key=lambda name: -growth[name]["p95"])[:4]
        rows.append(
            (
                "growth of p95",
                "≤ 1.3 ×",
                "; ".join(f"{n} {growth[n]['p95']} (CPU {growth[n]['cpu']})" for n in worst),
            )
        )
    return rows + _machine(found)


def _machine(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    sizes = list(found["line"])
    small, last = found["line"][sizes[0]], found["line"][sizes[-1]]
    rows = [
        ("line at the last size over the first, CPU an article", "≤ 1.3 ×",
         f"{last['cpu_ms_an_article'] / small['cpu_ms_an_article']:.2f} × ({last['cpu_ms_an_article']} ms)"),
        ("memory idle / under load", "≤ 1.0 / 1.6 GB",
         f"{found['memory_idle_mb'][sizes[-1]] / MB:.2f} / {found['memory_load_mb'][sizes[-1]] / MB:.2f} GB"),
        ("disk an article", "≤ 15 kB", f"{found['disk_bytes_an_article'][sizes[-1]]['all'] / MB:.1f} kB"),
        ("start to first page", "≤ 10 s", f"{found['start_seconds'][sizes[-1]]} s"),
    ]  # fmt: skip
    if "page_p95_busy_ms" in last:
        busy = last["page_p95_busy_ms"] / last["page_p95_idle_ms"]
        rows.append(("page p95 while the line runs", "≤ 3 × idle", f"{busy:.1f} ×"))
    return rows


def _pages(found: dict[str, Any]) -> list[str]:
    return [
        f"| {name} | {one['p50_ms']} | {one['p95_ms']} | {one['cpu_ms']} | {one['kb']} |"
        for name, one in {**found["beside_1"], **found["pages"]}.items()
    ]
