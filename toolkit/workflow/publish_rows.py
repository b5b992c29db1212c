"""The rows of a run on the hub as a data set: described always, sent where their licence allows, and read back."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import constants

from toolkit.errors import DataError, Fault, HubError, IntegrityError, RecipeError
from toolkit.files import write_text_atomically
from toolkit.hub.card.check import check_card
from toolkit.hub.card.render import card_templates
from toolkit.hub.card.rows import RowsOfRun, render_rows_card
from toolkit.hub.push.collect import language_of_card
from toolkit.hub.push.manifest import CARD, Manifest
from toolkit.hub.push.preflight import check_account, check_name, open_hub
from toolkit.hub.push.remote import Hub
from toolkit.hub.push.secrets import refuse_secrets
from toolkit.hub.push.send import Target, push
from toolkit.hub.rows.files import read_rows_back, row_files, rows_manifest
from toolkit.hub.rows.licence import licence_of_rows
from toolkit.hub.rows.personal import Personal, find_personal
from toolkit.hub.verify.checks import Check
from toolkit.names import Split
from toolkit.progress import say, warn
from toolkit.recipe import load_recipe
from toolkit.tasks import room_of
from toolkit.trials.finished import RECIPE_FILE, read_run
from toolkit.workflow.recorded import refuse_changed, same_rows

CARD_FILE = "dataset-card.md"


@dataclass(frozen=True, kw_only=True)
class PublishedRows:
    """What a push of rows left on the hub.

    Attributes:
        repo_id, commit, url: of the data set.
        files: paths there.
        bytes: of these files together.
        sent: those that were new or changed.
        licence: of the rows; None: it is not known.
        alone: why the card went without the rows; None where they went with it.
        personal: rows that look as if they held personal data.
        checks: what was found when it was read back.
    """

    repo_id: str
    commit: str
    url: str
    files: tuple[str, ...]
    bytes: int
    sent: tuple[str, ...]
    licence: str | None
    alone: str | None
    personal: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Return whether what is there is what was sent."""
        return all(check.passed is not False for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """Return everything, for ``--json``."""
        lists = {name: list(getattr(self, name)) for name in ("files", "sent", "personal")}
        return {**vars(self), **lists, "passed": self.passed, "checks": [vars(check) for check in self.checks]}


@dataclass(frozen=True)
class _Described:
    """Rows with their card and files, and what looks like personal data in them."""

    rows: RowsOfRun
    manifest: Manifest
    personal: list[Personal]


def publish_rows(
    run: str,
    repo_id: str | None,
    *,
    licence: str | None = None,
    public: bool | None = None,
    revision: str = "main",
    tag: str | None = None,
    rebase: bool = False,
    language: str | None = None,
    endpoint: str | None = None,
) -> PublishedRows:
    """Publish the rows that a run has used, in their splits, with a card; the card alone where they have to stay.

    Args:
        run: its folder.
        repo_id: of the data set, ``owner/name``.
        licence: of the rows, by its id on the hub; None: that of their sources, where it is known.
        public: make the data set public.
        revision, tag, rebase: as of `toolkit.workflow.publish.publish`.
        language: of the card's own words; None keeps that of the run's card.
        endpoint: of the hub.

    Raises:
        RecipeError: no data set is named, or the licence is none.
        DataError: the rows are not those of the run any more; or some that would become public look personal.
        HubError: no token, no right to write, or a hub that refuses or fails.
        IntegrityError: the run is damaged, or the card is not sound.
    """
    if repo_id is None:
        raise RecipeError("no data set is named; write it behind the run as owner/name")
    check_name(repo_id)
    hub = open_hub(endpoint, kind="dataset")
    name = check_account(hub, repo_id)
    with tempfile.TemporaryDirectory(prefix="rows-") as folder:
        found = _described(Path(run).expanduser(), name, licence, into=Path(folder), language=language, hub=hub)
        if public and found.rows.alone is None and found.personal:
            fix = (
                "nothing was sent; take them out and fine-tune again, or push privately, look, and open it on its page"
            )
            raise DataError(*(Fault(str(each), run) for each in found.personal), Fault(fix, run))
        refuse_secrets(found.manifest, token=hub.token)
        target = Target(name, private=not public, revision=revision, tag=tag, rebase=rebase)
        pushed = push(hub, found.manifest, target, name=name.rpartition("/")[2])
        checks = [Check("files", True, f"{len(found.manifest.files)}, with the content that was sent")]
        if found.rows.alone is None:
            say(f"commit {pushed.commit} is there; reading it with datasets, in an empty folder")
            checks += read_rows_back(name, pushed.commit, found.rows.splits, endpoint=hub.endpoint, token=hub.token)
    return PublishedRows(
        repo_id=name,
        commit=pushed.commit,
        url=f"{hub.endpoint}/datasets/{name}/commit/{pushed.commit}",
        files=found.manifest.paths,
        bytes=found.manifest.size,
        sent=pushed.sent,
        licence=found.rows.licence,
        alone=found.rows.alone,
        personal=tuple(map(str, found.personal)),
        checks=tuple(checks),
    )


def write_rows_card(
    run: str,
    repo_id: str | None,
    *,
    licence: str | None = None,
    language: str | None = None,
    endpoint: str | None = None,
) -> Path:
    """Write the card of a run's rows into the run, as it would be pushed, and send nothing.

    Args:
        run, repo_id, licence, language, endpoint: as of `publish_rows`.

    Returns:
        The file.
    """
    folder = Path(run).expanduser()
    hub = None if constants.HF_HUB_OFFLINE else open_hub(endpoint, kind="dataset")
    with tempfile.TemporaryDirectory(prefix="rows-") as work:
        name = repo_id or f"you/{folder.name}"
        found = _described(folder, name, licence, into=Path(work), language=language, hub=hub)
    card = found.manifest.content(CARD) or b""
    write_text_atomically(folder / CARD_FILE, card.decode())
    return folder / CARD_FILE


def _described(
    folder: Path, repo_id: str, licence: str | None, *, into: Path, language: str | None, hub: Hub | None
) -> _Described:
    """Read the rows of a run again, and describe them; nothing is sent."""
    if not folder.is_dir():
        raise HubError("there is no such run folder", where=str(folder))
    refuse_changed(folder)
    result, recipe = read_run(folder).result, load_recipe(folder / RECIPE_FILE)
    allowed = licence_of_rows(result, licence, ask=lambda name: None if hub is None else _licence_there(hub, name))
    data, room = same_rows(recipe, result), room_of(recipe.task)
    splits = {Split.TRAIN: data.train, Split.VALIDATION: data.validation, Split.TEST: data.test}
    rows = {split: room.published(each, data) for split, each in splits.items() if each is not None}
    personal = find_personal(rows)
    for each in personal:
        warn(str(each))
    files = () if allowed.hindrance else row_files(rows, into)
    of_run = RowsOfRun(
        result=result,
        recipe=recipe,
        splits=rows,
        licence=allowed.id,
        alone=allowed.hindrance,
        files={file.path: file.sha256 for file in files},
        personal=[str(each) for each in personal],
    )
    if allowed.hindrance:
        warn(f"the card goes alone, without the rows: {allowed.hindrance}")
    card = render_rows_card(of_run, card_templates(), repo_id=repo_id, language=language or language_of_card(folder))
    if faults := check_card(card):
        raise IntegrityError(*faults)
    return _Described(of_run, rows_manifest(files, card), personal)


def _licence_there(hub: Hub, name: str) -> str | None:
    try:
        return hub.licence_of(name)
    except HubError as error:
        warn(f"the licence of {name} could not be looked up: {error}")
        return None
