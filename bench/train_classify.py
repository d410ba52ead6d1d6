"""Train the small linear model of classify on development data; write weights and a card.

    python bench/train_classify.py [--write]

Prints held-out figures of a five-fold cross-validation (rows of one story never part), then with
--write trains on everything and writes aggregator/pipeline/model/. Needs scikit-learn, and the
labelled sets in CORPORA_DIR. The files hold weights and figures, no text. Same input, same bytes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import classify_sets as sets
import numpy as np
import scipy.sparse as sp
from classify_sets import Row
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from aggregator.pipeline import classify, cues, linear, relevance
from aggregator.pipeline.gazetteer import load_gazetteer
from aggregator.pipeline.locate import locate

VOCABULARY = Path(classify.__file__).resolve().parents[1] / "vocabulary"
FOLDS = 5
SCALE = 3.0  # of hashed features beside dense ones: sets their share of the penalty
CUE_SCALE = 0.5  # of cue counts beside hashed features, for topics
RELEVANCE_C, TOPIC_C = 4.0, 20.0
CUE_WEIGHT, WEAK_WEIGHT = (
    0.1,
    0.15,
)  # of cue words as texts, and of pool rows labelled by their headline's cues
EXAMPLE_WEIGHT = 1.0  # of our own invented headlines
SNIPPET_OFF_WEIGHT = 0.3  # of invented accidents and disasters, for topics
IDF_POWER = 0.7
IN, ASK = 0.5, 0.2  # thresholds: fixed once on the cross-validated scores of the development sets
FIRST, FURTHER = 0.1, 0.45


@dataclass
class Table:
    """Rows as numbers: hashed features, dense features of relevance, cue counts [row, topic, kind]."""

    rows: Sequence[Row]
    hashed: sp.csr_matrix
    dense: np.ndarray
    cues: np.ndarray

    @property
    def sets(self) -> np.ndarray:
        """The set of each row."""
        return np.array([row.set for row in self.rows])

    @property
    def folds(self) -> np.ndarray:
        """The fold of each row, by its group."""
        return np.array([crc32(row.group.encode()) % FOLDS for row in self.rows])

    @property
    def relevant(self) -> np.ndarray:
        """1, 0, or -1 where not judged."""
        return np.array([-1 if row.relevant is None else row.relevant for row in self.rows])


class Trainer:
    """Vocabulary, gazetteer and topics, and what is done with them."""

    def __init__(self) -> None:
        names = ("topics", "forms", "conflicts")
        data = [json.loads((VOCABULARY / f"{name}.json").read_text("utf-8")) for name in names]
        self.rules = classify.rules_from(*data)
        self.gazetteer = load_gazetteer()
        self.slugs = [rule.slug for rule in self.rules.topics]
        self.index = {slug: number for number, slug in enumerate(self.slugs)}

    def table(self, rows: Sequence[Row]) -> Table:
        """Turn rows into numbers by the very functions of the line."""
        features, dense = [], []
        counts = np.zeros((len(rows), len(self.slugs), len(cues.CUE_KINDS)))
        for number, row in enumerate(rows):
            located = locate(row.title, row.text, gazetteer=self.gazetteer, home_region=None, language="")
            reading = classify.read(row.title, row.text, "", self.rules)
            places = classify.place_evidence(located, self.rules, reading.names)
            hot = places["conflict_area"] or places["conflict_country"]
            evidence = cues.weigh(list(reading.hits), in_conflict=hot)
            features.append(linear.hashed(reading.title, reading.body))
            dense.append(relevance.dense_features(evidence, places, len(reading.body.stems)))
            for slug, found in evidence.counts.items():
                if slug in self.index:
                    counts[number, self.index[slug]] = [min(2, found[k]) for k in cues.CUE_KINDS]
        return Table(rows, matrix(features), np.array(dense), counts)

    def topic_labels(self, rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray]:
        """Return labels [row, topic] and the main topic's number (-1 where there is none)."""
        labels, main = np.zeros((len(rows), len(self.slugs)), dtype=int), np.full(len(rows), -1)
        for number, row in enumerate(rows):
            for slug in row.topics or ():
                labels[number, self.index[slug]] = 1
            if row.topics:
                main[number] = self.index[row.topics[0]]
        return labels, main

    def cue_table(self) -> tuple[Table, np.ndarray]:
        """Return every strong cue as a tiny text with its topic as label."""
        pairs = [(rule.slug, cue) for rule in self.rules.topics for cue in rule.strong]
        rows = [Row(cue, "cue", cue, cue, 1, (slug,), group=cue) for slug, cue in pairs]
        return self.table(rows), self.topic_labels(rows)[0]


def matrix(features: Sequence[np.ndarray], bits: int = linear.RELEVANCE_BITS) -> sp.csr_matrix:
    """Return hashed features as a matrix whose rows have length 1."""
    ends = np.cumsum([0, *map(len, features)])
    columns = (np.concatenate(features) & np.uint32((1 << bits) - 1)).astype(np.int32)
    values = np.concatenate([np.full(len(f), 1 / max(1, len(f)) ** 0.5) for f in features])
    found = sp.csr_matrix((values, columns, ends), shape=(len(features), 1 << bits))
    found.sum_duplicates()
    return found


