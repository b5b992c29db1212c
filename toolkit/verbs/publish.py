"""`toolkit.push`, `toolkit.verify` and `toolkit.export`: a model for others, and the proof that it works."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import Fault, IntegrityError
from toolkit.verbs.given import one_of
from toolkit.verbs.named import Named, name_of
from toolkit.verbs.work import working
from toolkit.workflow.publish_options import refuse_options_of_the_other

if TYPE_CHECKING:
    from toolkit.hub.verify.checks import Check
    from toolkit.hub.verify.verdict import Verified
    from toolkit.workflow.export import Exported
    from toolkit.workflow.publish import Published
    from toolkit.workflow.publish_rows import PublishedRows


@working()
def push(
    run: Named,
    repo_id: str | None = None,
    *,
    public: bool | None = None,
    create_pr: bool = False,
    revision: str = "main",
    tag: str | None = None,
    merged: bool = False,
    rebase: bool = False,
    language: str | None = None,
    endpoint: str | None = None,
    trust_remote_code: bool = False,
    dataset: bool = False,
    data_license: str | None = None,
) -> Published | PublishedRows:
    """Publish a run as one commit: private unless `public`, the model's files alone, verified from a fresh process.

    Args:
        run: a run, its folder, or a model's folder.
        repo_id: ``owner/name``; None takes the recipe's.
        public: who sees a repository that is made for it; None takes the recipe's.
        create_pr: propose it as a pull request.
        revision: the branch.
        tag: a name for the commit.
        merged: send the merged model instead of the adapter.
        rebase: go on top of somebody else's commit, and over files of the same names.
        language: of the card's own words, ``en`` or ``ko``; None keeps that of the run's card.
        endpoint: address of another hub; None takes ``HF_ENDPOINT``, or the public one.
        trust_remote_code: run the folder's own code to verify it; read that code first.
        dataset: publish the rows instead, as a data set, where their licence allows; else the data set's card alone.
        data_license: of the rows, by its id on the hub; None: that of their sources, where it is known.

    Raises:
        ToolkitError: of the kind that says what went wrong; also where it was published and a check failed.
    """
    refuse_options_of_the_other(
        dataset=dataset,
        of_models={"create_pr": create_pr, "merged": merged, "trust_remote_code": trust_remote_code},
        of_rows={"data_license": data_license},
        rows_by="dataset=True",
    )
    if dataset:
        from toolkit.workflow.publish_rows import publish_rows

        rows = publish_rows(
            name_of(run),
            repo_id,
            licence=data_license,
            public=public,
            revision=revision,
            tag=tag,
            rebase=rebase,
            language=language,
            endpoint=endpoint,
        )
        _refuse_failed(rows.checks, where=f"{rows.repo_id}@{rows.commit[:12]}")
        return rows
    from toolkit.workflow.publish import publish

    published = publish(
        name_of(run),
        repo_id,
        public=public,
        create_pr=create_pr,
        revision=revision,
        tag=tag,
        merged=merged,
        rebase=rebase,
        language=language,
        endpoint=endpoint,
        trust_code=trust_remote_code,
    )
    _refuse_failed(published.verified.checks, where=f"{published.repo_id}@{published.commit[:12]}")
    return published


def _refuse_failed(checks: Sequence[Check], *, where: str) -> None:
    failed = [check for check in checks if check.passed is False]
    if failed:
        raise IntegrityError(
            *(Fault(f"it was published, but {check.name} failed: {check.detail}", where) for check in failed)
        )


@working()
def verify(
    target: Named, *, revision: str | None = None, endpoint: str | None = None, trust_remote_code: bool = False
) -> Verified:
    """Open a model as anyone would, in a fresh process without the toolkit, and compare its answers.

    Args:
        target: a repository (``owner/name``), a run, or a model's folder.
        revision: a branch, tag or commit of the repository.
        endpoint: of the hub; None takes ``HF_ENDPOINT``, or the public one.
        trust_remote_code: let code of the model run that is not the toolkit's own; read it first.

    Returns:
        The checks; ``passed`` says whether all of them held.

    Raises:
        ToolkitError: nothing could be checked.
    """
    from toolkit.workflow.verify import verify as carry_out

    return carry_out(name_of(target), revision=revision, endpoint=endpoint, trust_code=trust_remote_code)


@working()
def export(run: Named, *others: Named, format: str, output_dir: str | PathLike[str]) -> Exported:
    """Write a run's model in another form, let out only if it answers as the run's golden rows say.

    Args:
        run: a run, its folder, or a model's folder.
        others: further ones, to average.
        format: ``merged``, the adapter in its base model; ``averaged``, the mean of several models; ``onnx`` or
            ``onnx-int8``, for ONNX Runtime; ``gguf-f32``, ``gguf-f16`` or ``gguf-q8_0``, for llama.cpp.
        output_dir: a folder that is not there yet, or empty.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    from toolkit.workflow.export import export as carry_out
    from toolkit.workflow.export_formats import Format

    return carry_out(
        *map(name_of, (run, *others)), form=one_of(Format, format, where="format"), output_dir=Path(output_dir)
    )
