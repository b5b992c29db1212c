"""Card and demo of a run, written beside it and sent nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toolkit.errors import HubError, RecipeError
from toolkit.files import write_text_atomically
from toolkit.hub.push.collect import card_of, language_of_card
from toolkit.hub.push.manifest import CARD, Manifest, made_file, model_manifest
from toolkit.hub.push.preflight import check_files, check_name
from toolkit.hub.push.source import Source, SourceRun, find_source
from toolkit.hub.push.space import write_space


def write_card(run: str, repo_id: str | None = None, *, language: str | None = None) -> Path:
    """Write the card of a run as it would be pushed, and send nothing.

    Args:
        run: its folder.
        repo_id: what its snippets shall name; None takes the recipe's, or else the folder.
        language: of its own words, ``en`` or ``ko``; None keeps that of the card that is there.

    Returns:
        The file.

    Raises:
        IntegrityError: the run is not finished, or the card not sound.
    """
    source = find_source(run)
    of_run = _run_of(source)
    repo_id = repo_id or source.hub.repo_id
    if repo_id is not None:
        check_name(repo_id)
    manifest = model_manifest(source.model, within=source.folder)
    card = card_of(of_run, manifest, repo_id=repo_id, language=language or language_of_card(source.folder))
    check_files(Manifest((made_file(CARD, card.encode()),)), public=False)
    write_text_atomically(source.folder / CARD, card)
    return source.folder / CARD


def write_demo(run: str, repo_id: str | None = None, *, commit: str | None = None) -> Path:
    """Write the folder of a Gradio Space that answers with the published model.

    Args:
        run: its folder; the demo goes into its folder ``space``.
        repo_id: where the model is published, as a whole; None takes the recipe's.
        commit: which one the demo opens; None: the newest.

    Returns:
        The folder.

    Raises:
        RecipeError: no repository is named, or the run has no model of its own.
    """
    source = find_source(run, merged=True)
    of_run, published = _run_of(source), _repository(source, repo_id)
    golden: Any = source.golden or {}
    return write_space(
        source.folder,
        repo_id=published,
        result=of_run.result,
        recipe=of_run.recipe,
        model_config=model_manifest(source.model, within=source.folder).json("config.json"),
        revision=commit,
        examples=golden.get("rows", ()),
    )


def check_demo(run: str, repo_id: str | None = None, *, merged: bool) -> None:
    """Refuse, before anything is sent, a demo that could not be written; the arguments are those of `publish`."""
    source = find_source(run, merged=merged)
    _run_of(source)
    _repository(source, repo_id)


def _repository(source: Source, repo_id: str | None) -> str:
    name = repo_id or source.hub.repo_id
    if name is None:
        raise RecipeError("a demo opens a model from its repository; write owner/name behind the run")
    if source.base is not None:
        raise RecipeError("a demo opens a whole model, and this run has an adapter; add --merged", where="--space")
    return name


def _run_of(source: Source) -> SourceRun:
    if source.run is None:
        raise HubError("only a run has what this is made of", where=str(source.folder))
    return source.run
