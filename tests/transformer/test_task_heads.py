from __future__ import annotations

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification
from transformers.loss import loss_utils as library

from toolkit.transformer import (
    TransformerConfig,
    TransformerForMaskedLM,
    TransformerForQuestionAnswering,
    TransformerForSequenceClassification,
    TransformerForTokenClassification,
)
from toolkit.transformer.model import shift_right

SHAPES = ["encoder", "decoder", "encoder-decoder"]
HEADS = [TransformerForSequenceClassification, TransformerForTokenClassification, TransformerForQuestionAnswering]
LENGTHS = [7, 3, 5, 1]


def make(head, architecture="encoder", **changes):
    torch.manual_seed(1)
    settings = {
        "vocab_size": 60,
        "hidden_size": 16,
        "num_attention_heads": 4,
        "intermediate_size": 32,
        "encoder_layers": 2,
        "decoder_layers": 1,
        "num_labels": 3,
        "dropout": 0.0,
    } | changes
    return head(TransformerConfig(architecture=architecture, **settings)).eval()


@pytest.fixture(scope="module")
def sequences():
    torch.manual_seed(0)
    return [torch.randint(5, 60, (1, length)) for length in LENGTHS]


def padded(sequences, side):
    ids = torch.zeros(len(sequences), max(LENGTHS), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(sequences):
        n = tokens.shape[1]
        place = slice(0, n) if side == "right" else slice(max(LENGTHS) - n, None)
        ids[row, place], mask[row, place] = tokens[0], 1
    return {"input_ids": ids, "attention_mask": mask}


def packed(sequences):
    ends = torch.tensor([0, *LENGTHS], dtype=torch.int32).cumsum(0, dtype=torch.int32)
    call = {"input_ids": torch.cat(sequences, dim=1), "cu_seq_lens_q": ends, "cu_seq_lens_k": ends}
    return call | {"max_length_q": max(LENGTHS), "max_length_k": max(LENGTHS)}


def logits_of(output):
    """``[batch, ...]`` of every head."""
    return output.logits if "logits" in output else torch.stack([output.start_logits, output.end_logits], dim=-1)


@pytest.mark.parametrize("architecture", SHAPES)
def test_what_the_heads_read(architecture, sequences):
    """Against the body, called by hand on one sequence."""
    ids = sequences[0]
    for head in HEADS:
        model = make(head, architecture)
        later = {"decoder_input_ids": shift_right(ids, model.config)} if architecture == "encoder-decoder" else {}
        states = model.model(ids, **later).last_hidden_state
        if head is TransformerForSequenceClassification:
            states = states.mean(1) if architecture == "encoder" else states[:, -1]
        layer = model.qa_outputs if head is TransformerForQuestionAnswering else model.classifier
        torch.testing.assert_close(logits_of(model(ids)), layer(states))


@pytest.mark.parametrize("position", ["sinusoidal", "rotary", "alibi"])
@pytest.mark.parametrize("architecture", SHAPES)
@pytest.mark.parametrize("head", HEADS)
def test_padding_and_packing_change_nothing(head, architecture, position, sequences):
    model = make(head, architecture, position=position)
    with torch.no_grad():
        alone = [logits_of(model(tokens))[0] for tokens in sequences]
        for side in ("left", "right"):
            call = padded(sequences, side)
            together = logits_of(model(**call))
            for row, expected in enumerate(alone):
                found = together[row]
                if head is not TransformerForSequenceClassification:
                    found = found[call["attention_mask"][row].bool()]
                torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        row = logits_of(model(**packed(sequences)))
        is_whole = head is TransformerForSequenceClassification
        torch.testing.assert_close(
            row if is_whole else row[0], torch.stack(alone) if is_whole else torch.cat(alone), rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("side", ["q", "k"])
@pytest.mark.parametrize("architecture", SHAPES)
def test_one_side_of_a_packed_row_is_enough(architecture, side, sequences):
    model = make(TransformerForSequenceClassification, architecture)
    whole = packed(sequences)
    half = {name: value for name, value in whole.items() if name == "input_ids" or name.endswith(f"_{side}")}
    assert torch.equal(model(**half).logits, model(**whole).logits)


@pytest.mark.parametrize("architecture", SHAPES)
def test_embeddings_instead_of_ids(architecture, sequences):
    model = make(TransformerForSequenceClassification, architecture)
    call = padded(sequences, "left")
    expected = model(**call).logits
    table = model.get_input_embeddings()
    embeddings = table(call.pop("input_ids"))
    torch.testing.assert_close(model(inputs_embeds=embeddings, **call).logits, expected)


@pytest.mark.parametrize("architecture", SHAPES)
@pytest.mark.parametrize("head", HEADS)
def test_outputs_of_the_library(head, architecture, sequences):
    model = make(head, architecture)
    model.set_attn_implementation("eager")
    output = model(sequences[0], output_hidden_states=True, output_attentions=True)
    kinds = {"encoder": ("hidden_states", 3), "decoder": ("hidden_states", 2)}
    kinds["encoder-decoder"] = ("decoder_hidden_states", 2)
    name, depth = kinds[architecture]
    if head is TransformerForTokenClassification:
        name = "hidden_states"
    assert len(output[name]) == depth
    assert len(output[name.replace("hidden_states", "attentions")]) == depth - 1
    assert isinstance(model(sequences[0], return_dict=False), tuple)


LABELS = {
    "single_label_classification": torch.tensor([2, 0, 1, 2]),
    "multi_label_classification": torch.tensor([[1.0, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]]),
    "regression": torch.tensor([[0.5, -2.0, 1.0], [3.0, 0.0, 0.0], [1.0, 1.0, 1.0], [-1.0, 2.0, 0.25]]),
}


@pytest.mark.parametrize("problem_type", LABELS)
def test_losses_are_those_of_the_library(problem_type, sequences):
    model = make(TransformerForSequenceClassification, problem_type=problem_type)
    output = model(**padded(sequences, "right"), labels=LABELS[problem_type])
    expected = library.ForSequenceClassificationLoss(LABELS[problem_type], output.logits, model.config)
    torch.testing.assert_close(output.loss, expected)


@pytest.mark.parametrize(
    ("labels", "num_labels", "problem_type"),
    [
        (torch.tensor([1.5, 2.0, -3.0, 0.0]), 1, "regression"),
        (torch.tensor([[1], [2], [3], [0]]), 1, "regression"),
        (torch.tensor([2, 0, 1, 2], dtype=torch.int32), 3, "single_label_classification"),
        (LABELS["multi_label_classification"], 3, "multi_label_classification"),
    ],
)
def test_problem_type_is_inferred_as_in_the_library(labels, num_labels, problem_type, sequences):
    """And noted as there, so that a saved model tells pipelines what it is."""
    model = make(TransformerForSequenceClassification, num_labels=num_labels)
    output = model(**padded(sequences, "right"), labels=labels)
    config = TransformerConfig(num_labels=num_labels)
    as_torch_wants = labels.float() if num_labels == 1 else labels.long() if labels.dtype == torch.int32 else labels
    expected = library.ForSequenceClassificationLoss(as_torch_wants, output.logits, config)
    torch.testing.assert_close(output.loss, expected)
    assert model.config.problem_type == config.problem_type == problem_type


@pytest.mark.parametrize("problem_type", LABELS)
def test_labels_of_minus_100_do_not_count(problem_type, sequences):
    model = make(TransformerForSequenceClassification, problem_type=problem_type)
    labels = LABELS[problem_type].clone()
    labels[1:3] = -100
    loss = model(**padded(sequences, "right"), labels=labels).loss
    rest = [sequences[0], sequences[3]]
    expected = sum(model(ids, labels=labels[row][None]).loss for ids, row in zip(rest, (0, 3), strict=True)) / 2
    torch.testing.assert_close(loss, expected)


def test_a_batch_without_any_label_has_no_gradient(sequences):
    model = make(TransformerForTokenClassification)
    loss = model(sequences[0], labels=torch.full_like(sequences[0], -100)).loss
    loss.backward()
    assert loss.item() == 0.0
    assert not model.classifier.weight.grad.any()


def test_token_labels(sequences):
    model = make(TransformerForTokenClassification)
    call = padded(sequences, "right")
    labels = (call["input_ids"] % 3).masked_fill(call["attention_mask"] == 0, -100)
    output = model(**call, labels=labels)
    torch.testing.assert_close(output.loss, library.ForTokenClassification(output.logits, labels, model.config))


def test_answers(sequences):
    """A position that the input does not reach is ignored, as in BERT."""
    model = make(TransformerForQuestionAnswering)
    starts, ends = torch.tensor([0, 2, 7, 4]), torch.tensor([3, 6, 9, 4])
    output = model(**padded(sequences, "right"), start_positions=starts, end_positions=ends[:, None])
    expected = library.ForQuestionAnsweringLoss(output.start_logits, output.end_logits, starts, ends)
    torch.testing.assert_close(output.loss, expected)
    starts[2] = ends[2] = -100
    again = model(**padded(sequences, "right"), start_positions=starts, end_positions=ends).loss
    torch.testing.assert_close(again, expected)


def test_logits_outlive_the_backward_pass(sequences):
    """A trainer measures after it has trained; gradients are made from a copy."""
    model = make(TransformerForTokenClassification)
    output = model(sequences[0], labels=sequences[0] % 3)
    before = output.logits.detach().clone()
    output.loss.backward(retain_graph=True)
    once = model.classifier.weight.grad.clone()
    assert torch.equal(output.logits.detach(), before)
    output.loss.backward()
    torch.testing.assert_close(model.classifier.weight.grad, 2 * once)


def test_a_label_that_is_no_class(sequences):
    model = make(TransformerForTokenClassification)
    for label in (3, -1):
        with pytest.raises(ValueError, match=f"label {label} is none of 3 classes: 0 to 2 are"):
            model(sequences[0], labels=torch.full_like(sequences[0], label))


def test_dropout_before_the_head(sequences):
    model = make(TransformerForSequenceClassification, classifier_dropout=1.0).train()
    assert torch.equal(model(sequences[0]).logits[0], model.classifier.bias)
    model = make(TransformerForSequenceClassification, classifier_dropout=0.0)
    assert torch.equal(model(sequences[0]).logits, model.train()(sequences[0]).logits)
    model = make(TransformerForTokenClassification, dropout=0.5)
    read = []
    model.classifier.register_forward_pre_hook(lambda _, states: read.append(states[0]))
    model.train()(sequences[0])
    assert 0.2 < (read[0] == 0).float().mean() < 0.8


def test_a_pretrained_encoder_goes_over(tmp_path, sequences):
    pretrained = make(TransformerForMaskedLM)
    pretrained.save_pretrained(tmp_path)
    for auto in (AutoModelForSequenceClassification, AutoModelForTokenClassification):
        model, told = auto.from_pretrained(tmp_path, num_labels=5, output_loading_info=True)
        assert set(told["missing_keys"]) == {"classifier.weight", "classifier.bias"}
        assert model.classifier.out_features == 5
        for name, weight in pretrained.model.state_dict().items():
            assert torch.equal(model.model.state_dict()[name], weight)


@pytest.mark.parametrize("architecture", SHAPES)
def test_one_batch_is_learnt(architecture, sequences):
    model = make(TransformerForSequenceClassification, architecture).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(25):
        loss = model(**padded(sequences, "right"), labels=LABELS["single_label_classification"]).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1
