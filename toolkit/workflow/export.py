"""A run's model in another form, let out only if it answers as the run's golden rows say."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peft import PeftModel

from toolkit.adapters import LocatedModel, OpenedModel
from toolkit.adapters.adapter_folder import is_adapter, merge_dequantized
from toolkit.adapters.average import average
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
from toolkit.workflow.export_measured import Measured, measure
from toolkit.workflow.export_onnx import FILE, check_exportable, input_names, opened_onnx, write_onnx
from toolkit.workflow.little_memory import memory_told, smaller_model

PARITY_FILE = "parity.json"

TOLERATED = {Format.GGUF_F16: 0.05, Format.GGUF_Q8_0: 0.5, Format.ONNX_INT8: 0.35}
"""Nats a token or probabilities by which rounded weights may answer otherwise, perhaps another text or label.

That is enough to find what an export has broken, which costs whole nats. What the rounding costs is told.
"""


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Attributes:
        folder: where it is.
        format: the form.
        parity: of its answers with the golden rows.
        measured: on the test rows, of an ONNX file; None where the run has kept none.
    """

    folder: Path
    format: Format
    parity: Parity
    measured: Measured | None = None

    def to_json(self) -> dict[str, Any]:
        """Return ``{"folder", "format", "parity"}``, and of an ONNX file ``measured``."""
        measured = {} if self.measured is None else {"measured": self.measured.to_json()}
        return {"folder": str(self.folder), "format": self.format.value, "parity": self.parity.to_json(), **measured}


@memory_told(smaller_model)
def export(target: str, *others: str, form: Format, output_dir: Path) -> Exported:
    """Write a model in another form, with tokenizer, configuration and the figures of its check.

    Args:
        target: a run folder, or a folder with a model or an adapter and ``golden.json``.
        others: further ones, whose weights are averaged with those of the first.
        form: ``merged``, the adapter in its base model; ``averaged``, the mean of several models; ``onnx`` and
            ``onnx-int8``, for ONNX Runtime; ``gguf-…``, one file for llama.cpp, with weights in that form.
        output_dir: a folder that is not there yet, or empty.

    Raises:
        RecipeError: if there is nothing to merge, the models are not alike, or the model has no such form.
        ResourceError: if the folder is in use or cannot be written.
        IntegrityError: if there are no golden rows, or the export does not answer as they say; nothing is left then.
    """
    if bool(others) != (form is Format.AVERAGED):
        raise RecipeError("averaged takes several models, and every other form one", where="--format")
    sources = _sources(target, *others)
    golden = sources[0].golden
    room = room_of(Task(golden["task"]))
    if form.is_onnx:
        check_exportable(room.spec.task, Family(golden["family"]))
    with _whole_or_nothing(output_dir) as work:
        say(f"exporting {', '.join(each.target for each in sources)} as {form}")
        opened = average(each.opened(room, form) for each in sources)
        if others:
            golden = _golden_of_mean(room, opened, sources)
        if form.gguf_weights is not None:
            check_llama_like(opened)
        made = _made(opened, work, room, form=form)
        parity = _checked(room, made, golden, form=form, where=target)
        measured = None
        if form.is_onnx:
            say("measuring it on the test rows, beside the model")
            files = sorted(work.glob(f"{FILE}*"))
            measured = measure(room, opened, made, sources[0].folder, files=files, tolerance=golden["tolerance"])
        exported = Exported(output_dir, form, parity, measured)
        if form.is_plain:
            write_json_atomically(work / GOLDEN_FILE, golden)  # it can be verified and published like any other
        figures = {name: value for name, value in exported.to_json().items() if name == "measured"}
        write_json_atomically(work / PARITY_FILE, {"format": form.value, **parity.to_json(), **figures})
        write_text_atomically(work / "README.md", _readme(opened, exported, [each.target for each in sources]))
    return exported


@dataclass(frozen=True)
class _Source:
    """A model that is exported.

    Attributes:
        target: as the user wrote it.
        folder: of the run or the model.
        model: its name or folder.
        golden: its golden rows.
    """

    target: str
    folder: Path
    model: str
    golden: dict[str, Any]

    def opened(self, room: TaskRoom, form: Format) -> OpenedModel:
        """Return the model as plain weights, an adapter merged into its base model."""
        place = _adapter_of(self.folder) if form is Format.MERGED else Path(self.model).expanduser()
        opened = room.open(LocatedModel(self.target, place))
        if settings_of(opened.model.config) is not None:
            opened = merge_dequantized(opened)
        if isinstance(opened.model, PeftModel):
            method = str(opened.model.active_peft_config.peft_type.value).lower()
            raise RecipeError(
                f"adapters of the method {method} cannot be merged into their base model", where=self.target
            )
        return opened


