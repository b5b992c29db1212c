"""The source of a push: a finished run that is as it was when it was measured, or any model's folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.adapters.adapter_folder import CONFIG, QUANTIZATION
from toolkit.adapters.adapter_folder import SETTINGS as ADAPTER_SETTINGS
from toolkit.errors import Fault, HubError, IntegrityError
from toolkit.evaluation.proof.golden import GOLDEN_FILE
from toolkit.files import read_json
from toolkit.hub.push.manifest import Manifest, ManifestFile
from toolkit.names import Method
from toolkit.recipe import Recipe, reread_recipe
from toolkit.recipe.schema import HubSection
from toolkit.run_result import RunResult
from toolkit.training.save import ADAPTER_FOLDER, MODEL_FOLDER
from toolkit.trials.finished import METRICS_FILE, RECIPE_FILE
from toolkit.trials.reproductions import Reproduction, read_reproductions
from toolkit.trials.run_files import FILES_FILE, read_digests
from toolkit.trials.run_folder import TRIAL_FILE
from toolkit.trials.trial import FINISHED

_MERGED_SENT = "the merged model is sent; leave out --merged to send the adapter alone"
_ADAPTER_SENT = "the adapter alone is sent, which opens with its base model; --merged sends the merged model instead"
_HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")


@dataclass(frozen=True)
class SourceRun:
    """The files of a finished run, as they were read.

    Attributes:
        folder: of the run.
        result: content of ``metrics.json``.
        recipe: content of ``recipe.yaml``.
        recipe_yaml: the same as text, to be shown.
        reproductions: what came of carrying it out again.
    """

    folder: Path
    result: RunResult
    recipe: Recipe
    recipe_yaml: str
    reproductions: tuple[Reproduction, ...] = ()


@dataclass(frozen=True)
class Source:
    """A run or a folder to publish.

    Attributes:
        folder: the run, or the model's folder.
        model: the folder of the model or adapter that goes.
        run: content of the run's files; None for a model's folder.
        golden: content of ``golden.json``; None where there is none.
        base: of an adapter, the hub's model and its commit, where that is known.
        remarks: decisions, and checks that could not be made, a line each.
    """

    folder: Path
    model: Path
    run: SourceRun | None = None
    golden: Mapping[str, Any] | None = None
    base: tuple[str, str | None] | None = None
    remarks: tuple[str, ...] = ()

    @property
    def hub(self) -> HubSection:
        """Return the section ``hub`` of the run's recipe, empty where there is none."""
        return HubSection() if self.run is None else self.run.recipe.hub


def find_source(name: str, *, merged: bool = False) -> Source:
    """Find a finished run or a model's folder by its path.

    An adapter goes as it is where everybody can get its base model, from the hub, and else merged into it.

    Args:
        name: the folder.
        merged: of a run with an adapter, send the merged model in any case.

    Raises:
        HubError: there is no such folder, or nothing in it to publish.
        IntegrityError: the run never finished or failed, its files are damaged, or the adapter is for a local model.
    """
    folder = Path(name).expanduser()
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    if folder.name.endswith(".unfinished") or (not folder.exists() and unfinished.is_dir()):
        raise IntegrityError(
            "this run never finished; the command that started it goes on with it, then push", where=name
        )
    if not folder.is_dir():
        raise HubError("there is no such folder; a push takes a run's or a model's", where=name)
    if (folder / RECIPE_FILE).is_file() and not (folder / "config.json").is_file():
        return _run(folder, merged=merged)
    if not any((folder / file).is_file() for file in ("config.json", ADAPTER_SETTINGS)):
        raise HubError("the folder is no run, and has no config.json, so it is no model", where=name)
    return _model(folder)


def refuse_changed(source: Source, manifest: Manifest) -> str | None:
    """Refuse files of a run that are not what they were when the run was done.

    Args:
        source: with the run folder.
        manifest: its files as they were read.

    Returns:
        A remark on what could not be checked, or None.

    Raises:
        IntegrityError: with each file that changed, came, or went.
    """
    digests = read_digests(source.folder)
    if digests is None:
        return f"the run has no {FILES_FILE}, so whether its files changed since then was not checked"
    read = {_within(file, source.folder): file for file in manifest.files if file.origin is not None}
    sent_from = {source.model.name, *(name for name in digests if "/" not in name)}
    faults = [
        Fault("this file changed since the run was measured", where=str(file.origin))
        for path, file in read.items()
        if digests.get(path) != file.sha256
    ]
    faults += [
        Fault("this file of the run is missing", where=str(source.folder / path))
        for path in digests
        if path.partition("/")[0] in sent_from and not (source.folder / path).is_file()
    ]
    if faults:
        raise IntegrityError(
            *faults, Fault("put them back, or fine-tune again with --restart", where=str(source.folder))
        )
    return None


def _within(file: ManifestFile, folder: Path) -> str:
    return "" if file.origin is None else file.origin.relative_to(folder).as_posix()


