"""Zero-shot by the likelihood of the label after the text, for decoders and encoder-decoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from toolkit.adapters import OpenedModel
from toolkit.data.several_inputs import fitted
from toolkit.evaluation.zero_shot.calibration import CONTENT_FREE, Evidence
from toolkit.evaluation.zero_shot.decoder_scores import decoder_scores
from toolkit.evaluation.zero_shot.prompts import (
    Prompt,
    check_fit,
    first_tokens,
    parted,
    special_ends,
    token_ids,
)
from toolkit.evaluation.zero_shot.seq2seq_scores import seq2seq_scores
from toolkit.evaluation.zero_shot.templates import Template
from toolkit.names import Family
from toolkit.progress import progress_bar

EVIDENCE = ("of_nothing", "of_ending")


@dataclass(frozen=True)
class Asker:
    """Build a model's prompts from one template.

    Attributes:
        opened: with its language head.
        template: has the label behind the texts; the text after the label is scored with it.
        words: the verbalizer of each label.
        examples: filled templates that come first, for few-shot.
    """

    opened: OpenedModel
    template: Template
    words: tuple[str, ...]
    examples: str = ""

    @property
    def is_decoder(self) -> bool:
        """Return whether one stack reads prompt and answer as one sequence."""
        return self.opened.family is Family.DECODER

    def before(self, texts: Mapping[str, str]) -> str:
        """Return the prompt as text."""
        return self.examples + self.template.around_label(texts)[0]

    def answers(self) -> list[str]:
        """Return the answers as text."""
        return [word + self.template.around_label({})[1] for word in self.words]

    def prompt(self, before: str) -> Prompt:
        """Return the prompt as token ids."""
        opened = self.opened
        if self.is_decoder:
            plain = parted(before, self.answers(), opened.tokenizer)
            start = first_tokens(opened.tokenizer, opened.model.config)
            ids = start + plain.ids or [_separator(opened)]
            return Prompt(ids, plain.answers)
        start, end = special_ends(opened.tokenizer)
        (ids,) = token_ids([before.strip()], opened.tokenizer)
        settings = {"split_special_tokens": True, "return_attention_mask": False}
        answers: list[list[int]] = opened.tokenizer(text_target=self.answers(), **settings)["input_ids"]
        return Prompt(start + ids + end, answers)

    def size(self, texts: Mapping[str, str]) -> int:
        """Return the number of tokens that the model has to read at once."""
        prompt = self.prompt(self.before(texts))
        return len(prompt.ids) + (max(map(len, prompt.answers)) if self.is_decoder else 0)

    def fit(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Cut the texts at their ends as far as the model needs it.

        Raises:
            RecipeError: not even the template fits.
        """
        room = self.opened.max_length
        kept = fitted(texts, self.size, room)
        return check_fit(kept, lambda: self.size(dict.fromkeys(texts, "")), room, examples=bool(self.examples))


def label_evidence(
    asker: Asker,
    rows: Sequence[Mapping[str, str]],
    *,
    needed: Sequence[str] = EVIDENCE,
    known: Evidence | None = None,
) -> tuple[Evidence, int]:
    """Score each label after each text.

    Args:
        asker: a model and a template.
        rows: texts by the name of their gap.
        needed: attributes of `Evidence` to compute beside those of the texts.
        known: evidence of other texts; the attributes that do not depend on a text are copied from it.

    Returns:
        The evidence, and the number of texts that were too long and cut.

    Raises:
        RecipeError: the template does not fit into the model.
    """
    texts = [asker.fit(row) for row in rows]
    n_cut = sum(kept != dict(row) for kept, row in zip(texts, rows, strict=True))
    befores = [asker.before(kept) for kept in texts]
    if known is not None:
        needed = ()
    nothing = [asker.before(dict.fromkeys(rows[0], word)) for word in CONTENT_FREE] if "of_nothing" in needed else []
    ending = [asker.template.ending.lstrip()] if "of_ending" in needed else []
    prompts = [asker.prompt(before) for before in (*befores, *nothing, *ending)]
    scores_of = decoder_scores if asker.is_decoder else seq2seq_scores
    with progress_bar("asking", len(prompts)) as bar:
        scores = scores_of(asker.opened.model, prompts, bar=bar)
    of_texts, of_nothing, of_ending = np.split(scores, [len(befores), len(befores) + len(nothing)])
    n_tokens = np.array([[len(answer) for answer in prompt.answers] for prompt in prompts[: len(befores)]])
    if known is not None:
        return replace(known, of_texts=of_texts, n_tokens=n_tokens), n_cut
    evidence = Evidence(
        of_texts=of_texts,
        n_tokens=n_tokens,
        of_nothing=of_nothing if nothing else None,
        of_ending=of_ending if ending else None,
    )
    return evidence, n_cut


def _separator(opened: OpenedModel) -> int:
    """Return the token that a decoder reads where nothing is before the label: the end token, or else the begin one."""
    tokenizer = opened.tokenizer
    return int(tokenizer.bos_token_id if tokenizer.eos_token_id is None else tokenizer.eos_token_id)
