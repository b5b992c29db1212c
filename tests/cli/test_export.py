"""`toolkit export`: merged and ONNX, checked against golden rows, and nothing left where they do not agree."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.exporters import ExportedModel
from transformers.exporters.exporter_onnx import OnnxExporter
from verified_models import SENTENCES, golden_of, labelled, translating

from toolkit.cli.main import run
from toolkit.names import Method
from toolkit.workflow import export_onnx


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return labelled("bert", tmp_path_factory.mktemp("home") / "run")


@pytest.fixture(scope="module")
def with_adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "lora"
    return labelled("bert", folder, method=Method.PEFT, base_name=str(folder / "base"))


def _other_answers(run_folder: Path, folder: Path) -> Path:
    """The same run with another answer among its golden rows."""
    shutil.copytree(run_folder, folder)
    golden = golden_of(folder)
    golden["rows"][2]["probabilities"][0] += 0.01
    (folder / "golden.json").write_text(json.dumps(golden), encoding="utf-8")
    return folder


def test_merged_is_a_plain_model(with_adapter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "new" / "plain"
    assert run(["export", str(with_adapter), "--format", "merged", "--output-dir", str(out)]) == 0
    assert f"exported as merged: {out}" in capsys.readouterr().out
    model = AutoModelForSequenceClassification.from_pretrained(out).eval()
    golden = golden_of(with_adapter)
    row = golden["rows"][0]
    with torch.no_grad():
        said = model(**AutoTokenizer.from_pretrained(out)(row["text"], return_tensors="pt")).logits.softmax(-1)[0]
    assert said.tolist() == pytest.approx(row["probabilities"], abs=1e-6)
    parity = json.loads((out / "parity.json").read_text(encoding="utf-8"))
    assert parity["format"] == "merged"
    assert (parity["rows"], parity["flips"], parity["tolerance"]) == (8, 0, 1e-4)
    assert parity["largest_gap"] < 1e-6
    assert "8 rows" in (out / "README.md").read_text(encoding="utf-8")
    assert golden_of(out) == golden
    assert [path.name for path in out.parent.iterdir()] == ["plain"]


def test_onnx_gives_the_same_probabilities(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Asked with onnxruntime as its README says, for other rows and lengths than it was traced with."""
    onnxruntime = pytest.importorskip("onnxruntime")
    out = tmp_path / "out"
    out.mkdir()
    assert run(["export", str(finished), "--format", "onnx", "--output-dir", str(out), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["folder"], result["format"], result["parity"]["flips"]) == (str(out), "onnx", 0)
    assert {path.name for path in out.iterdir()} >= {
        "model.onnx",
        "model.onnx.data",
        "export.json",
        "config.json",
        "tokenizer.json",
        "parity.json",
    }
    tokenizer = AutoTokenizer.from_pretrained(out)
    session = onnxruntime.InferenceSession(str(out / "model.onnx"))
    assert [each.name for each in session.get_inputs()] == ["input_ids", "attention_mask"]
    assert [each.name for each in session.get_outputs()] == ["logits"]
    exported = ExportedModel.from_pretrained(out, local_files_only=True)  # as the library opens its own exports
    model = AutoModelForSequenceClassification.from_pretrained(finished / "model").eval()
    for texts in (list(SENTENCES[:6]), [SENTENCES[6]]):
        inputs = tokenizer(texts, padding=True, return_tensors="pt")
        arrays = {each.name: inputs[each.name].numpy() for each in session.get_inputs()}
        with torch.no_grad():
            expected = model(**inputs).logits.numpy()
        np.testing.assert_allclose(session.run(["logits"], arrays)[0], expected, atol=1e-5)
        np.testing.assert_allclose(exported(**inputs)["logits"].numpy(), expected, atol=1e-5)


def test_int8_is_smaller_and_what_it_costs_is_told(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Gap and flips on the test rows of a run are those of a comparison by hand, through onnxruntime alone."""
    onnxruntime = pytest.importorskip("onnxruntime")
    run_folder, out = tmp_path / "run", tmp_path / "out"
    shutil.copytree(finished, run_folder)
    texts = list(SENTENCES[:7])
    table = {"id": list(range(7)), "text": texts, "prediction": ["ja"] * 7}
    parquet.write_table(pyarrow.table(table), run_folder / "predictions.parquet")
    assert run(["export", str(run_folder), "--format", "onnx-int8", "--output-dir", str(out), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)["measured"]
    tokenizer = AutoTokenizer.from_pretrained(out)
    session = onnxruntime.InferenceSession(str(out / "model.onnx"))
    model = AutoModelForSequenceClassification.from_pretrained(finished / "model").eval()
    gaps, flips = [], 0
    for text in texts:
        inputs = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            exact = model(**inputs).logits.softmax(-1)
        arrays = {each.name: inputs[each.name].numpy() for each in session.get_inputs()}
        rounded = torch.from_numpy(session.run(["logits"], arrays)[0]).softmax(-1)
        gaps.append(float((exact - rounded).abs().max()))
        flips += int(exact.argmax() != rounded.argmax())
    # Several texts share the scale that rounds them, so alone each is rounded a little otherwise.
    assert 0 < measured["largest_gap"] == pytest.approx(max(gaps), abs=0.02)
    assert abs(measured["flips"] - flips) <= 1
    assert (measured["rows"], measured["speed"] > 0) == (7, True)
    weights = sum(value.numel() for value in model.state_dict().values())
    assert measured["float32_bytes"] == 4 * weights
    assert measured["model_bytes"] == sum(file.stat().st_size for file in out.glob("model.onnx*"))
    assert "int8" in {str(part) for part in _weight_types(out / "model.onnx")}
    assert json.loads((out / "parity.json").read_text(encoding="utf-8"))["measured"] == measured
    assert f"{measured['flips']} of 7 test rows have another answer" in (out / "README.md").read_text(encoding="utf-8")


def _weight_types(file: Path) -> set[str]:
    import onnx

    return {onnx.TensorProto.DataType.Name(it.data_type).lower() for it in onnx.load(file).graph.initializer}


@pytest.mark.parametrize("method", [Method.FULL, Method.PEFT])
def test_averaged_is_the_mean_of_the_models(method: Method, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    runs = [
        labelled("bert", tmp_path / name, method=method, seed=seed, base_name=str(tmp_path / name / "base"))
        for seed, name in enumerate("abc")
    ]
    out = tmp_path / "mean"
    assert run(["export", *map(str, runs), "--format", "averaged", "--output-dir", str(out)]) == 0
    assert f"golden rows as {runs[2]} does" in capsys.readouterr().err
    states = [AutoModelForSequenceClassification.from_pretrained(each / "model").state_dict() for each in runs]
    assert not states[0]["classifier.weight"].equal(states[1]["classifier.weight"])
    for name, weight in AutoModelForSequenceClassification.from_pretrained(out).state_dict().items():
        torch.testing.assert_close(weight, torch.stack([state[name] for state in states]).mean(0))
    assert run(["verify", str(out)]) == 0
    assert run(["export", str(runs[0]), "--format", "averaged", "--output-dir", str(tmp_path / "one")]) == 2
    assert run(["export", *map(str, runs), "--format", "onnx", "--output-dir", str(tmp_path / "three")]) == 2
    unlike = labelled("roberta", tmp_path / "unlike")
    assert run(["export", str(runs[0]), str(unlike), "--format", "averaged", "--output-dir", str(tmp_path / "no")]) == 2
    assert "has other weights than" in capsys.readouterr().err.replace("\n", " ")
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("form", ["merged", "onnx"])
def test_nothing_is_left_of_an_export_with_other_answers(
    form: str, with_adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr("toolkit.workflow.export.write_onnx", lambda *_, **__: None)
    monkeypatch.setattr("toolkit.workflow.export.opened_onnx", lambda opened, _: opened)
    changed = _other_answers(with_adapter, tmp_path / "changed")
    assert run(["export", str(changed), "--format", form, "--output-dir", str(tmp_path / "out")]) == 7
    assert "does not answer as golden.json says, so it is not kept: 8 rows" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["changed"]


def test_bad_input(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def export(target: Path | str, form: str, out: Path = tmp_path / "out") -> tuple[int, str]:
        code = run(["export", str(target), "--format", form, "--output-dir", str(out)])
        return code, capsys.readouterr().err

    assert export(finished, "onx") == (
        2,
        "error: --format: there is no format 'onx'; did you mean 'onnx'?; allowed: merged, averaged, onnx, "
        "onnx-int8, gguf-f32, gguf-f16, gguf-q8_0\n",
    )
    assert export(finished, "merged")[0] == 2
    assert export("alice/model", "merged")[0] == 2
    code, told = export(finished, "onnx", finished)
    assert (code, "choose another --output-dir" in told) == (4, True)
    code, told = export(translating(tmp_path / "own"), "onnx")
    assert (code, "translation (encoder-decoder), which writes token by token" in told) == (2, True)
    code, told = export(finished / "model", "onnx")
    assert (code, "there is no golden.json" in told) == (7, True)
    monkeypatch.setattr(export_onnx, "find_spec", lambda _: None)
    code, told = export(finished, "onnx")
    assert (code, "pip install 'transfer-toolkit[onnx]'" in told) == (2, True)
    assert not (tmp_path / "out").exists()


def test_what_the_library_cannot_express_is_one_line(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    pytest.importorskip("onnxruntime")

    def gives_up(*_: object, **__: object) -> None:
        raise NotImplementedError("aten::nothing is not there\nmore lines")

    monkeypatch.setattr(OnnxExporter, "export", gives_up)
    assert run(["export", str(finished), "--format", "onnx", "--output-dir", str(tmp_path / "out")]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.endswith("the library cannot export a model of the type 'bert': aten::nothing is not there")
    assert list(tmp_path.iterdir()) == []
