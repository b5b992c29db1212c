from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from toolkit.data.scripts import ScriptCounter, script_of
from toolkit.data.value_columns import refuse_values_at_a_glance, values_of_rows, values_of_test
from toolkit.errors import DataError
from toolkit.evaluation.inference.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.inference.number_predictions import NumberPredictions
from toolkit.evaluation.inference.predictions import Predictions
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.metrics.likelihoods import Likelihoods
from toolkit.names import Problem, Task
from toolkit.recipe import DataSection
from toolkit.tasks import room_of
from toolkit.tasks.slices import FEWEST_ROWS, measure_slices
from toolkit.tasks.text_classification.kinds import kind_of
from toolkit.tasks.texts.answers import TextAnswers
from toolkit.tasks.texts.result import evaluate_texts

N = 120
LABELS, TEXTS = room_of(Task.TEXT_CLASSIFICATION), room_of(Task.TRANSLATION)


@pytest.fixture(scope="module")
def tokenizer(tiny_bert: Path) -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(tiny_bert)


@pytest.fixture
def texts() -> list[str]:
    """A word to twelve of them; every fourth text is Korean, every eighth has a sign that MiniLM does not know."""
    words = [" ".join(["film"] * (row % 12 + 1)) for row in range(N)]
    korean = ["영화 " * (row % 12 + 1) if row % 4 == 0 else text for row, text in enumerate(words)]
    return [f"{text} 🜁" if row % 8 == 1 else text for row, text in enumerate(korean)]


def single(texts: list[str], *, pairs: list[str] | None = None) -> Predictions:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet([1, 1], N)
    references = generator.integers(2, size=N)
    names = [("no", "yes")[label] for label in references]
    return Predictions(list(range(N)), texts, names, references, ("no", "yes"), probabilities, pairs)


def test_slices_are_measured_on_their_rows_alone(texts: list[str], tokenizer: PreTrainedTokenizerBase):
    predictions = single(texts)
    found = measure_slices(LABELS, predictions, tokenizer=tokenizer, max_length=10, metrics=["f1"])
    lengths = np.array([len(ids) for ids in tokenizer(texts)["input_ids"]])
    right = predictions.predicted == predictions.reference_labels
    assert found["metric"] == "accuracy"
    assert found["tokens"] == {"median": np.median(lengths), "p95": np.percentile(lengths, 95), "max": lengths.max()}
    assert found["cut_rows"] == (lengths > 10).sum()
    by = {
        kind: [entry for entry in found["slices"] if entry["by"] == kind]
        for kind in ("length", "cut", "script", "unknown")
    }
    for entry in by["length"]:
        chosen = (lengths >= entry["low"]) & (lengths <= entry["high"])
        assert (entry["rows"], entry["value"]) == (chosen.sum(), pytest.approx(right[chosen].mean()))
        assert entry["ci95"][0] <= entry["value"] <= entry["ci95"][1]
    assert sum(entry["rows"] for entry in by["length"]) == N
    hangul = np.array([row % 4 == 0 for row in range(N)])
    assert [(entry["name"], entry["rows"]) for entry in by["script"]] == [("Latin", 90), ("Hangul", 30)]
    assert by["script"][1]["value"] == pytest.approx(
        accuracy_score(predictions.reference_labels[hangul], predictions.predicted[hangul])
    )
    assert [entry["has"] for entry in by["cut"]] == [False, True]


def test_unknown_tokens_are_counted(texts: list[str], tokenizer: PreTrainedTokenizerBase):
    found = measure_slices(LABELS, single(texts), tokenizer=tokenizer, max_length=None, metrics=["accuracy"])
    ids = [tokenizer(text)["input_ids"] for text in texts]
    unknown = [row.count(tokenizer.unk_token_id) for row in ids]
    assert found["unknown"]["rows"] == np.count_nonzero(unknown) == N // 8
    assert found["unknown"]["share"] == pytest.approx(sum(unknown) / sum(map(len, ids)))
    assert found["scripts"] == {"Latin": 90, "Hangul": 30}
    assert (found["limit"], found["cut_rows"]) == (None, 0)
    assert not [entry for entry in found["slices"] if entry["by"] in ("cut", "unknown") and entry["rows"] < FEWEST_ROWS]


def test_of_pairs_both_texts_count(texts: list[str], tokenizer: PreTrainedTokenizerBase):
    found = measure_slices(
        LABELS, single(texts, pairs=texts), tokenizer=tokenizer, max_length=None, metrics=["accuracy"]
    )
    lengths = [len(ids) for ids in tokenizer(texts, texts)["input_ids"]]
    assert found["tokens"]["max"] == max(lengths)


def test_each_kind_of_answer_has_its_metric(texts: list[str], tokenizer: PreTrainedTokenizerBase):
    generator = np.random.default_rng(1)
    ids, hangul = list(range(N)), np.arange(N) % 4 == 0
    probabilities, wanted = generator.random((N, 3)), generator.random((N, 3)) > 0.5
    names = [tuple(np.array(["a", "b", "c"])[row]) for row in wanted]
    several = LabelSetPredictions(ids, texts, names, ("a", "b", "c"), probabilities)
    numbers = NumberPredictions(ids, texts, generator.random(N), generator.random(N))
    written = TextPredictions(ids, texts, ["a film"] * N, texts)
    losses = Likelihoods(generator.random(N), np.full(N, 3), np.full(N, 9), np.full(N, 1))
    expected = {
        several: ("f1_micro", f1_score(wanted[hangul], probabilities[hangul] >= 0.5, average="micro")),
        numbers: ("mae", mean_absolute_error(numbers.references[hangul], numbers.predicted[hangul])),
        TextAnswers(ids, texts, likelihoods=losses): (
            "perplexity",
            np.exp(losses.negative_log_likelihood[hangul].sum() / 90),
        ),
    }
    for predictions, (metric, value) in expected.items():
        room = TEXTS if isinstance(predictions, TextAnswers) else LABELS
        found = measure_slices(room, predictions, tokenizer=tokenizer, max_length=None, metrics=["perplexity"])
        (korean,) = [entry for entry in found["slices"] if entry.get("name") == "Hangul"]
        assert found["metric"] == metric
        assert korean["value"] == pytest.approx(value)
    found = measure_slices(
        TEXTS, TextAnswers(ids, texts, written), tokenizer=tokenizer, max_length=None, metrics=["perplexity", "bleu"]
    )
    (korean,) = [entry for entry in found["slices"] if entry.get("name") == "Hangul"]
    taken = TextPredictions(ids[::4], texts[::4], ["a film"] * 30, texts[::4])
    assert korean["value"] == pytest.approx(evaluate_texts(["chrf"], predictions=taken).metrics["chrf"].value)


