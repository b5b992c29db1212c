"""The linear baselines as lines of scikit-learn, for those who want no more than a baseline."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolkit.evaluation.baselines import classes, numbers, tfidf
from toolkit.names import Problem

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


def as_code(texts: Sequence[str], *, problem: Problem, has_pairs: bool) -> str | None:
    """Return lines that fit the linear baseline of a kind of labels to ``texts`` and ``labels``.

    They count in the same way, but for features that share a hash in the baseline.

    Args:
        texts: to learn from; decide what counts as a word, and whether characters count too.
        problem: the kind of labels; several labels a text are a matrix of 0 and 1.
        has_pairs: whether texts have a second one, which classes read behind the first.

    Returns:
        The lines; None for the score of a pair, whose features are not those of one text.
    """
    if problem is Problem.REGRESSION and has_pairs:
        return None
    has_characters = any(re.search(f"[{tfidf.CHARACTER_SCRIPTS}]", text) for text in texts[:_SEEN])
    pattern = tfidf.WORD.encode("ascii", "backslashreplace").decode() if has_characters else r"\w+"
    kinds = [f'token_pattern=r"{pattern}", ngram_range=(1, 2)']
    if sum(map(len, texts)) <= tfidf.MOST_FOR_NGRAMS:
        kinds.append('analyzer="char_wb", ngram_range=(2, 4)')
    of_kinds = [
        f"    TfidfVectorizer({kind}, max_features={tfidf.MOST_FEATURES}, sublinear_tf=True)," for kind in kinds
    ]
    imports, model = _model(problem)
    return _LINES.format(imports=imports, kinds="\n".join(of_kinds), model=model)


def _model(problem: Problem) -> tuple[str, str]:
    """Return the import of a linear model, and the model."""
    if problem is Problem.REGRESSION:
        return "from sklearn.linear_model import Ridge", f"Ridge(alpha={numbers.REGULARISATION:g}, solver='sparse_cg')"
    model = f"LogisticRegression(C={classes.REGULARISATION:g}, max_iter={classes.ITERATIONS})"
    imports = "from sklearn.linear_model import LogisticRegression"
    if problem is Problem.SINGLE_LABEL:
        return imports, model
    return f"{imports}\nfrom sklearn.multiclass import OneVsRestClassifier", f"OneVsRestClassifier({model})"
