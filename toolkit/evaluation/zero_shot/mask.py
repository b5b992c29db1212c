"""Zero-shot by filling a mask in the place of the label (Schick & Schütze 2021), for encoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from toolkit.adapters import OpenedModel
from toolkit.data.batches import by_tokens
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.inference.token_batches import padded, tokens_at_once
from toolkit.evaluation.zero_shot.calibration import Scores, log_softmax
from toolkit.evaluation.zero_shot.prompts import check_fit, fitted, parted, special_ends, token_ids
from toolkit.evaluation.zero_shot.templates import Template
from toolkit.progress import progress_bar

LOGITS_AT_ONCE = 2**26
"""Numbers of a batch's logits: 256 MiB."""


@dataclass(frozen=True)
class Cloze:
    """A prompt with masks for all labels of one number of tokens.

    Attributes:
        ids: special tokens included.
        first: the place of the first mask.
        answers: the tokens of each such label by its number.
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
    """Log-probabilities of the labels, ``[rows, labels]``, and how many texts were too long and cut.

    A word of several tokens gets as many masks, filled at once; its score is their mean log-probability, so that no
    word pays for its length. Words of one length share a forward pass.

    Args:
        opened: with its masked-language head.
        template: with the gap of the label where the mask shall be.
        rows: texts by the name of their gap.
        words: what stands for each label.

    Raises:
        RecipeError: if the model cannot take the template.
    """
    texts = [_fit(opened, template, row, words) for row in rows]
    n_cut = sum(kept != dict(row) for kept, row in zip(texts, rows, strict=True))
    clozes = [(row, cloze) for row, kept in enumerate(texts) for cloze in _clozes(opened, template, kept, words)]
    scores = np.empty((len(rows), len(words)))
    device, model = inference_device(), opened.model
    model.to(device)  # type: ignore[arg-type]
    budget = max(1, min(tokens_at_once(device), LOGITS_AT_ONCE // int(model.config.vocab_size)))
    with torch.inference_mode(), progress_bar("filling in", len(clozes)) as bar:
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
    """One for each number of tokens that a word has."""
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
        # Behind a word a tokenizer may cut otherwise than at the beginning of a text.
        is_apart = whole[:n_before] == [*prompt.ids, *next(iter(answers.values()))]
        masks = [int(tokenizer.mask_token_id)] * n_masks
        ids = [*start, *prompt.ids, *masks, *(whole[n_before:] if is_apart else alone), *end]
        clozes.append(Cloze(ids, len(start) + len(prompt.ids), answers))
    return clozes
