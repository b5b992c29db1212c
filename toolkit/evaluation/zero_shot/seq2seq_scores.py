"""The log-likelihood of each label as the answer to a prompt, under an encoder-decoder; a prompt is encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from toolkit.adapters.inference import inference
from toolkit.data.batches import by_tokens
from toolkit.data.padding import pad_right
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.inference.token_batches import (
    chunks,
    padded,
    sum_log_likelihoods,
    tokens_at_once,
)
from toolkit.evaluation.zero_shot.calibration import Scores
from toolkit.evaluation.zero_shot.decoder_scores import EXPANDED_TOKENS
from toolkit.evaluation.zero_shot.prompts import Prompt
from toolkit.progress import Bar
from toolkit.transformer.cross_entropy import IGNORED


def seq2seq_scores(model: PreTrainedModel, prompts: Sequence[Prompt], *, bar: Bar) -> Scores:
    """Return the log-likelihoods of whole answers in nats, the end token included, ``[prompts, labels]``.

    Args:
        model: with a language head on its decoder.
        prompts: token ids for the encoder, special tokens included, all with the same answers, in any order.
        bar: advances by one step a prompt.
    """
    device = inference_device()
    model.to(device)  # type: ignore[arg-type]
    encoder: Any = model.get_encoder()
    scores = np.empty((len(prompts), len(prompts[0].answers)))
    with inference():
        for indices in by_tokens([len(prompt.ids) for prompt in prompts], tokens_at_once(device)):
            ids, mask = (tensor.to(device) for tensor in padded([prompts[i].ids for i in indices]))
            encoded = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            for labels in chunks(range(scores.shape[1]), max(1, EXPANDED_TOKENS // mask.numel())):
                answers = [prompts[indices[0]].answers[label] for label in labels]
                chunk = _answer_scores(model, encoded, mask, answers)
                scores[np.ix_(indices, labels)] = chunk.cpu().numpy()
            bar.advance(len(indices))
    return scores


def _answer_scores(model: Any, encoded: Tensor, mask: Tensor, answers: list[list[int]]) -> Tensor:
    """Return the log-likelihoods of answers to encoded prompts, ``[batch, answers]``.

    Args:
        model: as of `seq2seq_scores`.
        encoded: ``[batch, length, hidden]``
        mask: attention mask of the prompts. ``[batch, length]``
        answers: token ids.
    """
    n_rows, n_answers = len(encoded), len(answers)
    targets = pad_right(answers, IGNORED).to(mask.device).repeat(n_rows, 1)
    outputs = model(
        encoder_outputs=BaseModelOutput(last_hidden_state=encoded.repeat_interleave(n_answers, dim=0)),
        attention_mask=mask.repeat_interleave(n_answers, dim=0),
        decoder_input_ids=model.prepare_decoder_input_ids_from_labels(targets),
        use_cache=False,
    )
    return sum_log_likelihoods(outputs.logits, targets).view(n_rows, n_answers)
