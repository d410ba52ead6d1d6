"""Figures of classify, as the line would decide: relevance, slugs of topics, main topic."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from aggregator.pipeline import classify
from aggregator.pipeline.relevance import ASK as ASKED
from aggregator.pipeline.relevance import IN as SHOWN
from bench.classify_tables import Table, Trainer

IN, ASK = 0.5, 0.2  # thresholds: fixed once on the cross-validated scores of the development sets
FIRST, FIRST_ASKED, FURTHER = 0.1, 0.4, 0.45
SETS = ("stream", "feedmix", "case", "pool")


def f1(gold: np.ndarray, found: np.ndarray) -> float:
    """Return F1 of boolean arrays."""
    both = (gold & found).sum()
    return float(2 * both / max(1, gold.sum() + found.sum()))


def relevance_figures(table: Table, scores: np.ndarray) -> dict[str, Any]:
    """Return F1 at IN and AUC of each set."""
    figures = {}
    for name in SETS:
        rows = (table.sets == name) & (table.relevant >= 0)
        gold, found = table.relevant[rows] == 1, scores[rows] >= IN
        auc = roc_auc_score(gold, scores[rows])
        figures[name] = {"n": int(rows.sum()), "f1": round(f1(gold, found), 3), "auc": round(auc, 3)}
    return figures


def topic_figures(
    trainer: Trainer,
    table: Table,
    scores: np.ndarray,
    relevance_scores: np.ndarray,
    offsets: dict[str, float],
) -> dict[str, Any]:
    """Return micro F1 of the slugs and how often the main topic is right, as the line would give them."""
    labels, main = trainer.topic_labels(table.rows)
    card = {"topics": {"first": FIRST, "first_asked": FIRST_ASKED, "further": FURTHER, "main": offsets}}
    found, first = np.zeros(labels.shape, dtype=bool), np.full(len(table.rows), -1)
    for number, (row, relevance) in enumerate(zip(table.rows, relevance_scores.tolist(), strict=True)):
        if relevance >= ASK:
            most = 1 if classify.is_snippet(bool(row.title), len(row.text.split())) else classify.MOST_TOPICS
            score = dict(zip(trainer.slugs, scores[number].tolist(), strict=True))
            verdict = SHOWN if relevance >= IN else ASKED
            picked = classify.pick(score, card, most=most, relevance=verdict)
            found[number, [trainer.index[slug] for slug in picked]] = True
            first[number] = trainer.index[picked[0]] if picked else -1
    figures = {}
    has = np.array([row.topics is not None for row in table.rows])
    for name in SETS:
        rows = (table.sets == name) & has
        led = (table.sets == name) & (main >= 0) & (table.relevant == 1)
        right = float((first[led] == main[led]).mean())
        figures[name] = {
            "n": int(rows.sum()),
            "micro_f1": round(f1(labels[rows].astype(bool), found[rows]), 3),
            "main": round(right, 3),
        }
    return figures
