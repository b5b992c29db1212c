"""Compiled training: one graph, the same numbers. Graphs run as they are, so that no C++ compiler is needed."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch._dynamo.testing import CompileCounter

from toolkit.transformer import (
    TransformerConfig,
    TransformerForCausalLM,
    TransformerForConditionalGeneration,
    TransformerForMaskedLM,
    TransformerForQuestionAnswering,
    TransformerForSequenceClassification,
)

LENGTHS = [(6, 4), (2, 7), (3, 1)]
"""Of sources and targets."""


@pytest.fixture(autouse=True)
def fresh_compiler():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def make(head, architecture, **changes):
    torch.manual_seed(0)
    sizes = {"vocab_size": 30, "hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 24}
    settings = {"encoder_layers": 1, "decoder_layers": 1, "dropout": 0.0, "num_labels": 3} | sizes | changes
    return head(TransformerConfig(architecture=architecture, **settings)).train()


def pad(rows, filling):
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=filling)


@pytest.fixture(scope="module")
def pairs():
    generator = torch.Generator().manual_seed(1)
    return [[torch.randint(5, 30, (n,), generator=generator) for n in lengths] for lengths in LENGTHS]


@pytest.fixture(scope="module")
def seq2seq(pairs):
    sources, targets = zip(*pairs, strict=True)
    ids = pad(sources, 0)
    return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": pad(targets, -100)}


def ends(rows):
    return torch.tensor([0, *(len(row) for row in rows)], dtype=torch.int32).cumsum(0, dtype=torch.int32)


@pytest.fixture(scope="module")
def packed_seq2seq(pairs):
    sources, targets = zip(*pairs, strict=True)
    inputs = [torch.cat([torch.tensor([1]), target[:-1]]) for target in targets]
    return {
        "input_ids": torch.cat(sources)[None],
        "decoder_input_ids": torch.cat(inputs)[None],
        "labels": torch.cat(targets)[None],
        "cu_seq_lens_k": ends(sources),
        "cu_seq_lens_q": ends(targets),
        "max_length_k": 6,
        "max_length_q": 7,
    }


@pytest.fixture(scope="module")
def packed_text(pairs):
    texts = [source for source, _ in pairs]
    labels = [row.clone().index_fill_(0, torch.tensor([0]), -100) for row in texts]
    predicting = torch.cat([torch.arange(a, b - 1) for a, b in itertools.pairwise(ends(texts).tolist())])
    layout = {"cu_seq_lens_k": ends(texts), "cu_seq_lens_q": ends(texts), "max_length_k": 6, "max_length_q": 6}
    return {
        "input_ids": torch.cat(texts)[None],
        "labels": torch.cat(labels)[None],
        "logits_to_keep": predicting,
    } | layout


def loss_and_gradients(model, call, *, backend=None):
    run = model if backend is None else torch.compile(model, backend=backend, fullgraph=True)
    loss = run(**call).loss
    loss.backward()
    return loss.detach(), {name: weight.grad for name, weight in model.named_parameters()}


def check(head, architecture, call, *, backend="eager", **changes):
    """Loss and gradients of one compiled graph against those of plain calls."""
    expected, gradients = loss_and_gradients(make(head, architecture, **changes), call)
    found, compiled = loss_and_gradients(make(head, architecture, **changes), call, backend=backend)
    torch.testing.assert_close(found, expected)
    for name, gradient in gradients.items():
        torch.testing.assert_close(compiled[name], gradient, rtol=1e-4, atol=1e-6, msg=name)


def test_seq2seq(seq2seq):
    check(TransformerForConditionalGeneration, "encoder-decoder", seq2seq, backend="aot_eager")


@pytest.mark.parametrize(
    "changes",
    [
        {"position": "rotary", "norm": "pre", "norm_type": "rmsnorm", "activation": "swiglu", "bias": False},
        {"position": "alibi", "num_key_value_heads": 1},
        {"position": "learned", "activation": "gelu", "sliding_window": 3},
    ],
    ids=lambda changes: changes["position"],
)
def test_variants(changes, seq2seq):
    check(TransformerForCausalLM, "decoder", seq2seq | {"labels": seq2seq["input_ids"]}, **changes)


def test_packed_seq2seq(packed_seq2seq):
    check(TransformerForConditionalGeneration, "encoder-decoder", packed_seq2seq)


def test_packed_causal(packed_text):
    check(TransformerForCausalLM, "decoder", packed_text, backend="aot_eager")


def test_packed_masked(packed_text):
    check(TransformerForMaskedLM, "encoder", packed_text)


def test_task_heads(seq2seq, packed_text):
    padded = {name: seq2seq[name] for name in ("input_ids", "attention_mask")}
    packed = {name: packed_text[name] for name in packed_text if name not in ("labels", "logits_to_keep")}
    classes = torch.tensor([0, 2, 1])
    check(TransformerForSequenceClassification, "encoder", packed | {"labels": classes})
    check(TransformerForSequenceClassification, "decoder", padded | {"labels": classes})
    answers = {"start_positions": torch.tensor([0, 1, 9]), "end_positions": classes}
    check(TransformerForQuestionAnswering, "encoder-decoder", padded | answers)


def test_dropout(seq2seq):
    """It is on in the graph, and new at each call."""
    model = make(TransformerForConditionalGeneration, "encoder-decoder", dropout=0.2, attention_dropout=0.1)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    losses = {compiled(**seq2seq).loss.item() for _ in range(3)}
    assert len(losses) == 3
    compiled(**seq2seq).loss.backward()
    assert all(weight.grad.isfinite().all() for weight in model.parameters())


@pytest.mark.parametrize("backend", [None, "aot_eager"])
def test_gradient_checkpointing(backend, seq2seq, caplog):
    expected, gradients = loss_and_gradients(make(TransformerForConditionalGeneration, "encoder-decoder"), seq2seq)
    model = make(TransformerForConditionalGeneration, "encoder-decoder")
    model.activation_checkpointing_enable()
    found, checkpointed = loss_and_gradients(model, seq2seq, backend=backend)
    torch.testing.assert_close(found, expected)
    for name, gradient in gradients.items():
        torch.testing.assert_close(checkpointed[name], gradient, rtol=1e-4, atol=1e-6, msg=name)
    assert "use_cache" not in caplog.text


def test_one_graph_for_all_lengths(seq2seq):
    """A corpus has sentences of every length."""
    model = make(TransformerForConditionalGeneration, "encoder-decoder")
    counter = CompileCounter()
    compiled = torch.compile(model, backend=counter, fullgraph=True, dynamic=True)
    for length in (5, 6, 7, 9):
        call = {name: tensor.repeat(1, 2)[:, :length] for name, tensor in seq2seq.items()}
        torch.testing.assert_close(compiled(**call).loss, model(**call).loss)
    assert counter.frame_count == 1
