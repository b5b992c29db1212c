"""Identify bodies, so that a body that two candidates share is measured once."""

from __future__ import annotations

import hashlib

import torch

from toolkit.adapters import OpenedBody

_PROBES = ("A small example, with 2 numbers.", "한국어 문장입니다.", "Ünïcode — “quotes” …")


def body_digest(body: OpenedBody) -> str:
    """Return the SHA-256 of everything that decides the features of a text: weights, tokenizer, maximum length.

    Poolers are left out, because features are means of token states. So the encoder of an encoder-decoder that was
    initialised with another model's weights has the digest of that model.

    Args:
        body: as `toolkit.adapters.open_body` opens it.
    """
    total = hashlib.sha256()
    tokens = [list(body.tokenizer(text)["input_ids"]) for text in _PROBES]
    total.update(repr((body.model.config.model_type, tokens, body.max_length)).encode("utf-8"))
    for name, tensor in sorted(body.model.state_dict().items()):
        if ".pooler." not in f".{name}":
            total.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            total.update(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
    return total.hexdigest()
