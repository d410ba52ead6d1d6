"""Train the small linear model of classify on development data; write weights and a card.

    python -m bench.train_classify [--write]

Prints held-out figures of a five-fold cross-validation (rows of one story never part), then with
--write trains on everything and writes aggregator/pipeline/model/. Needs scikit-learn, and the
labelled sets in CORPORA_DIR. The files hold weights and figures, no text. Same input, same bytes.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from aggregator.pipeline import cues, linear
from bench import classify_sets as sets
from bench.classify_figures import ASK, FIRST, FIRST_ASKED, FURTHER, IN, relevance_figures, topic_figures
from bench.classify_fit import (
    LOWEST,
    cross_relevance,
    cross_topics,
    fit_joint,
    fit_relevance,
    fit_topics,
    main_offsets,
    row_weights,
)
from bench.classify_tables import CUE_SCALE, SCALE, Extra, Table, Trainer, extra_rows, rarity, topic_matrix


def quantised(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return int8 weights and their scales, one a column."""
    scales = np.maximum(np.abs(weights).max(axis=0), 1e-6) / 127
    return np.round(weights / scales).astype(np.int8), scales


def write(
    trainer: Trainer,
    table: Table,
    own: Table,
    idf: sp.dia_matrix,
    extra: Extra,
    logits: np.ndarray,
    figures: dict[str, Any],
) -> None:
    """Train on everything and write weights and card; `logits` are the cross-validated ones."""
    model = fit_relevance(table, table.relevant >= 0, own)
    size = table.hashed.shape[1]
    flat, flat_scale = quantised(model.coef_[0][:size, None] * SCALE)
    labels, _ = trainer.topic_labels(table.rows)
    has = np.array([row.topics is not None for row in table.rows])
    found, bias = fit_topics(
        sp.vstack([topic_matrix(table, idf)[has], extra.features]).tocsr(),
        np.vstack([labels[has], extra.labels]),
        np.concatenate([row_weights(table)[has], extra.weights]),
    )
    joint = fit_joint(logits[has & (table.relevant != 0)], *_joint_rows(table, labels, has))
    topics, topic_scales = quantised((idf @ found[:size]) * SCALE)
    folder = linear.FOLDER
    folder.mkdir(exist_ok=True)
    np.savez_compressed(
        folder / "classify.npz",
        relevance=flat[:, 0],
        relevance_scale=np.float32(flat_scale[0]),
        topics=topics,
        topic_scales=topic_scales.astype(np.float32),
        cues=(found[size:-1] * CUE_SCALE).astype(np.float16),
        untitled=found[-1].astype(np.float16),
    )
    card = make_card(trainer, table, model, joint, bias, figures)
    (folder / "classify.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", "utf-8")


def _joint_rows(table: Table, labels: np.ndarray, has: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    chosen = has & (table.relevant != 0)
    return table.cues[chosen], labels[chosen]


def make_card(
    trainer: Trainer,
    table: Table,
    model: LogisticRegression,
    joint: LogisticRegression,
    bias: np.ndarray,
    figures: dict[str, Any],
) -> dict[str, Any]:
    """Return the card: dense weights, thresholds, data, date and held-out figures."""
    size, worth = table.hashed.shape[1], joint.coef_[0]
    shares = dict(zip(cues.CUE_KINDS, [round(float(max(0, w)), 4) for w in worth[1:]], strict=True))
    own_bias = {
        slug: round(float(worth[0] * max(bias[n], LOWEST) + joint.intercept_[0]), 4)
        for slug, n in trainer.index.items()
    }
    return {
        "made_on": datetime.now(UTC).date().isoformat(),
        "data": {name: int((table.sets == name).sum()) for name in sorted(set(table.sets))},
        "beside": "cues of the vocabulary, pool items labelled by headline cues, invented headlines",
        "figures": figures,
        "topic_slugs": trainer.slugs,
        "relevance": {
            "bias": round(float(model.intercept_[0]), 4),
            "hashed": 1.0,
            "dense": [round(float(w), 4) for w in model.coef_[0][size:]],
            "in": IN,
            "ask": ASK,
        },
        "topics": {
            "hashed": round(float(worth[0]), 4),
            "bias": own_bias,
            "cues": shares,
            "first": FIRST,
            "first_asked": FIRST_ASKED,
            "further": FURTHER,
            "main": main_offsets(trainer, table),
            # A topic the model has never seen: one strong cue in the headline is enough.
            "new_bias": -3.9,
            "new_cues": dict(zip(cues.CUE_KINDS, (4.5, 2.2, 4.0, 2.0, 2.2, 0.4), strict=True)),
        },
    }


def main() -> None:
    """Print held-out figures; with --write train on everything and write the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    trainer = Trainer()
    pool = sets.pool()
    own = sets.own_labels()
    rows = [*sets.stream(), *sets.feedmix(), *sets.case(), *(row for row in pool if row.id in own)]
    table, pool_table = trainer.table(rows), trainer.table(pool)
    own_table = trainer.table([*sets.examples(), *sets.off_topic_examples(), *sets.snippets()])
    idf = rarity(pool_table)
    extra = extra_rows(trainer, pool_table, idf)
    relevance_scores = cross_relevance(table, own_table)
    logits, scores = cross_topics(trainer, table, idf, extra)
    figures = {
        "relevance": relevance_figures(table, relevance_scores),
        "topics": topic_figures(trainer, table, scores, relevance_scores, main_offsets(trainer, table)),
    }
    print(json.dumps(figures, indent=1))
    if arguments.write:
        write(trainer, table, own_table, idf, extra, logits, figures)


if __name__ == "__main__":
    main()
