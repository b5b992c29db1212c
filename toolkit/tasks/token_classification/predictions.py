"""Tags and entities that a model, or a baseline, found in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.inference.rows import RowPredictions
from toolkit.tasks.token_classification.encode import first_tokens
from toolkit.tasks.token_classification.schemes import OUTSIDE, Scheme, continued, entities_of, joined_ends
from toolkit.tasks.token_classification.sentences import Sentence


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
        given: whether the words are the data's own. Then a word has the tag of its first piece, and entities are of
            whole words. Else entities are of pieces, as in the library's pipeline.
        scheme: of the tags.
    """
    tags, entities, confidence = [], [], []
    for sentence, found in zip(sentences, pieces, strict=True):
        words = tags_of_words(sentence, found, scheme)
        tags.append(words.tags)
        entities.append(find_entities(words if given else found, scheme))
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


def tags_of_words(sentence: Sentence, pieces: Pieces, scheme: Scheme) -> Pieces:
    """Return words with the tag of their first piece; a word that no piece covers is outside.

    Args:
        sentence: with its words.
        pieces: of its text.
        scheme: of the tags.
    """
    tags, probabilities = [], []
    for (start, _), piece in zip(sentence.words, first_tokens(sentence.words, pieces.offsets), strict=True):
        if piece < 0:
            tags.append(OUTSIDE)
            probabilities.append(1.0)
            continue
        tag = pieces.tags[piece]
        tags.append(tag if pieces.offsets[piece, 0] >= start else continued(tag, scheme))
        probabilities.append(float(pieces.probabilities[piece]))
    return Pieces(np.array(sentence.words, dtype=np.int64).reshape(-1, 2), tags, np.array(probabilities))


def find_entities(pieces: Pieces, scheme: Scheme) -> list[Found]:
    """Return the entities that the tags of pieces mark, without blanks at their ends.

    Args:
        pieces: of a text, in their order.
        scheme: of the tags.
    """
    tags = pieces.tags
    if scheme is Scheme.BIOES:
        tags = joined_ends(tags, [False, *(pieces.offsets[1:, 0] == pieces.offsets[:-1, 1])])
    found = []
    for start, end, label in entities_of(tags, scheme):
        inside = pieces.offsets[start:end]
        inside = inside[inside[:, 0] < inside[:, 1]]
        if len(inside):
            probability = float(pieces.probabilities[start:end].mean())
            found.append(Found(int(inside[0, 0]), int(inside[-1, 1]), label, probability))
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
