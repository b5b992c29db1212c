"""What costs nothing where a text is made from another: the text itself, and the answer to the nearest one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from toolkit.progress import warn

_HASHES = 2**20
_PIECES = (2, 4)  # characters of a piece, within words
_LONGEST_TEXT = 2_000  # characters of a text that are read
_MOST_SIMILARITIES = 300_000_000  # about 60 s on one core
_BLOCK = 2**24  # similarities held at a time: 64 MiB


def copy_source(sources: Sequence[str]) -> list[str]:
    """Give every source as it is: what names, numbers and words that languages share are worth."""
    return list(sources)


def nearest_neighbour(
    train_sources: Sequence[str], train_targets: Sequence[str], *, test_sources: Sequence[str]
) -> list[str]:
    """Give the target of the training row whose source is most like the one at hand, the first one of equals.

    Alike are sources that share pieces of two to four characters, the rarer the better: the cosine of TF-IDF.
    Nothing is random but the training rows left out where there are too many.

    Args:
        train_sources: ``[train rows]``
        train_targets: ``[train rows]``
        test_sources: ``[test rows]``

    Raises:
        ValueError: there are no training rows, or not as many targets as sources.
    """
    if not train_sources or len(train_sources) != len(train_targets):
        raise ValueError(f"{len(train_sources)} sources and {len(train_targets)} targets to learn from")
    kept = _affordable_rows(len(train_sources), len(test_sources))
    if len(kept) < len(train_sources):
        warn(f"baseline nearest-neighbour: looked at {len(kept)} of {len(train_sources)} training rows")
    vectorizer = HashingVectorizer(
        analyzer="char_wb", ngram_range=_PIECES, n_features=_HASHES, norm=None, alternate_sign=False, dtype=np.float32
    )
    weighting = TfidfTransformer(sublinear_tf=True)
    known = weighting.fit_transform(vectorizer.transform([train_sources[row][:_LONGEST_TEXT] for row in kept])).T
    block = max(1, _BLOCK // len(kept))
    nearest: list[int] = []
    for start in range(0, len(test_sources), block):
        asked = [source[:_LONGEST_TEXT] for source in test_sources[start : start + block]]
        similarities = weighting.transform(vectorizer.transform(asked)) @ known
        nearest += similarities.toarray().argmax(axis=1).tolist()
    return [train_targets[kept[row]] for row in nearest]


def _affordable_rows(n_train: int, n_test: int) -> list[int]:
    """The training rows to look at, in order: all, or as many drawn at random as the work allows."""
    n_kept = max(1, min(n_train, _MOST_SIMILARITIES // max(1, n_test)))
    if n_kept == n_train:
        return list(range(n_train))
    drawn: list[int] = np.random.default_rng(0).choice(n_train, size=n_kept, replace=False).tolist()
    return sorted(drawn)
