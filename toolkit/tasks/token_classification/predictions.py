"""Tags and entities that a model, or a baseline, found in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.inference.rows import RowPredictions
from toolkit.tasks.token_classification.alignment import Alignment
from toolkit.tasks.token_classification.entities import entities_of, loose_entities
from toolkit.tasks.token_classification.schemes import Scheme
from toolkit.tasks.token_classification.sentences import Sentence
from toolkit.tasks.token_classification.words import Spans


class Found(NamedTuple):
    """An entity in a text, as the library's pipeline words it.

    Attributes:
        start: its first character.
        end: the character behind it.
        label: of the entity.
        probability: mean of its tokens' most probable tags; None where that is not known, as of a reference.
    """

    start: int
    end: int
    label: str
    probability: float | None = None


@dataclass(frozen=True, eq=False)
class Pieces:
    """Consecutive parts of a text with a tag: the tokens of a model, or words.

    Attributes:
        offsets: in characters; a blank has none. ``[pieces, 2]``
        tags: ``[pieces]``
        probabilities: of the tags. ``[pieces]``
    """

    offsets: NDArray[np.int64]
    tags: list[str]
    probabilities: NDArray[np.float64]

    @property
    def places(self) -> Spans:
        """Start and end of each."""
        return [(start, end) for start, end in self.offsets.tolist()]


@dataclass(frozen=True, eq=False)
class TagPredictions(RowPredictions):
    """What was found in each sentence, in the order of the input.

    Attributes:
        ids: the rows' own, or their numbers in the source.
        texts: the sentences.
        entities: of each, in their order.
        tags: of the words of each. ``[rows][words]``
        references: the right entities, where they are known.
        reference_tags: the right tags, where they are known.
        words: the words, where the data gives them.
        confidence: probability of the least certain token of each; 1 of none. ``[rows]``
    """

    ids: list[int | str]
    texts: list[str]
    entities: list[list[Found]]
    tags: list[list[str]]
    references: list[list[Found]] | None
    reference_tags: list[list[str]] | None
    words: list[list[str]] | None
    confidence: NDArray[np.float64]

    def columns(self) -> dict[str, list[Any]]:
        """Return the rows by the names of their columns.

        ``entities`` are ``{"start", "end", "label", "text", "probability"}`` in characters of ``text``. Given words are
        ``tokens``, their tags ``tags``. What is known to be right is ``reference`` and ``reference_tags``.
        """
        columns: dict[str, list[Any]] = {"id": self.ids, "text": self.texts}
        if self.references is not None:
            columns["reference"] = _worded(self.texts, self.references)
        columns["entities"] = _worded(self.texts, self.entities)
        if self.words is not None:
            columns |= {"tokens": self.words, "tags": self.tags}
            if self.reference_tags is not None:
                columns["reference_tags"] = self.reference_tags
        return columns


def predictions_of(
    ids: Sequence[int | str], sentences: Sequence[Sentence], pieces: Iterable[Pieces], *, given: bool, scheme: Scheme
) -> TagPredictions:
    """Return what tagged pieces of sentences say.

    Args:
        ids: of the sentences.
        sentences: with their tags where these are known.
        pieces: of each sentence.
        given: whether the words are the data's own. Then entities are of whole words, by the rules of the metrics.
            Else they are of pieces, as in the library's pipeline.
        scheme: of the tags.
    """
    tags, entities, confidence = [], [], []
    for sentence, found in zip(sentences, pieces, strict=True):
        words, by_words = read_words(sentence, found, scheme)
        tags.append(words)
        entities.append(by_words if given else read_tokens(found, scheme))
        confidence.append(float(found.probabilities.min(initial=1.0)))
    known = all(sentence.tags is not None for sentence in sentences)
    return TagPredictions(
        ids=list(ids),
        texts=[sentence.text for sentence in sentences],
        entities=entities,
        tags=tags,
        references=[reference_entities(sentence, scheme) for sentence in sentences] if known else None,
        reference_tags=[sentence.tags or [] for sentence in sentences] if known else None,
        words=[[each.text[start:end] for start, end in each.words] for each in sentences] if given else None,
        confidence=np.array(confidence),
    )


def read_words(sentence: Sentence, tokens: Pieces, scheme: Scheme) -> tuple[list[str], list[Found]]:
    """Return the tags of words, and the entities that they mark by the rules of the metrics.

    The probability of an entity is the mean over the tokens of its words.

    Args:
        sentence: with its words.
        tokens: of its text, with tags.
        scheme: of the tags.
    """
    alignment = Alignment.of(sentence.words, tokens.places)
    tags = alignment.tags_of_words(tokens.tags, scheme)
    found = []
    for start, end, label in entities_of(tags, scheme):
        overlaps = [each for each in alignment.tokens[start:end] if each is not None]
        seen = tokens.probabilities[overlaps[0][0] : overlaps[-1][1] + 1]
        found.append(Found(sentence.words[start][0], sentence.words[end - 1][1], label, float(seen.mean())))
    return tags, found


def read_tokens(tokens: Pieces, scheme: Scheme) -> list[Found]:
    """Return the entities that the tags of tokens mark, as the library's pipeline reads them (``simple``).

    An illegal order is read as what it most likely means. Two things differ from the pipeline: blanks at the ends of an
    entity are none of it, and positions that the pipeline does not know (``E-``, ``S-``, ``PER-B``) are read.

    Args:
        tokens: of a text, with tags, in their order.
        scheme: of the tags.
    """
    found = []
    for start, end, label in loose_entities(tokens.tags, scheme):
        inside = [place for place in tokens.places[start:end] if place[0] < place[1]]
        if inside:
            probability = float(tokens.probabilities[start:end].mean())
            found.append(Found(inside[0][0], inside[-1][1], label, probability))
    return found


def reference_entities(sentence: Sentence, scheme: Scheme) -> list[Found]:
    """Return the right entities of a sentence with tags."""
    entities = entities_of(sentence.tags or [], scheme)
    return [Found(sentence.words[start][0], sentence.words[end - 1][1], label) for start, end, label in entities]


def _worded(texts: Sequence[str], entities: Sequence[Sequence[Found]]) -> list[list[dict[str, Any]]]:
    return [
        [
            {"start": each.start, "end": each.end, "label": each.label, "text": text[each.start : each.end]}
            | ({} if each.probability is None else {"probability": each.probability})
            for each in row
        ]
        for text, row in zip(texts, entities, strict=True)
    ]
