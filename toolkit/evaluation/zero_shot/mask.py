"""Zero-shot by filling a mask at the position of the label, for encoders.

Schick & Schütze 2021, https://arxiv.org/abs/2001.07676.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from toolkit.adapters import OpenedModel
from toolkit.adapters.inference import inference
from toolkit.data.batches import by_tokens
from toolkit.data.several_inputs import fitted
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.inference.token_batches import padded, tokens_at_once
from toolkit.evaluation.zero_shot.calibration import Scores, log_softmax
from toolkit.evaluation.zero_shot.prompts import check_fit, parted, special_ends, token_ids
from toolkit.evaluation.zero_shot.templates import Template
from toolkit.progress import progress_bar

LOGITS_AT_ONCE = 2**26
"""Logits of a batch, at most: 256 MiB."""


@dataclass(frozen=True)
class Cloze:
    """A prompt with masks, for all labels that have the same number of tokens.

    Attributes:
        ids: of the prompt, special tokens included.
        first: position of the first mask.
        answers: the token ids of each such label, by its index.
    """

    ids: list[int]
    first: int
    answers: dict[int, list[int]]


def mask_scores(
    opened: OpenedModel,
    template: Template,
    rows: Sequence[Mapping[str, str]],
    *,
    words: Sequence[str],
) -> tuple[Scores, int]:
    """Return log-probabilities of the labels, ``[rows, labels]``, and the number of texts that were cut.

    A verbalizer of several tokens gets as many masks, which are filled in one pass. Its score is the mean
    log-probability of its tokens, so that its length does not matter. Verbalizers of one length share a forward pass.

    Args:
        opened: with its masked-language head.
        template: the gap of the label becomes the mask.
        rows: texts by the name of their gap.
        words: the verbalizer of each label.

    Raises:
        RecipeError: the template does not fit into the model.
    """
    texts = [_fit(opened, template, row, words) for row in rows]
    n_cut = sum(kept != dict(row) for kept, row in zip(texts, rows, strict=True))
    clozes = [(row, cloze) for row, kept in enumerate(texts) for cloze in _clozes(opened, template, kept, words)]
    scores = np.empty((len(rows), len(words)))
    device, model = inference_device(), opened.model
    model.to(device)  # type: ignore[arg-type]
    budget = max(1, min(tokens_at_once(device), LOGITS_AT_ONCE // int(model.config.vocab_size)))
    with inference(), progress_bar("filling in", len(clozes)) as bar:
        for indices in by_tokens([len(cloze.ids) for _, cloze in clozes], budget):
            batch = [clozes[i] for i in indices]
            filler = int(opened.tokenizer.pad_token_id or 0)
            ids, mask = padded([cloze.ids for _, cloze in batch], filler=filler)
            logits = model(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
            for (row, cloze), of_row in zip(batch, logits, strict=True):
                n_masks = len(next(iter(cloze.answers.values())))
                masked = of_row[cloze.first : cloze.first + n_masks].float().log_softmax(dim=-1)
                answers = torch.tensor(list(cloze.answers.values()), device=device)
                scores[row, list(cloze.answers)] = masked.gather(1, answers.T).mean(dim=0).cpu().numpy()
            bar.advance(len(indices))
    return log_softmax(scores), n_cut


def _fit(opened: OpenedModel, template: Template, row: Mapping[str, str], words: Sequence[str]) -> dict[str, str]:
    def size(texts: Mapping[str, str]) -> int:
        return max(len(cloze.ids) for cloze in _clozes(opened, template, texts, words))

    kept = fitted(row, size, opened.max_length)
    return check_fit(kept, lambda: size(dict.fromkeys(row, "")), opened.max_length)


def _clozes(opened: OpenedModel, template: Template, texts: Mapping[str, str], words: Sequence[str]) -> list[Cloze]:
    """Return a cloze for each number of tokens that a verbalizer has."""
    tokenizer = opened.tokenizer
    before, after = template.around_label(texts)
    prompt = parted(before, words, tokenizer)
    start, end = special_ends(tokenizer)
    clozes = []
    for n_masks in sorted({len(answer) for answer in prompt.answers}):
        answers = {label: answer for label, answer in enumerate(prompt.answers) if len(answer) == n_masks}
        word = words[next(iter(answers))]
        whole, alone = token_ids([before + word + after, after], tokenizer)
        n_before = len(prompt.ids) + n_masks
        # Behind a word a tokenizer may split differently than at the beginning of a text.
        is_apart = whole[:n_before] == [*prompt.ids, *next(iter(answers.values()))]
        masks = [int(tokenizer.mask_token_id)] * n_masks
        ids = [*start, *prompt.ids, *masks, *(whole[n_before:] if is_apart else alone), *end]
        clozes.append(Cloze(ids, len(start) + len(prompt.ids), answers))
    return clozes
