"""A run's model in another form, let out only if it answers as the run's golden rows say."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peft import PeftModel

from toolkit.adapters import LocatedModel, OpenedModel
from toolkit.adapters.adapter_folder import is_adapter, merge_dequantized
from toolkit.adapters.decision import ABSTAIN, THRESHOLDS
from toolkit.adapters.quantization import settings_of
from toolkit.adapters.quiet import quiet_library
from toolkit.adapters.write_gguf import check_llama_like
from toolkit.errors import IntegrityError, RecipeError, ResourceError, ToolkitError
from toolkit.evaluation.proof.golden import GOLDEN_FILE, answers_to, read_golden
from toolkit.evaluation.proof.parity import Parity, compare
from toolkit.files import write_json_atomically, write_text_atomically
from toolkit.names import Family, Task
from toolkit.progress import say
from toolkit.shortage import full_disk, is_full_disk
from toolkit.tasks import room_of
from toolkit.tasks.room import TaskRoom
from toolkit.training.save import ADAPTER_FOLDER, MODEL_FOLDER, readable
from toolkit.trials.subject import find_subject
from toolkit.workflow import export_gguf
from toolkit.workflow.export_formats import Format
from toolkit.workflow.export_onnx import FILE, check_exportable, input_names, opened_onnx, write_onnx
from toolkit.workflow.little_memory import memory_told, smaller_model

PARITY_FILE = "parity.json"

TOLERATED = {Format.GGUF_F16: 0.05, Format.GGUF_Q8_0: 0.5}
"""Nats a token by which weights that were rounded may answer otherwise, and then write another text.

That is enough to find what an export has broken, which costs whole nats. What the rounding costs is told.
"""


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Attributes:
        folder: where it is.
        format: the form.
        parity: of its answers with the golden rows.
    """

    folder: Path
    format: Format
    parity: Parity

    def to_json(self) -> dict[str, Any]:
        """Return ``{"folder", "format", "parity"}``."""
        return {"folder": str(self.folder), "format": self.format.value, "parity": self.parity.to_json()}


@memory_told(smaller_model)
def export(target: str, *, form: Format, output_dir: Path) -> Exported:
    """Write a model in another form, with tokenizer, configuration and the figures of its check.

    Args:
        target: a run folder, or a folder with a model or an adapter and ``golden.json``.
        form: ``merged``, the adapter in its base model; ``onnx``, one file for ONNX Runtime; ``gguf-…``, one file for
            llama.cpp, with weights in that form.
        output_dir: a folder that is not there yet, or empty.

    Raises:
        RecipeError: if there is nothing to merge, or the model has no such form.
        ResourceError: if the folder is in use or cannot be written.
        IntegrityError: if there are no golden rows, or the export does not answer as they say; nothing is left then.
    """
    folder = Path(target).expanduser()
    subject = find_subject(target)
    if not folder.is_dir() or subject.untrained is not None:
        found = "this is no folder" if subject.untrained is None else "this run has no model of its own"
        raise RecipeError(f"{found}; export a finished run or a model's folder", where=target)
    golden = read_golden(folder / GOLDEN_FILE)
    if golden is None:
        raise IntegrityError(
            f"there is no {GOLDEN_FILE} to check an export against; fine-tune again with this version", where=target
        )
    room = room_of(Task(golden["task"]))
    source = _adapter_of(folder) if form is Format.MERGED else Path(subject.model).expanduser()
    if form is Format.ONNX:
        check_exportable(room.spec.task, Family(golden["family"]))
    with _whole_or_nothing(output_dir) as work:
        opened = room.open(LocatedModel(target, source))
        if settings_of(opened.model.config) is not None:
            opened = merge_dequantized(opened)
        if isinstance(opened.model, PeftModel):
            method = str(opened.model.active_peft_config.peft_type.value).lower()
            raise RecipeError(f"adapters of the method {method} cannot be merged into their base model", where=target)
        if form.gguf_weights is not None:
            check_llama_like(opened)
        say(f"exporting {target} as {form}")
        made = _made(opened, work, room, form=form)
        tolerated = TOLERATED.get(form, golden["tolerance"])
        parity = compare(golden["rows"], answers_to(room, made, golden["rows"]), tolerated)
        if not parity.passed and not (form in TOLERATED and parity.largest_gap <= tolerated):
            raise IntegrityError(
                f"the export does not answer as {GOLDEN_FILE} says, so it is not kept: {parity}", where=target
            )
        exported = Exported(output_dir, form, parity)
        if form is Format.MERGED:
            write_json_atomically(work / GOLDEN_FILE, golden)  # it can be verified and published like any other
        write_json_atomically(work / PARITY_FILE, {"format": form.value, **parity.to_json()})
        write_text_atomically(work / "README.md", _readme(opened, form, parity))
    return exported


