from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModel

from toolkit.adapters import LocatedModel, locate_model, open_body
from toolkit.choose.look.body_digest import body_digest


def _digest(folder: Path, *, max_length: int | None = None) -> str:
    return body_digest(open_body(LocatedModel("m", folder), max_length=max_length))


def test_the_encoder_of_a_warm_started_model_is_the_encoder_itself() -> None:
    digests = [body_digest(open_body(locate_model(name))) for name in ("packaged:minilm", "packaged:minilm2minilm")]
    assert digests[0] == digests[1]


def test_another_weight_or_another_length_is_another_body(tiny_bert: Path, tmp_path: Path) -> None:
    model = AutoModel.from_pretrained(tiny_bert)
    with torch.no_grad():
        model.encoder.layer[0].output.dense.bias[0] += 1e-3
    model.save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((tiny_bert / name).read_bytes())
    digests = {_digest(tiny_bert), _digest(tmp_path), _digest(tiny_bert, max_length=10)}
    assert len(digests) == 3
    assert _digest(tiny_bert) in digests
