"""Texts as numbers for training classify: by the very functions of the line (evaluation only)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import scipy.sparse as sp

from aggregator.pipeline import classify, classify_rules, cues, linear, relevance
from aggregator.pipeline.gazetteer import load_gazetteer
from aggregator.pipeline.locate import locate
from bench import classify_sets as sets
from bench.classify_sets import Row

VOCABULARY = Path(classify.__file__).resolve().parents[1] / "vocabulary"
FOLDS = 5
SCALE = 3.0  # of hashed features beside dense ones: sets their share of the penalty
CUE_SCALE = 0.5  # of cue counts beside hashed features, for topics
IDF_POWER = 0.7
CUE_WEIGHT, WEAK_WEIGHT = (
    0.1,
    0.15,
)  # of cue words as texts, and of pool rows labelled by their headline's cues
EXAMPLE_WEIGHT = 1.0  # of our own invented headlines
SNIPPET_OFF_WEIGHT = 0.3  # of invented accidents and disasters, for topics


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
        self.rules = classify_rules.rules_from(*data)
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


def relevance_matrix(table: Table) -> sp.csr_matrix:
    """Return hashed and dense features side by side."""
    return sp.hstack([table.hashed * SCALE, sp.csr_matrix(table.dense)]).tocsr()


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
