from __future__ import annotations

from pathlib import Path

from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.choose.measure.notebook import FILE, Notebook

MADE = Measurement(
    candidate="packaged:minilm",
    stage=Stage.FEATURES,
    method="features",
    recipe={"features": {"layers": [3]}},
    answers=[0, 1],
    value=0.5,
    interval=(0.0, 1.0),
    details={"Größe": "크다"},
)


def _never() -> Measurement:
    raise AssertionError("measured again")


def test_a_measurement_is_made_once(tmp_path: Path) -> None:
    made = Notebook(tmp_path, data="d").once(Stage.FEATURES, model="m", settings={"a": 1}, measure=lambda: MADE)
    again = Notebook(tmp_path, data="d").once(Stage.FEATURES, model="m", settings={"a": 1}, measure=_never)
    assert made == again == MADE


def test_other_rows_models_stages_and_settings_are_other_measurements(tmp_path: Path) -> None:
    calls: list[int] = []

    def measure() -> Measurement:
        calls.append(1)
        return MADE

    for data, stage, model, settings in [
        ("d", Stage.FEATURES, "m", {"a": 1}),
        ("e", Stage.FEATURES, "m", {"a": 1}),
        ("d", Stage.RUN, "m", {"a": 1}),
        ("d", Stage.FEATURES, "n", {"a": 1}),
        ("d", Stage.FEATURES, "m", {"a": 2}),
    ]:
        Notebook(tmp_path, data=data).once(stage, model=model, settings=settings, measure=measure)
    assert len(calls) == 5


def test_what_was_not_measured_is_tried_again(tmp_path: Path) -> None:
    skipped = Measurement(candidate="m", stage=Stage.RUN, status=Status.SKIPPED, reason="no time")
    notebook = Notebook(tmp_path, data="d")
    notebook.once(Stage.RUN, model="m", settings={}, measure=lambda: skipped)
    assert Notebook(tmp_path, data="d").once(Stage.RUN, model="m", settings={}, measure=lambda: MADE) == MADE


def test_one_that_is_not_enough_is_made_again(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path, data="d")
    notebook.once(Stage.FEATURES, model="m", settings={}, measure=lambda: MADE)
    better = Measurement(candidate="m", stage=Stage.FEATURES, value=1.0)
    found = notebook.once(
        Stage.FEATURES, model="m", settings={}, measure=lambda: better, enough=lambda made: (made.value or 0) > 0.9
    )
    assert found == better


def test_a_torn_or_foreign_line_is_left_out(tmp_path: Path) -> None:
    Notebook(tmp_path, data="d").once(Stage.FEATURES, model="m", settings={}, measure=lambda: MADE)
    path = tmp_path / FILE
    path.write_text(path.read_text(encoding="utf-8") + '{"key": "torn\n[1, 2]\n', encoding="utf-8")
    assert Notebook(tmp_path, data="d").once(Stage.FEATURES, model="m", settings={}, measure=_never) == MADE
