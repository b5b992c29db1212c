"""What a pretrained model makes of texts, as a table of numbers for other tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.adapters import in_use, locate_model, open_body
from toolkit.adapters.features import feature_cache, pooled_features
from toolkit.data import prepare_rows
from toolkit.data.feature_table import Vectors
from toolkit.errors import RecipeError, explain
from toolkit.evaluation.inference.device import inference_device
from toolkit.files import replacing
from toolkit.trials.subject import columns_to_read, find_subject
from toolkit.workflow.apply import check_data, check_output
from toolkit.workflow.little_memory import memory_told, shorter_texts

SUFFIX = ".parquet"

_BLOCK_ROWS = 4_096


@dataclass(frozen=True, eq=False)
class Extracted:
    """Features of rows.

    Attributes:
        ids: the rows' own ids, or their numbers in the source file, from 0. ``[rows]``
        features: in the order of the rows, the layers end to end. ``[rows, dim * layers]``
    """

    ids: list[int] | list[str]
    features: Vectors


@memory_told(shorter_texts)
def extract(
    model: str,
    data: Sequence[str],
    *,
    output: Path | None,
    pooling: str = "mean",
    layers: Sequence[int] = (-1,),
    text_column: str | None = None,
    text_pair_column: str | None = None,
    encoding: str | None = None,
    max_length: int | None = None,
    bf16: bool = False,
    use_cache: bool = True,
) -> Extracted:
    """Return features of texts, also as a Parquet file: columns ``id`` and ``features`` (a list of float32).

    Args:
        model: a model's name, or a run folder.
        data: files or other sources.
        output: the file; its folder exists. None: the features are only returned.
        pooling: how the vectors of a text's tokens become one.
        layers: 0 is the embeddings, -1 the last layer; several are joined end to end.
        text_column: where the data has another name than the run's recipe, or than ``text``.
        text_pair_column: the column of the second text, where rows are pairs.
        encoding: of text files; None finds it.
        max_length: tokens beyond which a text is cut; None takes what the model was made for.
        bf16: whether the model computes in bfloat16.
        use_cache: whether features are read from the cache and kept there.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    if output is not None and output.suffix.lower() != SUFFIX:
        found = f"features cannot be written as {output.suffix!r}" if output.suffix else "the file has no suffix"
        raise RecipeError(explain(found, allowed=[SUFFIX]), where=str(output))
    check_output(output, inputs=data)
    subject = find_subject(model)
    if subject.task is None:
        check_data(data, {"text": text_column or "text", "text_pair": text_pair_column}, encoding=encoding)
    located = locate_model(subject.model)
    columns = columns_to_read(subject, located, text=text_column, text_pair=text_pair_column)
    texts = {name: column for name, column in columns.items() if name in ("text", "text_pair")}
    rows = prepare_rows(list(data), columns=texts, encoding=encoding)
    body = open_body(located, max_length=max_length)
    cache = feature_cache(body, located.folder, pooling=pooling, bf16=bf16) if use_cache else None
    with in_use(located):
        features = pooled_features(
            body, rows, pooling=pooling, layers=layers, cache=cache, device=inference_device(), bf16=bf16
        )
    extracted = Extracted(list(rows["id"]), features)
    if output is not None:
        _write(extracted, output)
    return extracted


def _write(extracted: Extracted, path: Path) -> None:
    ids = pa.array(extracted.ids)
    schema = pa.schema([("id", ids.type), ("features", pa.list_(pa.float32()))])
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for start in range(0, len(ids), _BLOCK_ROWS):
            block = extracted.features[start : start + _BLOCK_ROWS]
            ends = pa.array(np.arange(len(block) + 1, dtype=np.int32) * np.int32(block.shape[1]))
            vectors = pa.ListArray.from_arrays(ends, pa.array(block.reshape(-1)))
            writer.write_table(pa.table([ids[start : start + _BLOCK_ROWS], vectors], schema=schema))
