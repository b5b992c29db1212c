"""Zero-shot classification from an open model to predictions, for every scorer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from datasets import Dataset

from toolkit.adapters import LocatedModel, OpenedBody, OpenedModel
from toolkit.errors import RecipeError
from toolkit.evaluation.inference.predictions import Predictions
from toolkit.evaluation.zero_shot.calibration import Evidence, Scores, calibrated, needs
from toolkit.evaluation.zero_shot.entailment import entailment_scores
from toolkit.evaluation.zero_shot.labels import are_numbers
from toolkit.evaluation.zero_shot.likelihood import Asker, label_evidence
from toolkit.evaluation.zero_shot.mask import mask_scores
from toolkit.evaluation.zero_shot.question import Question, open_for_question, settle_question
from toolkit.evaluation.zero_shot.result import ZeroShot
from toolkit.evaluation.zero_shot.shots import BETWEEN, choose_examples
from toolkit.evaluation.zero_shot.similarity import label_directions, similarity_scores
from toolkit.evaluation.zero_shot.templates import TEXTS, Template
from toolkit.recipe.schema import ZeroShotSection

Texts = list[dict[str, str]]


@dataclass(frozen=True)
class Examples:
    """Labelled examples for the prompt.

    Attributes:
        texts: by the name of their gap. ``[examples]``
        words: verbalizers of their labels. ``[examples]``
    """

    texts: Texts
    words: list[str]

    def filled(self, template: Template) -> str:
        """Return the examples as they stand before a prompt."""
        shown = (template.fill(texts, word) for texts, word in zip(self.texts, self.words, strict=True))
        return "".join(example + BETWEEN for example in shown)


def zero_shot(
    located: LocatedModel,
    rows: Dataset,
    *,
    labels: Sequence[str],
    settings: ZeroShotSection | None = None,
    examples: Dataset | None = None,
    seed: int = 0,
) -> ZeroShot:
    """Predict the label of each example with a pretrained model, without training it.

    Args:
        located: the model's files.
        rows: examples with ``id``, ``text``, optionally ``text_pair`` and ``reference``, as `toolkit.data` prepares
            them.
        labels: the candidate labels.
        settings: the recipe's ``zero_shot``; None: the defaults for the kind of model.
        examples: labelled examples, with ``reference``, from which ``shots`` are drawn for the prompt.
        seed: of that draw.

    Raises:
        RecipeError: model, labels and settings do not fit together.
        IntegrityError: files of the model are missing or damaged.
    """
    is_pair = "text_pair" in rows.column_names
    settings = settings or ZeroShotSection()
    question = settle_question(located, labels=labels, settings=settings, is_pair=is_pair, n_rows=len(rows))
    return ask(open_for_question(located, question), rows, question, examples=examples, seed=seed)


def ask(
    opened: OpenedModel | OpenedBody,
    rows: Dataset,
    question: Question,
    *,
    examples: Dataset | None = None,
    seed: int = 0,
) -> ZeroShot:
    """Predict with an open model; see `zero_shot`.

    Args:
        opened: by `open_for_question`.
        rows, examples, seed: see `zero_shot`.
        question: of `settle_question`.

    Raises:
        RecipeError: a template does not fit into the model, or few-shot examples are wanted and there are none.
    """
    return Respondent(opened, question, examples=examples, seed=seed).ask(rows)


class Respondent:
    """An open model that predicts several times; everything that does not depend on a text is computed once.

    Args:
        opened, question, examples, seed: see `ask`.

    Raises:
        RecipeError: few-shot examples are wanted and there are none.
    """

    def __init__(
        self,
        opened: OpenedModel | OpenedBody,
        question: Question,
        *,
        examples: Dataset | None = None,
        seed: int = 0,
    ) -> None:
        self.opened, self.question = opened, question
        self._shown = _examples(examples, question, seed=seed)
        self._labels: Scores | None = None
        self._evidence: dict[Template, Evidence] = {}

    def ask(self, rows: Dataset) -> ZeroShot:
        """Predict some examples.

        Args:
            rows: see `zero_shot`; in all calls single texts, or in all calls pairs.

        Raises:
            RecipeError: a template does not fit into the model.
        """
        question, shown = self.question, self._shown
        texts, warnings = texts_of(rows), _about_words(question.words)
        if shown is not None and len(shown.words) < question.n_shots:
            found = f"{len(shown.words)} examples in the prompt instead of {question.n_shots}"
            warnings.append(f"{found}: there are no more")
        scores, n_cut = self._scores(texts)
        if n_cut:
            warnings.append(
                f"{n_cut:,} of {len(texts):,} texts are longer than the model takes; their ends are cut off"
            )
        return ZeroShot(
            predictions=_predictions(rows, question.labels, averaged(scores)),
            scorer=question.scorer,
            calibration=question.calibration,
            templates=tuple(template.pattern for template in question.templates),
            words=question.words,
            warnings=tuple(warnings),
        )

    def _scores(self, texts: Texts) -> tuple[list[Scores], int]:
        """Return log-probabilities for each template, ``[rows, labels]``, and the number of texts that were cut."""
        opened, templates, words = self.opened, self.question.templates, self.question.words
        if isinstance(opened, OpenedBody):
            if self._labels is None:
                self._labels = label_directions(opened, templates, words)
            return similarity_scores(opened, templates, texts, words=words, labels=self._labels)
        parts: list[tuple[Scores, int]] = []
        for template in templates:
            if self.question.scorer == "mask":
                parts.append(mask_scores(opened, template, texts, words=words))
            elif self.question.scorer == "entailment":
                parts.append(entailment_scores(opened, template, texts, words=words))
            else:
                parts.append(self._likelihoods(opened, template, texts))
        return [scores for scores, _ in parts], max(n_cut for _, n_cut in parts)

    def _likelihoods(self, opened: OpenedModel, template: Template, texts: Texts) -> tuple[Scores, int]:
        method = self.question.calibration or "none"
        examples = "" if self._shown is None else self._shown.filled(template)
        asker = Asker(opened, template, self.question.words, examples=examples)
        known = self._evidence.get(template)
        evidence, n_cut = label_evidence(asker, texts, needed=needs(method), known=known)
        self._evidence[template] = evidence
        return calibrated(evidence, method), n_cut


def averaged(scores: Sequence[Scores]) -> Scores:
    """Average the probabilities over templates, ``[rows, labels]``.

    Over two and three templates the mean of probabilities was right a little more often than the mean of their
    logarithms (benchmarks/zero_shot.py).

    Args:
        scores: log-probabilities for each template. ``[rows, labels]``
    """
    return np.asarray(np.exp(scores).mean(axis=0))


def texts_of(rows: Dataset) -> Texts:
    """Return the texts of each example by the name of their gap, without white space around them."""
    names = [name for name in TEXTS if name in rows.column_names]
    cells = zip(*(rows[name] for name in names), strict=True)
    return [dict(zip(names, (text.strip() for text in of_row), strict=True)) for of_row in cells]


def _examples(rows: Dataset | None, question: Question, *, seed: int) -> Examples | None:
    if not question.n_shots:
        return None
    if rows is None:
        raise RecipeError("shots needs labelled rows for the prompt; write a recipe with method: zero-shot")
    chosen = choose_examples(list(rows["reference"]), question.labels, question.n_shots, seed=seed)
    word_of: Mapping[str, str] = dict(zip(question.labels, question.words, strict=True))
    taken = rows.select(chosen)
    return Examples(texts_of(taken), [word_of[label] for label in taken["reference"]])


def _about_words(words: Sequence[str]) -> list[str]:
    if are_numbers(words):
        return ["the labels are numbers, which say nothing to a model; name words for them (zero_shot.label_words)"]
    return []


def _predictions(rows: Dataset, labels: tuple[str, ...], probabilities: Scores) -> Predictions:
    references = list(rows["reference"]) if "reference" in rows.column_names else None
    index = {label: i for i, label in enumerate(labels)}
    known = None if references is None else np.array([index.get(name, -1) for name in references], dtype=np.int64)
    return Predictions(
        ids=list(rows["id"]),
        texts=list(rows["text"]),
        references=references,
        reference_labels=known,
        labels=labels,
        probabilities=probabilities,
        pairs=list(rows["text_pair"]) if "text_pair" in rows.column_names else None,
    )
