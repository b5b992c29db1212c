"""What carries loss in a chat, by the templates that models come with, and templates that cannot be learnt from."""

from __future__ import annotations

from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from toolkit.adapters.writing import WITHOUT_THOUGHTS
from toolkit.data.chat_template import PLAIN_TEMPLATE, ChatTemplate
from toolkit.data.messages import ChatError, Message

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
DEFAULT_SYSTEM = (
    "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are helpful.<|im_end|>\n' }}{% endif %}"
)
LLAMA_3 = (
    "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n'"
    " + m['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
QWEN_3 = (
    "{% set last = namespace(user=-1) %}"
    "{% for m in messages %}{% if m['role'] == 'user' %}{% set last.user = loop.index0 %}{% endif %}{% endfor %}"
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}"
    "{% if m['role'] == 'assistant' and loop.index0 > last.user %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
    "{{ m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
    "{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}{% for m in messages %}{% set role = 'model' if m['role'] == 'assistant' else m['role'] %}"
    "{{ '<start_of_turn>' + role + '\n' + m['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + m['content'] + eos_token }}{% endif %}{% endfor %}"
)
TEMPLATES = {
    "chatml": (CHATML, "<|im_end|>"),
    "smollm2": (DEFAULT_SYSTEM + CHATML, "<|im_end|>"),
    "qwen 2.5": (DEFAULT_SYSTEM + CHATML, "<|im_end|>"),
    "qwen 3": (QWEN_3, "<|im_end|>"),
    "llama 3": (LLAMA_3, "<|eot_id|>"),
    "gemma": (GEMMA, "<end_of_turn>"),
    "mistral": (MISTRAL, "</s>"),
    "plain": (PLAIN_TEMPLATE, "</s>"),
}
MARKS = (
    "<s>",
    "</s>",
    "<|im_start|>",
    "<|im_end|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<start_of_turn>",
    "<end_of_turn>",
)
CHAT: list[Message] = [
    {"role": "user", "content": "Hi there"},
    {"role": "assistant", "content": "Hello, 안녕하세요!"},
    {"role": "user", "content": "More\n\nlines, please?"},
    {"role": "assistant", "content": "Sure:\n1. 하나\n2. two"},
]


def tokenizer_with(template: str | None, **names: Any) -> PreTrainedTokenizerFast:
    """A tokenizer of bytes."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={character: index for index, character in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    known = {"bos_token": "<s>", "eos_token": "</s>", **names}
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **known, extra_special_tokens=list(MARKS))
    made.chat_template = template
    return made


def learnt_parts(tokenizer: PreTrainedTokenizerFast, chat: list[Message]) -> list[str]:
    """The tokens that carry loss, decoded, a run of them each."""
    written = ChatTemplate(tokenizer).written(chat)
    parts: list[list[int]] = []
    before = False
    for token, learnt in zip(written.ids, written.learnt, strict=True):
        if learnt:
            parts += [] if before else [[]]
            parts[-1].append(token)
        before = learnt
    return [tokenizer.decode(part) for part in parts]


@pytest.mark.parametrize("name", TEMPLATES)
def test_loss_is_on_the_answers_and_on_what_ends_them(name: str) -> None:
    template, end = TEMPLATES[name]
    tokenizer = tokenizer_with(template)
    before = " " if name == "mistral" else ""  # of the template, and part of the first token of an answer
    answers = [message["content"] for message in CHAT if message["role"] == "assistant"]
    assert [part.removeprefix(before) for part in learnt_parts(tokenizer, CHAT)] == [f"{text}{end}" for text in answers]
    assert ChatTemplate(tokenizer).ends == {tokenizer.convert_tokens_to_ids(end)}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_chat_that_asks_is_the_beginning_of_the_one_that_is_learnt(name: str) -> None:
    template = ChatTemplate(tokenizer_with(TEMPLATES[name][0]))
    for n_messages in (1, 3):
        prompt = template.prompt(CHAT[:n_messages])
        written = template.written(CHAT[: n_messages + 1])
        assert written.ids[: len(prompt)] == prompt
        last_answer = len(written.ids) - 1 - written.learnt[::-1].index(True)
        assert all(written.learnt[len(prompt) : last_answer + 1])
        assert not written.learnt[len(prompt) - 1]


def test_thoughts_that_are_asked_for_and_not_learnt_are_noticed_and_left_out() -> None:
    tokenizer = tokenizer_with(QWEN_3)
    assert ChatTemplate(tokenizer).differs_elsewhere(CHAT[:1])
    tokenizer.chat_template = f"{WITHOUT_THOUGHTS}{QWEN_3}"
    assert not ChatTemplate(tokenizer).differs_elsewhere(CHAT[:1])
    assert tokenizer.decode(ChatTemplate(tokenizer).prompt(CHAT[:1])).endswith("assistant\n<think>\n\n</think>\n\n")


def test_blanks_around_an_answer_are_the_template_s() -> None:
    chat = [CHAT[0], {"role": "assistant", "content": "  yes \n"}]
    assert learnt_parts(tokenizer_with(LLAMA_3), chat) == ["yes<|eot_id|>"]
    assert learnt_parts(tokenizer_with(CHATML), chat) == ["  yes \n<|im_end|>"]


def test_an_answer_that_nothing_ends_gets_the_end_of_a_text() -> None:
    bare = "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\n' }}{% endfor %}"
    assert learnt_parts(tokenizer_with(bare), CHAT)[-1] == "Sure:\n1. 하나\n2. two</s>"
    with pytest.raises(ChatError, match="nothing ends an answer"):
        learnt_parts(tokenizer_with(bare, eos_token=None), CHAT)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{% for m in messages %}{% if m['role'] == 'user' %}{{ m['content'] }}{% endif %}{% endfor %}", "drops"),
        ("{% for m in messages %}{{ m['content'] + m['content'] + eos_token }}{% endfor %}", "drops or repeats"),
        ("{% for m in messages %}{{ m['content'] | upper + eos_token }}{% endfor %}", "changes what is said"),
        ("{% for m in messages %}{{ m['content'][:2] + eos_token }}{% endfor %}", "drops|changes"),
        ("{{ raise_exception('only two messages') }}", "refuses it .only two messages"),
        ("{% for m in messages %}", "refuses it"),
    ],
)
def test_templates_that_no_answer_can_be_learnt_from(template: str, told: str) -> None:
    with pytest.raises(ChatError, match=told):
        ChatTemplate(tokenizer_with(template)).written(CHAT)