def _sources(*targets: str) -> list[_Source]:
    """Return the models that are exported, all for one task."""
    first, *others = sources = [_source(target) for target in targets]
    for each in others:
        task, other = first.golden["task"], each.golden["task"]
        if task != other:
            raise RecipeError(f"it is for {other}, and {first.target} for {task}", where=each.target)
    return sources


def _golden_of_mean(room: TaskRoom, mean: OpenedModel, sources: Sequence[_Source]) -> dict[str, Any]:
    """Return the golden rows of the first model with the answers of the mean, and tell how many stay as they were."""
    found = []
    for each in sources:
        found.append(answers_to(room, mean, each.golden["rows"]))
        told = compare(each.golden["rows"], found[-1], each.golden["tolerance"])
        say(f"the mean answers {told.rows - told.flips} of {told.rows} golden rows as {each.target} does")
    first = sources[0].golden
    rows = [{**said, "ids": asked["ids"]} for asked, said in zip(first["rows"], found[0], strict=True)]
    return {**first, "rows": rows}


def _source(target: str) -> _Source:
    folder, subject = Path(target).expanduser(), find_subject(target)
    if not folder.is_dir() or subject.untrained is not None:
        found = "this is no folder" if subject.untrained is None else "this run has no model of its own"
        raise RecipeError(f"{found}; export a finished run or a model's folder", where=target)
    golden = read_golden(folder / GOLDEN_FILE)
    if golden is None:
        raise IntegrityError(
            f"there is no {GOLDEN_FILE} to check an export against; fine-tune again with this version", where=target
        )
    return _Source(target, folder, subject.model, golden)


def _checked(room: TaskRoom, made: OpenedModel, golden: Mapping[str, Any], *, form: Format, where: str) -> Parity:
    """Compare an export with golden rows, and refuse it where something is broken.

    Raises:
        IntegrityError: it does not answer as they say.
    """
    rows, tolerated = golden["rows"], TOLERATED.get(form, golden["tolerance"])
    if form in TOLERATED:  # numbers are rounded in proportion
        tolerated *= max([1.0, *(abs(row["value"]) for row in rows if "value" in row)])
    parity = compare(rows, answers_to(room, made, rows), tolerated)
    if not parity.passed and not (form in TOLERATED and parity.largest_gap <= tolerated):
        raise IntegrityError(
            f"the export does not answer as {GOLDEN_FILE} says, so it is not kept: {parity}", where=where
        )
    return parity


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
    _write_plain(opened, work, weights=form.is_plain)
    if form.is_plain:
        return room.open(LocatedModel(opened.name, work))
    write_onnx(opened, work, int8=form is Format.ONNX_INT8)
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


def _readme(opened: OpenedModel, exported: Exported, targets: Sequence[str]) -> str:
    title, use = _about(opened, exported.format, targets)
    parity, measured = exported.parity, exported.measured
    beside = "" if measured is None else f"\nBeside the model that it comes from, on the test rows: {measured}.\n"
    return f"""# {title}

{use}
{_decision(opened)}

Checked against golden rows, answers that were kept when the model was made: {parity.rows} rows, {parity.flips} of them
with another answer, the largest gap between two probabilities (or numbers) {parity.largest_gap:.2g}, where
{parity.tolerance:.2g} is tolerated. The same figures stand in `{PARITY_FILE}`.
{beside}"""


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


def _about(opened: OpenedModel, form: Format, targets: Sequence[str]) -> tuple[str, str]:
    """Return a title, and how the exported model is used."""
    if form is Format.AVERAGED:
        names = ", ".join(f"`{target}`" for target in targets)
        return "The mean of several models", f"Its weights are the mean of {names}. It opens with plain transformers."
    if form is Format.MERGED:
        return "A model with its adapter merged", "It opens with plain transformers."
    if form.gguf_weights is not None:
        return "A model for llama.cpp", export_gguf.use(opened)
    names = ", ".join(f"`{name}`" for name in input_names(opened))
    title = "A model for ONNX Runtime" + (", its weights rounded to 8 bits" if form is Format.ONNX_INT8 else "")
    return title, _ONNX_USE.format(file=FILE, names=names, longest=opened.max_length)


_ONNX_USE = """`{file}`, with its weights in `{file}.data`, reads {names} (int64, `[batch, length]`) and gives `logits`.
Its labels are in `config.json`.

```python
import onnxruntime
from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")
session = onnxruntime.InferenceSession("{file}")
inputs = tokenizer(["…"], truncation=True, max_length={longest}, padding=True, return_tensors="np")
logits = session.run(["logits"], {{name.name: inputs[name.name] for name in session.get_inputs()}})[0]
```"""
