"""The linear baselines as lines of scikit-learn, for those who want no more than a baseline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.evaluation.baselines import classes, numbers, tfidf

_SEEN = 1_000
"""Texts that are looked at for scripts in which each character counts as a word."""

_LINES = """from sklearn.feature_extraction.text import TfidfVectorizer
{imports}
from sklearn.pipeline import make_pipeline, make_union

features = make_union(
{kinds}
)
baseline = make_pipeline(features, {model}).fit(texts, labels)
baseline.predict(["your own text"])"""


@dataclass(frozen=True)
class LinearModel:
    """A linear model of scikit-learn, in words of Python.

    Attributes:
        imports: the lines that import it.
        made: the expression that makes it.
        reads_pairs: whether a pair of texts is read as one text, the second behind the first.
    """

    imports: str
    made: str
    reads_pairs: bool = True


_LOGISTIC = LinearModel(
    "from sklearn.linear_model import LogisticRegression",
    f"LogisticRegression(C={classes.REGULARISATION:g}, max_iter={classes.ITERATIONS})",
)
OF_CLASSES = _LOGISTIC
OF_LABEL_SETS = LinearModel(
    f"{_LOGISTIC.imports}\nfrom sklearn.multiclass import OneVsRestClassifier",
    f"OneVsRestClassifier({_LOGISTIC.made})",
)
OF_NUMBERS = LinearModel(
    "from sklearn.linear_model import Ridge",
    f"Ridge(alpha={numbers.REGULARISATION:g}, solver='sparse_cg')",
    reads_pairs=False,
)


def as_code(texts: Sequence[str], model: LinearModel) -> str:
    """Return lines that fit a linear baseline to ``texts`` and ``labels``.

    They count in the same way, but for features that share a hash in the baseline.

    Args:
        texts: to learn from; decide what counts as a word, and whether characters count too.
        model: of the kind of labels; several labels a text are a matrix of 0 and 1.
    """
    has_characters = any(re.search(f"[{tfidf.CHARACTER_SCRIPTS}]", text) for text in texts[:_SEEN])
    pattern = tfidf.WORD.encode("ascii", "backslashreplace").decode() if has_characters else r"\w+"
    kinds = [f'token_pattern=r"{pattern}", ngram_range=(1, 2)']
    if sum(map(len, texts)) <= tfidf.MOST_FOR_NGRAMS:
        kinds.append('analyzer="char_wb", ngram_range=(2, 4)')
    of_kinds = [
        f"    TfidfVectorizer({kind}, max_features={tfidf.MOST_FEATURES}, sublinear_tf=True)," for kind in kinds
    ]
    return _LINES.format(imports=model.imports, kinds="\n".join(of_kinds), model=model.made)
