"""Fill in masked tokens with a saved model in float32."""

from __future__ import annotations

import numpy as np
from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.adapters.inference import inference
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.inference.generate import references_of
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.progress import progress_bar, warn


def fill_masks(opened: OpenedModel, rows: Dataset) -> TextPredictions:
    """Replace the masks of each text by the most probable tokens.

    Args:
        opened: an encoder with its masked language head.
        rows: columns ``id`` and ``text``, optionally ``target`` or ``reference``.

    Returns:
        The filled texts in the order of `rows`; their probabilities are those of the filled tokens together.
    """
    texts = list(rows["text"])
    tokenizer, device = opened.tokenizer, inference_device()
    model = opened.model.to(device)  # type: ignore[arg-type]
    written, probabilities = [], []
    n_unmasked = 0
    with inference(), progress_bar("filling in", len(texts)) as bar:
        for text in texts:
            ids = tokenizer(text, truncation=True, max_length=opened.max_length, return_tensors="pt")["input_ids"][0]
            masked = ids == tokenizer.mask_token_id
            n_unmasked += not masked.any()
            best = model(input_ids=ids[None].to(device)).logits[0].cpu()[masked].float().softmax(-1).max(-1)
            ids[masked] = best.indices
            written.append(str(tokenizer.decode(ids, skip_special_tokens=True)))
            probabilities.append(float(best.values.prod()))
            bar.advance(1)
    if n_unmasked:
        warn(f"{n_unmasked} of {len(texts)} texts have no {tokenizer.mask_token} to fill in and come back as they are")
    return TextPredictions(
        ids=list(rows["id"]),
        texts=texts,
        references=references_of(rows),
        predictions=written,
        probabilities=np.array(probabilities),
    )