def _adapter_of(folder: Path) -> Path:
    for place in (folder / ADAPTER_FOLDER, folder / MODEL_FOLDER, folder):
        if is_adapter(place):
            return place
    raise RecipeError(f"there is no adapter to merge; {folder / 'model'} is a plain model already", where=str(folder))


def _made(opened: OpenedModel, work: Path, room: TaskRoom, *, form: Format) -> OpenedModel:
    """Write the model in its new form, and open that again."""
    if form.gguf_weights is not None:
        export_gguf.write(opened, work, form.gguf_weights)
        return export_gguf.opened_gguf(opened, work)
    _write_plain(opened, work, weights=form is Format.MERGED)
    if form is Format.MERGED:
        return room.open(LocatedModel(opened.name, work))
    write_onnx(opened, work)
    return opened_onnx(opened, work)


def _write_plain(opened: OpenedModel, work: Path, *, weights: bool) -> None:
    with quiet_library():
        (opened.model if weights else opened.model.config).save_pretrained(str(work))
        opened.tokenizer.save_pretrained(str(work))
    readable(work)


@contextmanager
def _whole_or_nothing(output_dir: Path) -> Iterator[Path]:
    """Give a folder that is renamed to the wanted one if all goes well, and is removed otherwise."""
    if output_dir.exists() and (not output_dir.is_dir() or any(output_dir.iterdir())):
        raise ResourceError("this is there already; choose another --output-dir", where=str(output_dir))
    work = output_dir.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        work.mkdir(parents=True)
        yield work
        if output_dir.is_dir():
            output_dir.rmdir()
        work.rename(output_dir)
    except ToolkitError:
        raise
    except Exception as error:
        if is_full_disk(error):
            raise full_disk(output_dir) from error
        if not isinstance(error, OSError):
            raise
        raise ResourceError(f"cannot be written: {error.strerror or error}", where=str(output_dir)) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _readme(opened: OpenedModel, form: Format, parity: Parity) -> str:
    title, use = _about(opened, form)
    return f"""# {title}

{use}
{_decision(opened)}

Checked against golden rows, answers that were kept when the model was made: {parity.rows} rows, {parity.flips} of them
with another answer, the largest gap between two probabilities (or numbers) {parity.largest_gap:.2g}, where
{parity.tolerance:.2g} is tolerated. The same figures stand in `{PARITY_FILE}`.
"""


def _decision(opened: OpenedModel) -> str:
    """Return what a reader has to do with the probabilities; empty where the most probable class is the answer."""
    if opened.decision.abstains:
        return f"""
Where the highest probability is below {opened.decision.abstain_below:.6g} (`{ABSTAIN}` in `config.json`) there is no
answer; only the toolkit withholds it by itself.
"""
    if opened.decision.thresholds:
        return f"""
A label is given from the probability on that stands in its place of `{THRESHOLDS}` in `config.json`; only the toolkit
does so by itself.
"""
    return ""


def _about(opened: OpenedModel, form: Format) -> tuple[str, str]:
    """Return a title, and how the exported model is used."""
    if form is Format.MERGED:
        return "A model with its adapter merged", "It opens with plain transformers."
    if form.gguf_weights is not None:
        return "A model for llama.cpp", export_gguf.use(opened)
    names = ", ".join(f"`{name}`" for name in input_names(opened))
    return "A model for ONNX Runtime", _ONNX_USE.format(file=FILE, names=names, longest=opened.max_length)


_ONNX_USE = """`{file}` reads {names} (int64, `[batch, length]`) and gives `logits`; its labels are in `config.json`.

```python
import onnxruntime
from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")
session = onnxruntime.InferenceSession("{file}")
inputs = tokenizer(["…"], truncation=True, max_length={longest}, padding=True, return_tensors="np")
logits = session.run(["logits"], {{name.name: inputs[name.name] for name in session.get_inputs()}})[0]
```"""
