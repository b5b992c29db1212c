"""Baselines for texts made from texts: the source itself, its beginning, and the target of the nearest source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from toolkit.evaluation.metrics.sentence_ends import split_sentences
from toolkit.progress import warn

_HASHES = 2**20
_NGRAMS = (2, 4)  # characters of an n-gram, within words
_LONGEST_TEXT = 2_000  # characters of a text that are read
_MOST_SIMILARITIES = 300_000_000  # about 60 s on one core
_BLOCK = 2**24  # similarities held at a time: 64 MiB


def copy_source(sources: Sequence[str]) -> list[str]:
    """Predict every source unchanged: the score of names, numbers and words that languages share."""
    return list(sources)


def first_sentences(sources: Sequence[str], train_targets: Sequence[str]) -> list[str]:
    """Predict the first sentences of every source, as many as training targets have on average, and at least one.

    News tell first what matters most, so that many a model does not beat this (See et al. 2017, "lead-3",
    https://aclanthology.org/P17-1099/). Sentences are those of `split_sentences`, one a line.

    Args:
        sources: ``[rows]``
        train_targets: ``[train rows]``
    """
    n_kept = max(1, round(sum(len(split_sentences(target)) for target in train_targets) / max(1, len(train_targets))))
    return ["\n".join(split_sentences(source)[:n_kept]) for source in sources]


def nearest_neighbour(
    train_sources: Sequence[str], train_targets: Sequence[str], *, test_sources: Sequence[str]
) -> list[str]:
    """Predict the target of the training row with the most similar source; of equals the first one.

    The similarity is the cosine of TF-IDF features of two to four characters. Only the choice of left-out training rows
    is random, if there are too many.

    Args:
        train_sources: ``[train rows]``
        train_targets: ``[train rows]``
        test_sources: ``[test rows]``

    Raises:
        ValueError: if there are no training rows, or not as many targets as sources.
    """
    if not train_sources or len(train_sources) != len(train_targets):
        raise ValueError(f"{len(train_sources)} sources and {len(train_targets)} targets to learn from")
    kept = _affordable_rows(len(train_sources), len(test_sources))
    if len(kept) < len(train_sources):
        warn(f"baseline nearest-neighbour: looked at {len(kept)} of {len(train_sources)} training rows")
    vectorizer = HashingVectorizer(
        analyzer="char_wb", ngram_range=_NGRAMS, n_features=_HASHES, norm=None, alternate_sign=False, dtype=np.float32
    )
    weighting = TfidfTransformer(sublinear_tf=True)
    known = weighting.fit_transform(vectorizer.transform([train_sources[row][:_LONGEST_TEXT] for row in kept])).T
    block = max(1, _BLOCK // len(kept))
    nearest: list[int] = []
    for start in range(0, len(test_sources), block):
        queries = [source[:_LONGEST_TEXT] for source in test_sources[start : start + block]]
        similarities = weighting.transform(vectorizer.transform(queries)) @ known
        nearest += similarities.toarray().argmax(axis=1).tolist()
    return [train_targets[kept[row]] for row in nearest]


def _affordable_rows(n_train: int, n_test: int) -> list[int]:
    """Return the training rows to compare with, in order: all, or as many drawn at random as the work allows."""
    n_kept = max(1, min(n_train, _MOST_SIMILARITIES // max(1, n_test)))
    if n_kept == n_train:
        return list(range(n_train))
    drawn: list[int] = np.random.default_rng(0).choice(n_train, size=n_kept, replace=False).tolist()
    return sorted(drawn)
