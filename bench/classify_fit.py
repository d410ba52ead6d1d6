"""Fitting classify: relevance, topics, and what joins the model with the cues; five-fold cross-validation."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from bench.classify_tables import FOLDS, Extra, Table, Trainer, relevance_matrix, topic_matrix

RELEVANCE_C, TOPIC_C = 4.0, 8.0
CASE_WEIGHT = 2.0  # of event snippets: few beside the headlines, and the only rows of their kind
STEPS = 60  # of the minimiser: more changes no figure
RAREST = 2  # a topic with fewer rows is not learned
NEVER = -4.0  # the bias where a topic is not learned, and where learning begins
LOWEST = -8.0  # of a topic's logit


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


def fit_topics(
    hashed: sp.csr_matrix, labels: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fit one logistic model a topic, all at once; return weights [feature, topic] and biases.

    The sum of squares of all numbers is the penalty, TOPIC_C times the loss stands against it.
    """
    used = np.flatnonzero(np.asarray((hashed != 0).sum(axis=0)).ravel())
    rows, topics = hashed[:, used].astype(np.float32).tocsr(), labels.shape[1]
    back = rows.T.tocsr()
    gold, weight = labels.astype(np.float32), (weights * TOPIC_C).astype(np.float32)[:, None]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        numbers = flat.astype(np.float32).reshape(len(used) + 1, topics)
        logits = rows @ numbers[:-1] + numbers[-1]
        total = float((weight * (np.logaddexp(0, logits) - gold * logits)).sum(dtype=np.float64))
        wrong = weight * (1 / (1 + np.exp(-np.clip(logits, -30, 30))) - gold)
        slope = np.vstack([back @ wrong, wrong.sum(axis=0)]) + numbers
        return total + 0.5 * float((numbers * numbers).sum(dtype=np.float64)), slope.ravel().astype(float)

    start = np.zeros((len(used) + 1, topics))
    start[-1] = NEVER
    best = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "maxcor": 8})
    numbers = best.x.reshape(start.shape)
    learned = labels.sum(axis=0) >= RAREST
    found = np.zeros((hashed.shape[1], topics))
    found[used] = numbers[:-1] * learned
    return found, np.where(learned, numbers[-1], NEVER)


def row_weights(table: Table) -> np.ndarray:
    """Irrelevant rows count a quarter, as topics are only given to what may belong; event snippets count double."""
    return np.where(table.relevant == 0, 0.25, 1.0) * np.where(table.sets == "case", CASE_WEIGHT, 1.0)


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
        logits[held] = np.maximum(near[held] @ found + bias, LOWEST)
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
