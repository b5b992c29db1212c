"""The loader and its JSON Schema say the same; the loader says it in words."""

import copy

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.recipe import json_schema, structural_faults
from toolkit.recipe.model import schema_of
from toolkit.recipe.schema_words import alternatives, follow

SCHEMA = schema_of("lora")  # with the keys of one method, which are easy to walk
VALID = {
    "task": "text-classification",
    "model": {"name": "packaged:minilm"},
    "data": {"source": "reviews.csv"},
    "method": "lora",
}


def every_path(node, path=()):
    """The paths of all keys that the schema knows."""
    for option in alternatives(SCHEMA, node):
        for key, inner in option.get("properties", {}).items():
            yield (*path, key)
            yield from every_path(inner, (*path, key))


def names_of(path):
    """The texts that the schema allows under a path."""
    options = alternatives(SCHEMA, follow(SCHEMA, path))
    return [name for option in options for name in option.get("enum", []) if isinstance(name, str)]


PATHS = sorted(every_path(SCHEMA))
NUMBERS = [
    0,
    1,
    -1,
    2,
    100,
    2**32 - 1,
    2**32,
    10**30,
    0.0,
    -0.0,
    0.1,
    0.999,
    1.0,
    1.5,
    2.0,
    -0.5,
    1e-300,
    1e300,
    4e9,
]
TEXTS = ["", "auto", "a.csv", "pissa_niter_4", "3", "true"]
NAMES = sorted({name for path in PATHS for name in names_of(path)} | set(TEXTS))
SCALARS = (
    st.sampled_from([None, True, False, *NUMBERS])
    | st.sampled_from(NAMES)
    | st.text(max_size=4)
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["", "name", "text", "label", "r", "0"]) | st.text(max_size=3), inner, max_size=3
        )
    ),
    max_leaves=5,
)
MISSPELT = st.sampled_from(PATHS).map(lambda path: (*path[:-1], path[-1] + "s"))
REMOVED = ...


def put(tree, path, value):
    for key in path[:-1]:
        if not isinstance(tree, dict):
            return
        tree = tree.setdefault(key, {})
    if not isinstance(tree, dict):
        return
    if value is REMOVED:
        tree.pop(path[-1], None)
    else:
        tree[path[-1]] = value


VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def agree(tree):
    findings = structural_faults(tree)
    assert VALIDATOR.is_valid(tree) == (findings == []), findings
    assert len({finding.path for finding in findings if not finding.on_key}) == len(
        [finding for finding in findings if not finding.on_key]
    )
    for finding in findings:
        assert finding.message
        assert "\n" not in finding.message


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)
    agree(VALID)
    assert structural_faults(VALID) == []


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PATHS) | MISSPELT, VALUES | st.just(REMOVED)), min_size=1, max_size=4))
def test_schema_and_loader_agree_on_mutated_recipes(changes):
    tree = copy.deepcopy(VALID)
    for path, value in changes:
        put(tree, path, copy.deepcopy(value))
    agree(tree)


SHAPES = [None, True, False, *NUMBERS, *TEXTS, [], ["a"], [1], {}, {"a": "b"}, {"a": 1}, {"a": [1]}]


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_schema_and_loader_agree_on_every_key(path):
    for value in [*SHAPES, *names_of(path)[:3]]:
        tree = copy.deepcopy(VALID)
        put(tree, path, copy.deepcopy(value))
        agree(tree)


@given(VALUES)
def test_nothing_but_a_section_is_a_recipe(value):
    agree(value)


