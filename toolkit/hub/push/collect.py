"""All files of a push: the model's, the run's, and those that are made for the repository."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from toolkit.adapters.adapter_folder import SETTINGS as ADAPTER_SETTINGS
from toolkit.hub.card.names import public_recipe
from toolkit.hub.card.public_metrics import public_metrics
from toolkit.hub.card.render import render_card
from toolkit.hub.push.manifest import CARD, RUN_FILES, Manifest, made_file, model_manifest, read_file
from toolkit.hub.push.source import Source, SourceRun, refuse_changed
from toolkit.run_result import content_of
from toolkit.trials.finished import METRICS_FILE, RECIPE_FILE


def collect(source: Source, *, repo_id: str, language: str) -> tuple[Manifest, tuple[str, ...]]:
    """Return all files, with the card rendered for this repository, and remarks on them.

    Args:
        source: a run, or a model's folder, whose card is its own README.md.
        repo_id: what the card's snippets name.
        language: of the card's own words, ``en`` or ``ko``.

    Raises:
        IntegrityError: files are missing, damaged, or not what they were when the run was done.
    """
    manifest = model_manifest(source.model, within=source.folder)
    beside = [*RUN_FILES, *(() if source.run else (CARD,))]
    there = [file for file in beside if (source.folder / file).is_file()]
    manifest = manifest.having(*(read_file(source.folder / file, name=file, within=source.folder) for file in there))
    unchecked = refuse_changed(source, manifest) if source.run else None
    remarks = [*source.remarks, *([unchecked] if unchecked else [])]
    manifest = _for_everybody(source, manifest)
    if source.run is not None:
        card = card_of(source.run, manifest, repo_id=repo_id, language=language)
        manifest = manifest.having(made_file(CARD, card.encode()))
        remarks += _about_own_card(source.folder, source.run, manifest, repo_id=repo_id)
    left_out = sorted(set(manifest.left_out).difference(manifest.paths))
    remarks += [f"not sent, for it is no part of the model: {', '.join(left_out)}"] if left_out else []
    return manifest, tuple(remarks)


def _for_everybody(source: Source, manifest: Manifest) -> Manifest:
    """Replace what only this machine understands: paths of folders, and the name of an adapter's base model."""
    made: dict[str, str] = {}
    if source.run is not None:
        public = _json(public_metrics(source.run.result).to_json())
        made |= {RECIPE_FILE: public_recipe(source.run.recipe_yaml), METRICS_FILE: public}
    settings = manifest.json(ADAPTER_SETTINGS)
    if settings is not None and source.base is not None:
        name, revision = source.base
        made[ADAPTER_SETTINGS] = _json({**settings, "base_model_name_or_path": name, "revision": revision})
    origins = {file.path: file.origin for file in manifest.files}
    return manifest.having(*(made_file(path, text.encode(), origin=origins[path]) for path, text in made.items()))


def _about_own_card(folder: Path, run: SourceRun, manifest: Manifest, *, repo_id: str) -> list[str]:
    """Return a remark where the run's card is none that the toolkit would write, for it is not sent."""
    own = folder / CARD
    if not own.is_file():
        return []
    written = own.read_text(encoding="utf-8", errors="replace")
    whole = replace(manifest, files=tuple(file for file in manifest.files if file.path != ADAPTER_SETTINGS))
    for language, name, sent in itertools.product(("en", "ko"), (repo_id, None), (manifest, whole)):
        if written == card_of(run, sent, repo_id=name, language=language):
            return []
    return [
        f"the run's {CARD} was written by hand or by another version; the card that is sent is made from its figures"
    ]


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def card_of(run: SourceRun, manifest: Manifest, *, repo_id: str | None, language: str) -> str:
    """Render the card of a run as Markdown.

    Raises:
        IntegrityError: the run's ``metrics.json`` is damaged.
    """
    with content_of(run.folder / METRICS_FILE):
        return render_card(
            run.result,
            run.recipe,
            recipe_yaml=run.recipe_yaml,
            model_config=manifest.json("config.json"),
            repo_id=repo_id,
            language=language,
            adapter=manifest.is_adapter,
            reproductions=run.reproductions,
        )
