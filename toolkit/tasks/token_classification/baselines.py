"""Baselines of tagging: each word's most frequent tag, and a linear model of words, their shapes and neighbours."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

import numpy as np
from datasets import Dataset
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import SGDClassifier
from threadpoolctl import threadpool_limits

from toolkit.tasks.token_classification.predictions import Pieces, TagPredictions, predictions_of
from toolkit.tasks.token_classification.schemes import Scheme
from toolkit.tasks.token_classification.sentences import Sentence, rows_in
from toolkit.tasks.token_classification.words import cut_words

FREQUENT, SHAPES = "frequent-tag", "word-shapes"

_NEIGHBOURS = (-2, -1, 1, 2)
_FEATURES = 2**18
_PASSES = 30
_ALPHA = 1e-5
_SHAPE_OF = ((re.compile(r"[A-Z]"), "X"), (re.compile(r"[a-z]"), "x"), (re.compile(r"\d"), "9"))


def baseline_predictions(train: Dataset, test: Dataset, scheme: Scheme) -> dict[str, TagPredictions]:
    """Tag the test sentences by two models that learn from the training sentences.

    Words of texts with spans are cut without a look at the spans of the test sentences.

    Args:
        train: sentences with tags.
        test: sentences to tag.
        scheme: of the tags.
    """
    learn, sentences = rows_in(train), rows_in(test)
    given = bool(len(test)) and bool(test[0]["given"])
    asked = sentences if given else [Sentence(each.text, cut_words(each.text), None) for each in sentences]
    tagged = {FREQUENT: frequent_tags(learn, asked), SHAPES: tags_by_shape(learn, asked)}
    return {
        name: predictions_of(list(test["id"]), sentences, _pieces(asked, tags), given=given, scheme=scheme)
        for name, tags in tagged.items()
    }


def frequent_tags(learn: Sequence[Sentence], asked: Sequence[Sentence]) -> list[list[str]]:
    """Return for each word the tag that it has most often in training; for a new word the most frequent tag."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in learn:
        for word, tag in zip(_words(sentence), sentence.tags or (), strict=True):
            counts[word][tag] += 1
    usual = sum(counts.values(), Counter[str]()).most_common(1)[0][0]
    best = {word: found.most_common(1)[0][0] for word, found in counts.items()}
    return [[best.get(word, usual) for word in _words(sentence)] for sentence in asked]


def tags_by_shape(learn: Sequence[Sentence], asked: Sequence[Sentence]) -> list[list[str]]:
    """Return for each word the tag that logistic regression finds most probable.

    It learns by averaged stochastic gradient descent from hashed features: the word, its shape, beginning and end, and
    its neighbours.
    """
    targets = list(chain.from_iterable(sentence.tags or () for sentence in learn))
    hasher = FeatureHasher(_FEATURES, input_type="string", alternate_sign=False)
    model = SGDClassifier(
        loss="log_loss", alpha=_ALPHA, max_iter=_PASSES, tol=None, average=True, random_state=0, n_jobs=1
    )
    with threadpool_limits(1):
        model.fit(hasher.transform(_features_of(learn)), targets)
        n_words = [len(sentence.words) for sentence in asked]
        found = model.predict(hasher.transform(_features_of(asked))).tolist() if sum(n_words) else []
    ends = np.cumsum([0, *n_words])
    return [found[start:end] for start, end in pairwise(ends)]


def _features_of(sentences: Sequence[Sentence]) -> Iterator[list[str]]:
    for sentence in sentences:
        words = _words(sentence)
        lowered, shapes = [word.lower() for word in words], [shape_of(word) for word in words]
        for index, word in enumerate(lowered):
            ends = [f"^{word[:size]}" for size in (1, 2, 3)] + [f"{word[-size:]}$" for size in (1, 2, 3)]
            features = [f"w={word}", f"s={shapes[index]}", *ends]
            for step in _NEIGHBOURS:
                near = index + step
                inside = 0 <= near < len(words)
                features += [f"{step}w={lowered[near]}", f"{step}s={shapes[near]}"] if inside else [f"{step}=none"]
            yield features


def shape_of(word: str) -> str:
    """Return a word with ``X``, ``x`` and ``9`` for its letters and digits, at most two of a kind in a row."""
    shape = word[:20]
    for pattern, sign in _SHAPE_OF:
        shape = pattern.sub(sign, shape)
    return re.sub(r"(.)\1{2,}", r"\1\1", shape)


def _words(sentence: Sentence) -> list[str]:
    return [sentence.text[start:end] for start, end in sentence.words]


def _pieces(sentences: Sequence[Sentence], tags: Sequence[list[str]]) -> Iterator[Pieces]:
    for sentence, found in zip(sentences, tags, strict=True):
        yield Pieces(np.array(sentence.words, dtype=np.int64).reshape(-1, 2), found, np.ones(len(found)))