def rarity(pool: Table) -> sp.dia_matrix:
    """Return how much a feature's rarity in the pool makes it count (mean 1)."""
    seen = np.asarray((pool.hashed > 0).sum(axis=0)).ravel() + 1
    idf = np.log((len(pool.rows) + 1) / seen)
    return sp.diags((idf / idf.mean()) ** IDF_POWER)


# -- relevance -------------------------------------------------------------------------------


def relevance_matrix(table: Table) -> sp.csr_matrix:
    """Return hashed and dense features side by side."""
    return sp.hstack([table.hashed * SCALE, sp.csr_matrix(table.dense)]).tocsr()


def fit_relevance(table: Table, chosen: np.ndarray, own: Table) -> LogisticRegression:
    """Fit on the chosen rows and our own headlines; snippets of single events count half."""
    weights = np.concatenate([np.where(table.sets == "case", 0.5, 1.0)[chosen], np.ones(len(own.rows))])
    features = sp.vstack([relevance_matrix(table)[chosen], relevance_matrix(own)]).tocsr()
    answers = np.concatenate([table.relevant[chosen], own.relevant])
    return LogisticRegression(C=RELEVANCE_C, max_iter=1000).fit(features, answers, sample_weight=weights)


def cross_relevance(table: Table, own: Table) -> np.ndarray:
    """Return each row's score by a model that has not seen its group."""
    scores, judged = np.zeros(len(table.rows)), table.relevant >= 0
    everything = relevance_matrix(table)
    for fold in range(FOLDS):
        held = table.folds == fold
        scores[held] = fit_relevance(table, judged & ~held, own).predict_proba(everything[held])[:, 1]
    return scores


# -- topics ----------------------------------------------------------------------------------


@dataclass
class Extra:
    """Rows that only ever train: cues as texts, and pool rows labelled by their headline's cues."""

    features: sp.csr_matrix
    labels: np.ndarray
    weights: np.ndarray


def topic_matrix(table: Table, idf: sp.dia_matrix, *, blind: bool = False) -> sp.csr_matrix:
    """Return hashed features, cue counts of all topics and whether a headline lacks, side by side.

    `blind` leaves the cues out: rows that were labelled by cues must not teach that cues are right.
    """
    counts = table.cues.reshape(len(table.rows), -1) * CUE_SCALE * (not blind)
    lacking = np.array([[0.0 if row.title else 1.0] for row in table.rows])
    return sp.hstack([(table.hashed @ idf) * SCALE, sp.csr_matrix(np.hstack([counts, lacking]))]).tocsr()


def extra_rows(trainer: Trainer, pool: Table, idf: sp.dia_matrix) -> Extra:
    """Return what trains beside the labelled rows."""
    cue_table, cue_labels = trainer.cue_table()
    examples, snippets = trainer.table(sets.examples()), trainer.table(sets.snippets())
    snippet_labels = trainer.topic_labels(snippets.rows)[0]
    own = sets.own_labels()
    usable = np.array([r.id not in own and r.category not in sets.OFF_TOPIC for r in pool.rows])
    weak = np.where(usable & (pool.cues[:, :, 0].sum(axis=1) > 0))[0]
    parts = [topic_matrix(pool, idf, blind=True)[weak], topic_matrix(cue_table, idf, blind=True)]
    weights = [WEAK_WEIGHT] * len(weak) + [CUE_WEIGHT] * len(cue_table.rows)
    weights += [EXAMPLE_WEIGHT] * len(examples.rows)
    weights += np.where(snippet_labels.any(axis=1), 1.0, SNIPPET_OFF_WEIGHT).tolist()
    labels = [(pool.cues[weak][:, :, 0] > 0).astype(int), cue_labels, trainer.topic_labels(examples.rows)[0]]
    labels.append(snippet_labels)
    features = sp.vstack([*parts, topic_matrix(examples, idf), topic_matrix(snippets, idf)]).tocsr()
    return Extra(features, np.vstack(labels), np.array(weights))


