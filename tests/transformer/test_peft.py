"""What the ecosystem does with a model: adapters, placement by accelerate, loading in half precision."""

from __future__ import annotations

import pytest
import torch
from peft import AutoPeftModelForSequenceClassification, LoraConfig, PeftModel, get_peft_model
from torch import nn

from toolkit.transformer import (
    TransformerConfig,
    TransformerForCausalLM,
    TransformerForConditionalGeneration,
    TransformerForMaskedLM,
    TransformerForQuestionAnswering,
    TransformerForSequenceClassification,
    TransformerForTokenClassification,
)

HEADS = {
    "SEQ_2_SEQ_LM": (TransformerForConditionalGeneration, "encoder-decoder", "lm_head"),
    "CAUSAL_LM": (TransformerForCausalLM, "decoder", "lm_head"),
    "SEQ_CLS": (TransformerForSequenceClassification, "encoder", "classifier"),
    "TOKEN_CLS": (TransformerForTokenClassification, "encoder", "classifier"),
    "QUESTION_ANS": (TransformerForQuestionAnswering, "encoder", "qa_outputs"),
}
TRAINED_WHOLE = {"SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS"}


def make(task, **changes):
    torch.manual_seed(0)
    head, architecture, _ = HEADS[task]
    sizes = {"vocab_size": 40, "hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 24}
    settings = {"encoder_layers": 1, "decoder_layers": 2, "dropout": 0.0, "activation": "swiglu"} | sizes | changes
    return head(TransformerConfig(architecture=architecture, **settings)).eval()


@pytest.fixture
def call():
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(5, 40, (3, 7), generator=generator)
    mask = torch.ones_like(ids)
    mask[0, 5:] = mask[1, 2:] = 0
    return {"input_ids": ids, "attention_mask": mask}


def with_labels(task, call):
    labels = {
        "SEQ_CLS": {"labels": torch.tensor([0, 1, 1])},
        "TOKEN_CLS": {"labels": call["input_ids"] % 2},
        "QUESTION_ANS": {"start_positions": torch.tensor([0, 1, 2]), "end_positions": torch.tensor([1, 1, 6])},
    }
    return call | labels.get(task, {"labels": call["input_ids"]})


def adapted(task, model):
    """The model with adapters in every linear layer of the stacks, and no adapter without effect."""
    # peft 0.21 itself leaves the heads of these two tasks to be adapted and trained at once, with BERT too.
    left_out = [HEADS[task][2]] if task in ("TOKEN_CLS", "QUESTION_ANS") else None
    config = LoraConfig(task_type=task, target_modules="all-linear", exclude_modules=left_out, r=2)
    model = get_peft_model(model, config)
    torch.manual_seed(2)
    for name, weight in model.named_parameters():
        if "lora_B" in name or "modules_to_save" in name:
            nn.init.normal_(weight, std=0.2)
    return model.eval()


def logits_of(model, task, call):
    with torch.no_grad():
        output = model(**with_labels(task, call))
    return output.start_logits if task == "QUESTION_ANS" else output.logits


@pytest.mark.parametrize("task", HEADS)
def test_all_linear_reaches_every_linear_layer_of_the_stacks(task):
    plain = make(task)
    expected = {name for name, module in plain.model.named_modules() if type(module) is nn.Linear}
    # One layer of the encoder, two of the decoder: four projections an attention, three in the feed-forward network.
    assert len(expected) == {"encoder": 7, "decoder": 2 * 7, "encoder-decoder": 7 + 2 * 11}[plain.config.architecture]
    model = adapted(task, plain)
    names = [name for name, _ in model.base_model.model.named_parameters() if "lora_A" in name]
    assert {name.partition(".lora_A")[0].removeprefix("model.") for name in names} == expected


@pytest.mark.parametrize("task", HEADS)
def test_the_head_stays_trainable_and_nothing_else_does(task, call):
    model = adapted(task, make(task)).train()
    model(**with_labels(task, call)).loss.backward()
    head = HEADS[task][2]
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert all("lora_" in name or f".{head}.modules_to_save." in name for name in trained)
    assert any(head in name for name in trained) == (task in TRAINED_WHOLE)
    for name, weight in model.named_parameters():
        assert (weight.grad is not None) == (name in trained), name


@pytest.mark.parametrize("task", HEADS)
def test_saved_loaded_and_merged_adapters_say_the_same(task, call, tmp_path):
    plain = logits_of(make(task), task, call)
    model = adapted(task, make(task))
    expected = logits_of(model, task, call)
    assert (expected - plain).abs().max() > 0.01
    model.save_pretrained(tmp_path)
    again = PeftModel.from_pretrained(make(task), tmp_path).eval()
    assert torch.equal(logits_of(again, task, call), expected)
    merged = again.merge_and_unload()
    assert type(merged) is HEADS[task][0]
    torch.testing.assert_close(logits_of(merged, task, call), expected, rtol=1e-4, atol=1e-5)


def test_a_merged_model_is_saved_as_any_other(call, tmp_path):
    merged = adapted("SEQ_2_SEQ_LM", make("SEQ_2_SEQ_LM")).merge_and_unload()
    merged.save_pretrained(tmp_path)
    again = TransformerForConditionalGeneration.from_pretrained(tmp_path)
    assert torch.equal(logits_of(again, "SEQ_2_SEQ_LM", call), logits_of(merged, "SEQ_2_SEQ_LM", call))
    assert torch.equal(again.generate(**call, max_new_tokens=5), merged.generate(**call, max_new_tokens=5))


@pytest.mark.parametrize("task", ["SEQ_2_SEQ_LM", "CAUSAL_LM"])
def test_generation_with_adapters(task, call):
    model = adapted(task, make(task))
    call = {name: tensor.flip(1) for name, tensor in call.items()}
    merged = adapted(task, make(task)).merge_and_unload()
    expected = merged.generate(**call, max_new_tokens=6, do_sample=False)
    assert torch.equal(model.generate(**call, max_new_tokens=6, do_sample=False), expected)


def test_adapters_find_their_model(call, tmp_path):
    """By the name in the adapter's own file, as whoever downloads an adapter does."""
    make("SEQ_CLS").save_pretrained(tmp_path / "base")
    model = adapted("SEQ_CLS", TransformerForSequenceClassification.from_pretrained(tmp_path / "base"))
    model.save_pretrained(tmp_path / "adapter")
    again = AutoPeftModelForSequenceClassification.from_pretrained(tmp_path / "adapter").eval()
    assert torch.equal(logits_of(again, "SEQ_CLS", call), logits_of(model, "SEQ_CLS", call))


@pytest.mark.parametrize("use_reentrant", [True, False])
def test_adapters_with_gradient_checkpointing(use_reentrant, call):
    """The older way of checkpointing loses all gradients where no input of a layer requires one."""
    gradients = []
    for checkpointed in (False, True):
        model = adapted("SEQ_2_SEQ_LM", make("SEQ_2_SEQ_LM")).train()
        if checkpointed:
            model.enable_input_require_grads()
            model.base_model.model.activation_checkpointing_enable({"use_reentrant": use_reentrant})
        model(**with_labels("SEQ_2_SEQ_LM", call)).loss.backward()
        gradients.append({name: weight.grad for name, weight in model.named_parameters() if weight.requires_grad})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, msg=name)


