"""Candidate labels, and their verbalizers: the words that stand for them in a prompt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from transformers import PreTrainedTokenizerBase

from toolkit.data.normalise import clean_label
from toolkit.data.wording import listed
from toolkit.errors import Fault, RecipeError, explain
from toolkit.evaluation.zero_shot.prompts import token_ids
from toolkit.wording import shortened

_NUMBER = re.compile(r"[+\-−]?\d+(?:[.,]\d+)*\s*%?")


def clean_labels(labels: Sequence[str], *, where: str | None = None) -> tuple[str, ...]:
    """Normalise candidate labels to Unicode's form NFC, without white space around them.

    Args:
        labels: as the user wrote them.
        where: option or key to name in errors.

    Raises:
        RecipeError: one is empty, two are the same, or there are fewer than two.
    """
    cleaned = tuple(map(clean_label, labels))
    faults = []
    if "" in cleaned:
        faults.append(f"label {cleaned.index('') + 1} of {len(cleaned)} is empty; write them as a,b,c")
    repeated = sorted(label for label, count in Counter(cleaned).items() if count > 1 and label)
    if repeated:
        faults.append(f"named more than once: {listed(repeated)}; name each label once")
    if not faults and len(cleaned) < 2:
        faults.append(f"there is one label ({cleaned[0]!r}); a choice needs two at least" if cleaned else "no label")
    if faults:
        raise RecipeError(*(Fault(fault, where) for fault in faults))
    return cleaned


def words_for(labels: Sequence[str], given: Mapping[str, str]) -> tuple[str, ...]:
    """Return the verbalizer of each label: the given word, or the label's name with spaces for underscores.

    Args:
        labels: of `clean_labels`.
        given: words by label, the recipe's ``zero_shot.label_words``.

    Raises:
        RecipeError: words for labels that do not exist.
    """
    words = {clean_label(label): clean_label(word) for label, word in given.items()}
    unknown = [label for label in words if label not in labels]
    if unknown:
        faults = [explain(f"there is no label {label!r}", allowed=labels, name=label) for label in unknown]
        raise RecipeError(*(Fault(fault, "zero_shot.label_words") for fault in faults))
    return tuple(words.get(label, label.replace("_", " ")) for label in labels)


def check_words(labels: Sequence[str], words: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse verbalizers that are unknown tokens to the model, or the same tokens.

    Args:
        labels: the candidate labels.
        words: their verbalizers.
        tokenizer: the model's.

    Raises:
        RecipeError: names every such word.
    """
    ids = [tuple(word_ids) for word_ids in token_ids([f" {word}" for word in words], tokenizer)]
    unknown = tokenizer.unk_token_id
    faults = [
        f"the model has no token for {shortened(repr(word))}, which stands for the label {shortened(repr(label))}; "
        "name another word for it"
        for label, word, word_ids in zip(labels, words, ids, strict=True)
        if set(word_ids) <= {unknown}
    ]
    by_ids: dict[tuple[int, ...], list[str]] = {}
    for word, word_ids in zip(words, ids, strict=True):
        if not set(word_ids) <= {unknown}:
            by_ids.setdefault(word_ids, []).append(word)
    faults += [
        f"{listed(alike)} are the same tokens to this model; name other words for these labels"
        for alike in by_ids.values()
        if len(alike) > 1
    ]
    if faults:
        raise RecipeError(*faults)


def are_numbers(words: Sequence[str]) -> bool:
    """Return whether verbalizers are nothing but numbers, which say nothing to a model."""
    return all(_NUMBER.fullmatch(word.strip()) for word in words)