def message(path, value):
    tree = copy.deepcopy(VALID)
    put(tree, path, value)
    (finding,) = structural_faults(tree)
    return finding.message


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("training.learning_rate", "fast", "found the text 'fast'; expected a number of at least 0"),
        ("training.learning_rate", "1e-5", "expected a number of at least 0; write it without quotes"),
        ("training.fp16", "no", "expected true or false; write false"),
        ("training.bf16", "autos", "expected true or false or 'auto'; did you mean 'auto'?"),
        ("training.per_device_train_batch_size", 0, "found 0; expected a whole number of at least 1"),
        ("training.per_device_train_batch_size", 1.5, "found 1.5; expected a whole number of at least 1"),
        ("training.per_device_train_batch_size", True, "found true; expected a whole number of at least 1"),
        ("training.lr_scheduler_type", "cosin", "found the text 'cosin'; did you mean 'cosine'?"),
        ("training.optim", "adamw", "did you mean 'adamw_torch'?"),
        (
            "training.class_weights",
            [1],
            "found the list [1]; expected 'balanced' or a section {key: a number of at",
        ),
        (
            "training.save_steps",
            0,
            "found 0; expected a whole number of at least 1 or a number above 0 and below 1",
        ),
        ("training", None, "found nothing (null); expected a section with keys such as"),
        (
            "model",
            "packaged:minilm",
            "found the text 'packaged:minilm'; expected a section with keys such as name",
        ),
        ("model.name", "", "found the text ''; expected a text that is not empty"),
        ("model.problem_type", "regresion", "did you mean 'regression'?"),
        (
            "data.source",
            [1],
            "found the list [1]; expected a text or a list [a text, …] or a section {key: a text",
        ),
        ("data.test_size", "0.2", "write it without quotes"),
        ("seed", -1, "found -1; expected a whole number from 0 to 4294967295"),
        ("seed", "x" * 5000, "xxx…'; expected"),
        ("metod", "full", "unknown key 'metod'; did you mean 'method'?"),
        ("data.colums", {}, "unknown key 'colums'; did you mean 'columns'?"),
        ("training.warmup_ratio", 0.1, "it is called 'warmup_steps' here (a number below 1 is a fraction"),
        ("training.output_dir", "x", "unknown key 'output_dir'; the run folder is given on the command line"),
        ("peft.alpha", 3, "it is called 'lora_alpha' here"),
        ("peft.task_type", "SEQ_CLS", "the toolkit sets it"),
        ("peft.lora_dropouts", 0.1, "did you mean 'lora_dropout'?"),
        ("model.config.preset", "smal", "did you mean 'small'?; allowed: tiny, small, base, big"),
        ("model.config.position", "rotory", "did you mean 'rotary'?"),
        ("model.config.hidden_size", 0, "found 0; expected a whole number of at least 1"),
        ("model.config.dropout", 1, "expected a number of at least 0 and below 1"),
        ("model.config.hiden_size", 8, "did you mean 'hidden_size'?"),
        ("model.config.vocab_size", 8, "unknown key 'vocab_size'; write it in the section tokenizer"),
        ("model.config.pad_token_id", 8, "the tokenizer settles it"),
        ("tokenizer.train", "wordpiece", "allowed: bpe, unigram"),
        ("tokenizer.vocab_size", 0, "expected a whole number of at least 1"),
        ("evaluation.generation.num_beam", 4, "did you mean 'num_beams'?"),
        ("evaluation.generation.max_length", 4, "it counts the prompt too; write max_new_tokens instead"),
        ("evaluation.generation.top_p", 0, "expected a number above 0 and of at most 1"),
    ],
)
def test_faults_in_plain_words(path, value, words):
    assert words in message(tuple(path.split(".")), value)


def test_no_word_of_the_checking_library_reaches_the_user():
    tree = {
        "task": 1,
        "model": [],
        "data": {"source": [1], "test_size": "x"},
        "method": None,
        "training": {"x": 1},
    }
    words = " ".join(finding.message for finding in structural_faults(tree)).lower()
    assert not [word for word in ("input", "extra", "valid", "instance", "union", "literal", "field") if word in words]


def test_only_the_wrong_item_of_a_list_is_named():
    tree = VALID | {"evaluation": {"metrics": ["accuracy", "f2"]}}
    assert [finding.path for finding in structural_faults(tree)] == [("evaluation", "metrics", 1)]