@pytest.mark.parametrize("device_map", ["cpu", "auto", {"": "cpu"}])
@pytest.mark.parametrize("task", HEADS)
def test_placed_by_accelerate(task, device_map, call, tmp_path):
    model = make(task)
    model.save_pretrained(tmp_path)
    placed = type(model).from_pretrained(tmp_path, device_map=device_map)
    assert torch.equal(logits_of(placed, task, call), logits_of(model, task, call))


def test_layers_on_disk(call, tmp_path):
    """The output layer stays with the embeddings that it shares its weights with."""
    model = make("SEQ_2_SEQ_LM")
    model.save_pretrained(tmp_path / "model")
    device_map = {"model.encoder": "cpu", "model.decoder.embed_tokens": "cpu", "model.decoder.norm": "cpu"}
    device_map |= {"model.decoder.layers.0": "cpu", "model.decoder.layers.1": "disk", "lm_head": "cpu"}
    placed = TransformerForConditionalGeneration.from_pretrained(
        tmp_path / "model", device_map=device_map, offload_folder=tmp_path / "offload"
    )
    assert torch.equal(logits_of(placed, "SEQ_2_SEQ_LM", call), logits_of(model, "SEQ_2_SEQ_LM", call))
    assert torch.equal(placed.generate(**call, max_new_tokens=5), model.generate(**call, max_new_tokens=5))


@pytest.mark.parametrize("position", ["sinusoidal", "learned", "rotary", "alibi"])
@pytest.mark.parametrize("task", HEADS)
def test_half_precision(task, position, call, tmp_path):
    model = make(task, position=position)
    model.save_pretrained(tmp_path)
    half = type(model).from_pretrained(tmp_path, dtype=torch.bfloat16)
    assert {weight.dtype for weight in half.parameters()} == {torch.bfloat16}
    logits = logits_of(half, task, call)
    assert logits.dtype == torch.bfloat16
    assert (logits.float() - logits_of(model, task, call)).abs().max() < 0.15
    loss = half.train()(**with_labels(task, call)).loss
    assert loss.dtype == torch.float32
    loss.backward()
    assert all(weight.grad.isfinite().all() for weight in half.parameters() if weight.grad is not None)


def test_masked_language_models_take_adapters_too(call):
    torch.manual_seed(0)
    config = TransformerConfig(architecture="encoder", vocab_size=40, hidden_size=16, num_attention_heads=2)
    model = get_peft_model(TransformerForMaskedLM(config), LoraConfig(target_modules="all-linear", r=2))
    reached = {name for name, _ in model.named_modules() if name.endswith("lora_A")}
    assert len(reached) == 6 * config.encoder_layers
    assert not any("lm_head" in name for name in reached)
    model(**call, labels=call["input_ids"]).loss.backward()