def _run(folder: Path, *, merged: bool) -> Source:
    _refuse_failed(folder)
    result = RunResult.read(folder / METRICS_FILE)
    if not (folder / MODEL_FOLDER).is_dir():
        if result.way is Method.ZERO_SHOT:
            raise HubError("this run asked a model as it is; there is nothing of its own to publish", where=str(folder))
        raise IntegrityError("the model of this run is missing", where=str(folder / MODEL_FOLDER))
    golden = _json(folder / GOLDEN_FILE) if (folder / GOLDEN_FILE).is_file() else None
    remarks = [] if golden else [f"the run has no {GOLDEN_FILE}, so there are no answers to compare with"]
    model, base = folder / MODEL_FOLDER, None
    adapter = folder / ADAPTER_FOLDER
    if (model / ADAPTER_SETTINGS).is_file():
        adapter, (base, hindrance) = model, _base_of(model, trained=True)
        if merged or hindrance:
            other = f"push what toolkit export {folder} --format merged writes, or " if _in_bits(model) else ""
            reason = f"{other}leave out --merged" if merged else f"{hindrance}; {other}take a base model that is"
            raise IntegrityError(f"this adapter cannot be merged into its base model: {reason}", where=str(folder))
        remarks += ["the adapter is sent, which opens with its base model; it is not merged"]
    elif adapter.is_dir():
        base, hindrance = _base_of(adapter, trained=True)
        model = model if hindrance or merged else adapter
        only_merged = f"the merged model is sent, for the adapter alone cannot be: {hindrance}"
        merged_sent = only_merged if hindrance else _MERGED_SENT
        remarks += [_ADAPTER_SENT if model == adapter else merged_sent]
    recipe = folder / RECIPE_FILE
    return Source(
        folder,
        model,
        run=SourceRun(
            folder,
            result,
            reread_recipe(recipe),
            recipe.read_text(encoding="utf-8"),
            read_reproductions(folder),
        ),
        golden=golden,
        base=base if model == adapter else None,
        remarks=tuple(remarks),
    )


def _model(folder: Path) -> Source:
    """Return a folder that no run made, or one that was downloaded from a repository of ours."""
    remarks = ["this is no run: where the model comes from and how good it is was not checked"]
    golden = _json(folder / GOLDEN_FILE) if (folder / GOLDEN_FILE).is_file() else None
    remarks += [] if golden else [f"there is no {GOLDEN_FILE}, so there are no answers to compare with"]
    if not (folder / ADAPTER_SETTINGS).is_file():
        return Source(folder, folder, golden=golden, remarks=tuple(remarks))
    base, hindrance = _base_of(folder, trained=False)
    if hindrance:
        raise IntegrityError(
            f"{hindrance}; merge it into its model and push that, or write the hub id of its base model into "
            f"base_model_name_or_path of {ADAPTER_SETTINGS}",
            where=str(folder),
        )
    return Source(folder, folder, golden=golden, base=base, remarks=tuple(remarks))


def _refuse_failed(folder: Path) -> None:
    trial = _json(folder / TRIAL_FILE)
    if trial.get("status") not in FINISHED:
        error = trial.get("error") or {}
        how = "diverged" if error.get("code") == 6 else f"ended as {trial.get('status')!r}"
        said = f": {error['message']}" if error.get("message") else ""
        raise IntegrityError(f"this run {how}{said}; fine-tune again with --restart, then push", where=str(folder))


def _base_of(adapter: Path, *, trained: bool) -> tuple[tuple[str, str | None], str | None]:
    """Return an adapter's base model with its commit, and what keeps others from opening the adapter, or None."""
    settings = _json(adapter / ADAPTER_SETTINGS)
    name, _, asked = str(settings.get("base_model_name_or_path") or "").partition("@")
    revision = settings.get("revision") or asked or None
    config = _json(adapter / "config.json") if (adapter / "config.json").is_file() else {}
    if config.get("auto_map"):
        return (name, revision), "its head is the toolkit's own, which an adapter alone does not bring"
    # In a run only what came from the hub has a revision; models/mine could be either.
    local = not _HUB_ID.fullmatch(name) or (revision is None if trained else Path(name).is_dir())
    hindrance = f"its base model {name or '(none)'} is not on the hub" if local else None
    return (name, revision), hindrance


def _in_bits(adapter: Path) -> bool:
    """Return whether an adapter was trained on a quantized model."""
    return (adapter / CONFIG).is_file() and QUANTIZATION in _json(adapter / CONFIG)


def _json(file: Path) -> Mapping[str, Any]:
    try:
        value = read_json(file)
    except (OSError, ValueError) as error:
        raise IntegrityError("this file of the run is missing or damaged; fine-tune again", where=str(file)) from error
    if not isinstance(value, dict):
        raise IntegrityError("this file of the run is damaged; fine-tune again", where=str(file))
    return value
