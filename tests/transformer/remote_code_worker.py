"""Loads saved models where the toolkit does not exist; `test_remote_code` starts it in a process of its own."""

from __future__ import annotations

import json
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file


class NoToolkit(MetaPathFinder):
    """As if the toolkit had never been installed."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] == "toolkit":
            raise ModuleNotFoundError(f"No module named {fullname!r}")


def load(where, auto_class):
    model = getattr(transformers, auto_class).from_pretrained(where, trust_remote_code=True).eval()
    assert type(model).__module__.startswith("transformers_modules."), type(model)
    assert type(model.config).__module__.startswith("transformers_modules."), type(model.config)
    return model


def differences(folder):
    """Whatever differs from what was saved with the models, in words."""
    for line in json.loads((folder / "models.json").read_text(encoding="utf-8")):
        model = load(line["where"], line["auto_class"])
        expected = load_file(folder / f"{line['name']}.safetensors")
        input_ids = expected.pop("input_ids")
        generated = expected.pop("generated", None)
        output = model(input_ids, **({"labels": input_ids} if "loss" in expected else {}))
        if set(expected) - set(output):
            yield f"{line['name']}: {sorted(output)}"
        for name, tensor in expected.items():
            if not torch.equal(output[name], tensor):
                yield f"{line['name']}: {name}"
        if generated is not None:
            found = model.generate(input_ids, max_new_tokens=6, do_sample=False)
            if not torch.equal(found, generated):
                yield f"{line['name']}: generate"


def saved_again(folder):
    """A model that was loaded so is saved with all of its code, for heads that were never loaded here."""
    load(folder / "masked", "AutoModelForMaskedLM").save_pretrained(folder / "again")
    model = load(folder / "again", "AutoModelForSequenceClassification")
    model.save_pretrained(folder / "and-again")
    load(folder / "and-again", "AutoModelForTokenClassification")
    transformers.AutoConfig.from_pretrained(folder / "and-again", trust_remote_code=True)
    names = [{path.name for path in (folder / name).glob("*.py")} for name in ("masked", "again", "and-again")]
    if not names[0] == names[1] == names[2]:
        yield f"code files: {names}"


if __name__ == "__main__":
    sys.meta_path.insert(0, NoToolkit())
    work = Path(sys.argv[1])
    told = [*differences(work), *saved_again(work)]
    assert "toolkit" not in sys.modules
    print("\n".join(told) or "all equal")
