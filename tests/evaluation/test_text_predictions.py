"""Generated texts as rows and files, read back by other readers."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from toolkit.errors import RecipeError
from toolkit.evaluation.inference.rows import OUTPUT_SUFFIXES
from toolkit.evaluation.inference.text_predictions import TextPredictions

SOURCES = ["NA", "", 'say "hi", twice', "two\nlines", "old\rMac", " 한국어 "]
WRITTEN = ["007", "None", "", "=1+1", "a\r", "안녕\u200d"]


def predictions_of(*, complete: bool = True, ids: list[int | str] | None = None) -> TextPredictions:
    return TextPredictions(
        ids=ids or list(range(6)),
        texts=SOURCES,
        references=WRITTEN[::-1] if complete else None,
        predictions=WRITTEN,
        probabilities=np.exp(-np.arange(6.0) * 100) if complete else None,
    )


def read_back(path: Path) -> dict[str, list[object]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pydict()
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    else:
        rows = [json.loads(line) for line in path.read_bytes().decode("utf-8").split("\n")[:-1]]
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.mark.parametrize("suffix", OUTPUT_SUFFIXES)
@pytest.mark.parametrize("complete", [True, False])
def test_files_hold_the_columns_in_order_and_the_same_text(tmp_path: Path, suffix: str, complete: bool):
    predictions = predictions_of(complete=complete)
    predictions.write(tmp_path / f"out{suffix}", raw=True)
    found = read_back(tmp_path / f"out{suffix}")
    optional = ["reference"] if complete else []
    assert list(found) == ["id", "text", *optional, "prediction", *(["probability"] if complete else [])]
    assert found["text"] == SOURCES
    assert found["prediction"] == WRITTEN
    if complete:
        assert found["reference"] == WRITTEN[::-1]
        assert [float(value) for value in found["probability"]] == predictions.probabilities.tolist()


def test_rows_and_parquet_types(tmp_path: Path):
    predictions = predictions_of(ids=["a", 1, 2, 3, 4, 5])
    assert predictions.rows()[0] == {"id": "a", "text": "NA", "reference": WRITTEN[-1], "prediction": "007",
                                     "probability": 1.0}  # fmt: skip
    predictions.write(tmp_path / "out.parquet")
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert schema.field("id").type == schema.field("reference").type == pa.string()
    assert schema.field("probability").type == pa.float64()
    with pytest.raises(RecipeError, match="cannot be written"):
        predictions.write(tmp_path / "out.txt")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"texts": ["a"]}, "1 texts for 6 ids"),
        ({"predictions": []}, "0 predictions for 6 ids"),
        ({"probabilities": np.full(6, np.nan)}, "not finite"),
    ],
)
def test_refuses_what_does_not_fit(changes: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        TextPredictions(**{**vars(predictions_of()), **changes})