def test_few_rows_have_no_slices(tokenizer: PreTrainedTokenizerBase):
    few = Predictions(
        [0, 1], ["a", "영화"], ["x", "y"], np.array([0, 1]), ("x", "y"), np.array([[0.9, 0.1], [0.9, 0.1]])
    )
    found = measure_slices(LABELS, few, tokenizer=tokenizer, max_length=8, metrics=["accuracy"])
    assert found["slices"] == []
    assert found["scripts"] == {"Latin": 1, "Hangul": 1}


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("영화 film 좋아요", "Hangul"),
        ("films 영화", "Latin"),
        ("한국어", "Hangul"),
        ("映画館", "Han"),
        ("コーヒー", "Kana"),
        ("ﾃｽﾄ", "Kana"),
        ("Ｆｕｌｌ", "Latin"),
        ("фильм", "Cyrillic"),
        ("ünïcödé", "Latin"),
        ("123 !? 🙂", "none"),
        ("", "none"),
    ],
)
def test_scripts(text: str, script: str):
    assert script_of(text) == script
    counter = ScriptCounter()
    assert [counter.names[index] for index in counter.of([text, None, "latin"])] == [script, "none", "Latin"]


def test_labels_are_counted_in_the_models_order():
    rows = Dataset.from_dict({"reference": ["b", "a", "b", "new"], "label": [1, 0, 1, -1]})
    counted = kind_of(Problem.SINGLE_LABEL).count_labels(rows, ("a", "b", "c"))
    assert list(counted["labels"].items()) == [("a", 1), ("b", 2), ("c", 0)]
    several = Dataset.from_dict({"label_names": [["a", "b"], [], ["b"]]})
    assert kind_of(Problem.MULTI_LABEL).count_labels(several, ("b", "a")) == {"labels": {"b": 2, "a": 1}}
    scores = Dataset.from_dict({"label": [0.0, 5.0, 1.0]})
    spread = kind_of(Problem.REGRESSION).count_labels(scores, ("score",))["scores"]
    assert spread == pytest.approx({"min": 0.0, "mean": 2.0, "sd": np.std([0, 5, 1]), "max": 5.0})


def test_slices_of_labels_and_of_columns(texts: list[str], tokenizer: PreTrainedTokenizerBase):
    predictions = single(texts)
    channels = ["web"] * 60 + ["phone"] * 40 + [None] * 15 + ["fax"] * 5
    numbers = [str(row / 2) for row in range(N)]
    many = [f"customer {row}" for row in range(N)]
    found = measure_slices(
        LABELS, predictions, tokenizer=tokenizer, max_length=None, metrics=["accuracy"],
        values={"channel": channels, "age": numbers, "customer": many},
    )  # fmt: skip
    right = predictions.predicted == predictions.reference_labels
    assert found["whole"]["value"] == pytest.approx(right.mean())
    of_label = {entry["name"]: entry for entry in found["slices"] if entry["by"] == "label"}
    for place, name in enumerate(("no", "yes")):
        assert of_label[name]["value"] == pytest.approx(right[predictions.reference_labels == place].mean())
    of_channel = [entry for entry in found["slices"] if entry.get("column") == "channel"]
    assert [(entry["name"], entry["rows"]) for entry in of_channel] == [("web", 60), ("phone", 40)]
    assert of_channel[0]["value"] == pytest.approx(right[:60].mean())
    small = [entry for entry in found["too_small"] if entry.get("column") == "channel"]
    assert [(entry["name"], entry["rows"]) for entry in small] == [(None, 15), ("fax", 5)]
    thirds = [entry for entry in found["slices"] if entry.get("column") == "age"]
    assert [(entry["low"], entry["high"]) for entry in thirds] == [(0.0, 19.5), (20.0, 39.5), (40.0, 59.5)]
    (others,) = [entry for entry in found["left_out"] if entry.get("column") == "customer"]
    assert others == {"by": "column", "column": "customer", "slices": N - 12, "rows": N - 12}


def test_columns_that_are_not_there_are_named_before_any_work(tmp_path: Path):
    file = tmp_path / "rows.csv"
    file.write_text("text,label,channel\na film,yes,web\nanother, no,\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column 'chanel'; did you mean 'channel'"):
        refuse_values_at_a_glance([str(file)], ["chanel"])
    with pytest.raises(DataError, match="did you mean 'channel'"):
        values_of_rows(str(file), ["chanel"], n_rows=2)
    assert values_of_rows(str(file), [], n_rows=2, wanted=["channel", "age"]) == {"channel": ["web", None]}
    section = DataSection(source=str(file))
    assert values_of_test(section, Dataset.from_dict({"id": [1, 0]}), ["channel"]) == {"channel": [None, "web"]}
