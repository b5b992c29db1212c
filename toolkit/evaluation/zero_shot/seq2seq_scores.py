"""How likely an encoder-decoder finds each label as the answer to a prompt, which is encoded once for all labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from toolkit.data.batches import by_tokens
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.zero_shot.batching import IGNORED, padded, tokens_at_once
from toolkit.evaluation.zero_shot.calibration import Scores
from toolkit.evaluation.zero_shot.decoder_scores import EXPANDED_TOKENS
from toolkit.evaluation.zero_shot.prompts import Prompt
from toolkit.progress import Bar


def seq2seq_scores(model: PreTrainedModel, prompts: Sequence[Prompt], *, bar: Bar) -> Scores:
    """Log-likelihoods of whole answers in nats, the token of their end included, ``[prompts, labels]``.

    Args:
        model: with a language head on its decoder.
        prompts: what the encoder reads, special tokens included, all with the same answers, in any order.
        bar: advances by a step a prompt.
    """
    device = inference_device()
    model.to(device)  # type: ignore[arg-type]
    encoder: Any = model.get_encoder()
    scores = np.empty((len(prompts), len(prompts[0].answers)))
    with torch.inference_mode():
        for indices in by_tokens([len(prompt.ids) for prompt in prompts], tokens_at_once(device)):
            ids, mask = (tensor.to(device) for tensor in padded([prompts[i].ids for i in indices]))
            encoded = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            for labels in _chunks(scores.shape[1], max(1, EXPANDED_TOKENS // mask.numel())):
                answers = [prompts[indices[0]].answers[label] for label in labels]
                chunk = _answer_scores(model, encoded, mask, answers)
                scores[np.ix_(indices, labels)] = chunk.cpu().numpy()
            bar.advance(len(indices))
    return scores


def _answer_scores(model: PreTrainedModel, encoded: Tensor, mask: Tensor, answers: list[list[int]]) -> Tensor:
    """``[batch, answers]`` for encoded prompts ``[batch, length, hidden]``."""
    n_rows, n_answers = len(encoded), len(answers)
    targets = padded(answers, filler=IGNORED)[0].to(mask.device).repeat(n_rows, 1)
    outputs = model(
        encoder_outputs=BaseModelOutput(last_hidden_state=encoded.repeat_interleave(n_answers, dim=0)),
        attention_mask=mask.repeat_interleave(n_answers, dim=0),
        labels=targets,
        use_cache=False,
    )
    losses = cross_entropy(outputs.logits.float().transpose(1, 2), targets, ignore_index=IGNORED, reduction="none")
    return -losses.sum(dim=1).view(n_rows, n_answers)


def _chunks(n_labels: int, size: int) -> Iterator[list[int]]:
    for start in range(0, n_labels, size):
        yield list(range(start, min(start + size, n_labels)))
