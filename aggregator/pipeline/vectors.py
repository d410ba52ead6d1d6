"""Static vectors of English words, from the package that ships them (wordllama, 256 numbers).

Only its two data files are used: its own loader wants to fetch a tokenizer. A word's vector is the
mean of its pieces; a text's vector is the weighted mean of its words, so that rare words speak
louder than a plain mean would let them.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

SIZE = 256
KEPT = 20_000  # words remembered, 10 MB
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_WEIGHTS = "weights/l2_supercat_256.safetensors"


class WordVectors:
    """Vectors by word, remembered for the commonest words met."""

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file

        self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        self._tokenizer.no_padding()
        self._pieces = next(iter(load_file(str(folder / _WEIGHTS)).values()))
        self._rows: dict[str, int] = {}
        self._kept = np.zeros((KEPT, SIZE), dtype=np.float16)

    def mean(self, words: list[str], weights: list[float]) -> NDArray[np.float16] | None:
        """Return the unit vector of weighted words; None when there is nothing to say."""
        if not words:
            return None
        if len(self._rows) + len(words) > KEPT:
            self._rows.clear()
        rows = [self._row(w) for w in words[:KEPT]]
        total = np.asarray(weights[:KEPT], dtype=np.float32) @ self._kept[rows].astype(np.float32)
        length = float(np.linalg.norm(total))
        return (total / length).astype(np.float16) if length > 0 else None

    def _row(self, word: str) -> int:
        row = self._rows.get(word)
        if row is None:
            row = self._rows[word] = len(self._rows)
            ids = self._tokenizer.encode(word[:40], add_special_tokens=False).ids
            self._kept[row] = self._pieces[ids].mean(axis=0) if ids else 0
        return row


@lru_cache(maxsize=1)
def word_vectors() -> WordVectors:
    """Load the vectors once a process (about a third of a second, 20 MB)."""
    spec = find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise LookupError("the package wordllama is not installed")
    return WordVectors(Path(spec.origin).parent)
