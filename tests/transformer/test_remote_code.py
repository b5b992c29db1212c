from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

import toolkit.transformer
from toolkit.transformer import TransformerConfig

CODE = Path(toolkit.transformer.__file__).parent
WORKER = Path(__file__).with_name("remote_code_worker.py")
REPOSITORY, COMMIT = "someone/tiny", "0123456789" * 4

MODELS = {
    "seq2seq": ("AutoModelForSeq2SeqLM", "encoder-decoder", {}),
    "causal": ("AutoModelForCausalLM", "decoder", {"position": "rotary", "norm": "pre", "norm_type": "rmsnorm"}),
    "masked": ("AutoModelForMaskedLM", "encoder", {"position": "learned", "activation": "swiglu"}),
    "body": ("AutoModel", "encoder", {"position": "alibi"}),
    "sequence": ("AutoModelForSequenceClassification", "encoder", {"num_labels": 4}),
    "sequence-decoder": ("AutoModelForSequenceClassification", "decoder", {"num_labels": 4}),
    "sequence-both": ("AutoModelForSequenceClassification", "encoder-decoder", {"num_labels": 4}),
    "tokens": ("AutoModelForTokenClassification", "encoder", {"num_labels": 40}),
    "answers": ("AutoModelForQuestionAnswering", "encoder", {}),
}
WITH_LABELS = {"seq2seq", "causal", "masked", "tokens"}


def make(name):
    auto_class, architecture, changes = MODELS[name]
    torch.manual_seed(0)
    sizes = {"vocab_size": 40, "hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 24}
    config = TransformerConfig(architecture=architecture, encoder_layers=1, decoder_layers=2, **sizes, **changes)
    return getattr(transformers, auto_class).from_config(config).eval()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder for each model, beside it what the model says; one of them as a download lies in the hub's cache."""
    folder = tmp_path_factory.mktemp("saved")
    lines = []
    for name, (auto_class, _, _) in MODELS.items():
        model = make(name)
        model.save_pretrained(folder / name)
        input_ids = torch.randint(5, 40, (2, 7), generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            output = model(input_ids, **({"labels": input_ids} if name in WITH_LABELS else {}))
        said = {key: value for key, value in output.items() if isinstance(value, torch.Tensor)}
        if name in ("seq2seq", "causal"):
            said["generated"] = model.generate(input_ids, max_new_tokens=6, do_sample=False)
        save_file({"input_ids": input_ids, **said}, folder / f"{name}.safetensors")
        lines.append({"name": name, "where": str(folder / name), "auto_class": auto_class})
    hub = folder / "hub" / ("models--" + REPOSITORY.replace("/", "--"))
    shutil.copytree(folder / "sequence", hub / "snapshots" / COMMIT)
    (hub / "refs").mkdir()
    (hub / "refs" / "main").write_text(COMMIT, encoding="utf-8")
    lines.append({"name": "sequence", "where": REPOSITORY, "auto_class": "AutoModelForSequenceClassification"})
    (folder / "models.json").write_text(json.dumps(lines), encoding="utf-8")
    return folder


def test_models_load_where_there_is_no_toolkit(saved, tmp_path):
    """The same logits and losses to the last bit, the same generated tokens, from folders and from the hub's cache."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | {
        "HF_MODULES_CACHE": str(tmp_path / "modules"),
        "HF_HUB_CACHE": str(saved / "hub"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": str(torch.get_num_threads()),
    }
    done = subprocess.run(
        [sys.executable, "-I", WORKER, saved], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip().endswith("all equal"), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("masked", {"AutoModelForMaskedLM"}),
        ("causal", {"AutoModelForCausalLM"}),
        ("sequence-both", {"AutoModelForSeq2SeqLM"}),
    ],
)
def test_a_folder_names_every_head_of_its_shape(saved, name, others):
    config = json.loads((saved / name / "config.json").read_text(encoding="utf-8"))
    everywhere = {"AutoConfig", "AutoModel"} | {
        f"AutoModelFor{task}" for task in ("SequenceClassification", "TokenClassification", "QuestionAnswering")
    }
    assert set(config["auto_map"]) == everywhere | others
    for reference in config["auto_map"].values():
        file, _, class_name = reference.partition(".")
        assert f"class {class_name}(" in (saved / name / f"{file}.py").read_text(encoding="utf-8")


def test_a_folder_holds_all_of_the_code(saved):
    code = {path.name for path in CODE.glob("*.py")} - {"__init__.py"}
    for name in MODELS:
        assert {path.name for path in (saved / name).glob("*.py")} == code


def test_files_import_each_other_in_the_one_way_that_the_library_follows():
    """``from .name import …``, and the libraries that everyone has who has transformers."""
    for path in CODE.glob("*.py"):
        for line in re.findall(r"^\s*(?:from|import) .*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            words = line.split()
            if words[1].startswith("."):
                assert re.fullmatch(r"\s*from \.[a-z_]+ import .+", line), f"{path.name}: {line}"
                assert (CODE / f"{words[1][1:]}.py").is_file()
            else:
                root = words[1].partition(".")[0]
                assert root in {"torch", "transformers", "huggingface_hub", *sys.stdlib_module_names}, line


def test_local_classes_win_where_the_toolkit_is(saved):
    model = AutoModelForSeq2SeqLM.from_pretrained(saved / "seq2seq", trust_remote_code=True)
    assert type(model) is toolkit.transformer.TransformerForConditionalGeneration


def test_a_head_of_another_shape_is_refused(saved):
    with pytest.raises(
        ValueError, match="TransformerForCausalLM needs architecture='decoder', found 'encoder-decoder'"
    ):
        AutoModelForCausalLM.from_pretrained(saved / "seq2seq")


def test_the_package_around_them_imports_next_to_nothing():
    """``import toolkit.transformer`` runs it first."""
    code = (
        "import sys; before = set(sys.modules); import toolkit\n"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "['toolkit']\n"
