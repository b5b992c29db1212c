"""Loads exported models where the toolkit does not exist; `test_pooled` starts it in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification


class NoToolkit(MetaPathFinder):
    """As if the toolkit had never been installed."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        if fullname.partition(".")[0] == "toolkit":
            raise ModuleNotFoundError(f"No module named {fullname!r}")


def differences(folder: Path) -> Iterator[str]:
    """Whatever differs from what was saved with the models, in words."""
    for file in sorted(folder.glob("*.safetensors")):
        inputs = load_file(file)
        expected = inputs.pop("logits")
        model = AutoModelForSequenceClassification.from_pretrained(folder / file.stem, trust_remote_code=True).eval()
        assert type(model).__module__.startswith("transformers_modules."), type(model)
        model.save_pretrained(folder / "again" / file.stem)
        again = AutoModelForSequenceClassification.from_pretrained(
            folder / "again" / file.stem, trust_remote_code=True
        ).eval()
        for name, loaded in (("loaded", model), ("saved again", again)):
            with torch.no_grad():
                if not torch.equal(loaded(**inputs).logits, expected):
                    yield f"{file.stem} {name}"


if __name__ == "__main__":
    sys.meta_path.insert(0, NoToolkit())
    told = list(differences(Path(sys.argv[1])))
    assert "toolkit" not in sys.modules
    print("\n".join(told) or "all equal")
