"""The order in which candidates deserve to be trained, counted by hand."""

from __future__ import annotations

from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.choose.search.promise import by_promise, mean_ranks


def _made(name: str, *, layers: list[tuple[float | None, float | None]], loss: float | None) -> Measurement:
    scores = {str(layer): {"log_me": log_me, "knn": knn} for layer, (log_me, knn) in enumerate(layers)}
    return Measurement(
        candidate=name, stage=Stage.FEATURES, value=0.5, details={"scores": scores, "held_out_loss": loss}
    )


def test_the_mean_of_three_places_decides() -> None:
    first = _made("first", layers=[(-0.9, 0.2), (-0.5, 0.9)], loss=0.4)  # 1st, 1st, 2nd
    second = _made("second", layers=[(-0.7, 0.3), (-0.8, 0.8)], loss=0.3)  # 3rd, 2nd, 1st
    third = _made("third", layers=[(-0.6, 0.6)], loss=0.5)  # 2nd, 3rd, 3rd
    assert mean_ranks([third, first, second]) == [8 / 3, 4 / 3, 2.0]
    assert [made.candidate for made in by_promise([third, first, second])] == ["first", "second", "third"]


def test_equals_share_their_places_and_what_is_not_known_comes_last() -> None:
    one, same = (_made(name, layers=[(-0.5, 0.9)], loss=0.4) for name in ("one", "same"))
    unknown = _made("unknown", layers=[(None, None)], loss=None)
    assert mean_ranks([one, unknown, same]) == [1.5, 3.0, 1.5]
    assert [made.candidate for made in by_promise([unknown, one, same])] == ["one", "same", "unknown"]
    assert by_promise([]) == []