def fit_topics(
    hashed: sp.csr_matrix, labels: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fit one linear model a topic; return weights [feature, topic] and biases."""
    found, bias = np.zeros((hashed.shape[1], labels.shape[1])), np.full(labels.shape[1], -4.0)
    for topic in range(labels.shape[1]):
        if labels[:, topic].sum() > 1:
            model = LogisticRegression(C=TOPIC_C, max_iter=500, solver="liblinear", random_state=0)
            model.fit(hashed, labels[:, topic], sample_weight=weights)
            found[:, topic], bias[topic] = model.coef_[0], model.intercept_[0]
    return found, bias


def row_weights(table: Table) -> np.ndarray:
    """Irrelevant rows count a quarter: topics are only given to what may belong."""
    return np.where(table.relevant == 0, 0.25, 1.0)


def fit_joint(logits: np.ndarray, counts: np.ndarray, labels: np.ndarray) -> LogisticRegression:
    """Fit what a model's logit and each kind of cue are worth, shared by all topics."""
    values = np.concatenate([logits[:, :, None], counts], axis=2).reshape(-1, 1 + counts.shape[2])
    return LogisticRegression(C=1.0, max_iter=500).fit(values, labels.ravel())


def joint_scores(model: LogisticRegression, logits: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return scores [row, topic]; negative worths of cues count as nought, as in the card."""
    worth = np.concatenate([model.coef_[0][:1], np.maximum(model.coef_[0][1:], 0)])
    values = np.concatenate([logits[:, :, None], counts], axis=2)
    return 1 / (1 + np.exp(-(values @ worth + model.intercept_[0])))


def cross_topics(
    trainer: Trainer, table: Table, idf: sp.dia_matrix, extra: Extra
) -> tuple[np.ndarray, np.ndarray]:
    """Return logits and joint scores of each row by models that have not seen its group."""
    labels, _ = trainer.topic_labels(table.rows)
    has = np.array([row.topics is not None for row in table.rows])
    weights, near = row_weights(table), topic_matrix(table, idf)
    logits, scores = np.zeros(labels.shape), np.zeros(labels.shape)
    for fold in range(FOLDS):
        train, held = has & (table.folds != fold), table.folds == fold
        found, bias = fit_topics(
            sp.vstack([near[train], extra.features]).tocsr(),
            np.vstack([labels[train], extra.labels]),
            np.concatenate([weights[train], extra.weights]),
        )
        logits[held] = np.maximum(near[held] @ found + bias, -8)
    for fold in range(FOLDS):
        train = has & (table.folds != fold) & (table.relevant != 0)
        held = table.folds == fold
        model = fit_joint(logits[train], table.cues[train], labels[train])
        scores[held] = joint_scores(model, logits[held], table.cues[held])
    return logits, scores


def main_offsets(trainer: Trainer, table: Table) -> dict[str, float]:
    """Return how readily each topic leads where it is present with others (log odds, shrunk)."""
    labels, main = trainer.topic_labels(table.rows)
    several = (labels.sum(axis=1) > 1) & np.isin(table.sets, ("stream", "pool"))
    offsets = {}
    for slug, topic in trainer.index.items():
        led = int((main[several] == topic).sum())
        followed = int(labels[several, topic].sum()) - led
        offsets[slug] = round(float(np.log((led + 3) / (followed + 3))) / 2, 3)
    return offsets


# -- figures ---------------------------------------------------------------------------------


def f1(gold: np.ndarray, found: np.ndarray) -> float:
    """Return F1 of boolean arrays."""
    both = (gold & found).sum()
    return float(2 * both / max(1, gold.sum() + found.sum()))


def relevance_figures(table: Table, scores: np.ndarray) -> dict[str, Any]:
    """Return F1 at IN and AUC of each set."""
    figures = {}
    for name in ("stream", "feedmix", "case", "pool"):
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
    card = {"topics": {"first": FIRST, "further": FURTHER, "main": offsets}}
    found, first = np.zeros(labels.shape, dtype=bool), np.full(len(table.rows), -1)
    for number in range(len(table.rows)):
        if relevance_scores[number] >= ASK:
            row = dict(zip(trainer.slugs, scores[number].tolist(), strict=True))
            one = classify.is_snippet(bool(table.rows[number].title), len(table.rows[number].text.split()))
            picked = [
                trainer.index[slug]
                for slug in classify.pick(row, card, most=1 if one else classify.MOST_TOPICS)
            ]
            found[number, picked] = True
            first[number] = picked[0] if picked else -1
    figures = {}
    has = np.array([row.topics is not None for row in table.rows])
    for name in ("stream", "feedmix", "case", "pool"):
        rows = (table.sets == name) & has
        led = (table.sets == name) & (main >= 0) & (table.relevant == 1)
        right = float((first[led] == main[led]).mean())
        figures[name] = {
            "n": int(rows.sum()),
            "micro_f1": round(f1(labels[rows].astype(bool), found[rows]), 3),
            "main": round(right, 3),
        }
    return figures


# -- writing ---------------------------------------------------------------------------------


def quantised(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return int8 weights and their scales, one a column."""
    scales = np.maximum(np.abs(weights).max(axis=0), 1e-6) / 127
    return np.round(weights / scales).astype(np.int8), scales


def write(
    trainer: Trainer, table: Table, own: Table, idf: sp.dia_matrix, extra: Extra, figures: dict[str, Any]
) -> None:
    """Train on everything and write weights and card."""
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
    logits, _ = cross_topics(trainer, table, idf, extra)
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
        slug: round(float(worth[0] * max(bias[n], -8) + joint.intercept_[0]), 4)
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
    _, scores = cross_topics(trainer, table, idf, extra)
    figures = {
        "relevance": relevance_figures(table, relevance_scores),
        "topics": topic_figures(trainer, table, scores, relevance_scores, main_offsets(trainer, table)),
    }
    print(json.dumps(figures, indent=1))
    if arguments.write:
        write(trainer, table, own_table, idf, extra, figures)


if __name__ == "__main__":
    main()
