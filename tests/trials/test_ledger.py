"""The ledger: whole lines from many processes, torn lines skipped, records that come back as they went in."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.cli.main import run as command
from toolkit.errors import RecipeError, ResourceError
from toolkit.trials import ledger
from toolkit.trials.kin import changes
from toolkit.trials.ledger import append_lesson, append_trial, find_trial, read_trials, settle_ledger, trial_rows
from toolkit.trials.running import under_way
from toolkit.trials.trial import STATUSES, Trial, environment, new_trial

TEXT = st.text(max_size=12)
METRIC = st.fixed_dictionaries(
    {"value": st.none() | st.floats(-1e6, 1e6), "ci95": st.none() | st.lists(st.floats(-1, 1))}
)


def trial_of(recipe: str = "movie-sentiment", **changes: object) -> Trial:
    facts = {
        "schema": 1, "id": os.urandom(6).hex(), "time": "2026-11-21T05:47:40+00:00", "status": "done", "recipe": recipe,
        "recipe_digest": "ab" * 32, "data_digest": "cd" * 32, "task": "text-classification", "family": "encoder",
        "model": "packaged:minilm", "method": "full", "seed": 0, "output_dir": "runs/x", "environment": {},
        "metrics": {"accuracy": {"value": 0.8234, "ci95": [0.8, 0.85]}}, "cost": {"train_seconds": 201.7},
    }  # fmt: skip
    return Trial(**{**facts, **changes})


def append_many(path: str, recipe: str, times: int) -> None:
    for _ in range(times):
        append_trial(path, trial_of(recipe, note="x" * 5000))


def test_two_processes_leave_whole_lines_and_an_unbroken_line_of_parents(tmp_path: Path):
    path = tmp_path / "runs" / "trials.jsonl"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=append_many, args=(str(path), name, 100)) for name in ("a", "b")]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    assert [process.exitcode for process in processes] == [0, 0]
    trials, warnings = read_trials(path)
    assert (len(trials), len({trial.id for trial in trials}), warnings) == (200, 200, [])
    for name in ("a", "b"):
        ids = [trial.id for trial in trials if trial.recipe == name]
        assert [trial.parent for trial in trials if trial.recipe == name] == [None, *ids[:-1]]


@settings(max_examples=50)
@given(
    data=st.fixed_dictionaries(
        {
            "recipe": TEXT,
            "status": st.sampled_from(STATUSES),
            "data_digest": st.none() | TEXT,
            "seed": st.integers(),
            "output_dir": st.text(st.characters(), max_size=12),
            "metrics": st.none() | st.dictionaries(TEXT, METRIC),
            "error": st.none() | st.fixed_dictionaries({"code": st.integers(0, 255), "message": TEXT}),
            "note": st.none() | st.text(st.characters()),
        }
    )
)
def test_records_come_back_as_they_went_in(tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]):
    path = tmp_path_factory.mktemp("ledger") / "trials.jsonl"
    trial = trial_of(**data)
    append_trial(path, trial)
    assert read_trials(path) == ([trial], [])
    assert path.read_bytes().count(b"\n") == 1


def test_a_torn_last_line_damages_only_itself(tmp_path: Path):
    path = tmp_path / "trials.jsonl"
    append_trial(path, trial_of(id="1" * 12))
    append_trial(path, trial_of(id="2" * 12))
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert read_trials(path)[1] == [f"{path}: skipped what is not a whole trial (1), on line 2"]
    added = append_trial(path, trial_of(id="3" * 12))
    trials, warnings = read_trials(path)
    assert [trial.id for trial in trials] == ["1" * 12, "3" * 12]
    assert added.parent == "1" * 12
    assert warnings == []
    first, second, _ = whole.split(b"\n")
    assert path.read_bytes().startswith(first + b"\n{")
    assert path.with_name("trials.jsonl.torn").read_bytes() == second[:-39] + b"\n"


@pytest.mark.parametrize("cut", [1, 2, 300])
def test_a_line_without_its_end_is_never_joined_with_the_next(tmp_path: Path, cut: int):
    path = tmp_path / "trials.jsonl"
    append_trial(path, trial_of())
    path.write_bytes(path.read_bytes()[:-cut])
    append_trial(path, trial_of(id="3" * 12))
    trials, warnings = read_trials(path)
    assert trials[-1].id == "3" * 12
    assert warnings == []
    assert len(trials) == (2 if cut == 1 else 1)  # with only its line end cut off, a record is still whole
    assert path.with_name("trials.jsonl.torn").exists() == (cut > 1)


def test_what_is_no_trial_is_skipped_and_named(tmp_path: Path):
    path = tmp_path / "trials.jsonl"
    good = json.dumps(asdict(trial_of(id="f" * 12)))
    others = [
        b"null", b"[" * 100_000, b"\xff\xfe", b"{}", b"",
        json.dumps({**asdict(trial_of()), "schema": 2}).encode(),
        json.dumps({**asdict(trial_of()), "status": "gone"}).encode(),
        json.dumps({**asdict(trial_of()), "id": 3}).encode(),
        json.dumps({**asdict(trial_of()), "extra": 1}).encode(),
    ]  # fmt: skip
    path.write_bytes(b"\r\n".join([good.encode(), *others, good.encode()]) + b"\r\n")
    trials, warnings = read_trials(path)
    assert [trial.id for trial in trials] == ["f" * 12, "f" * 12]
    assert warnings == [f"{path}: skipped what is not a whole trial (8), on line 2, 3, 4, 5, 7, 8, 9, 10"]


def test_no_ledger_is_no_error_and_a_folder_is_one(tmp_path: Path):
    assert read_trials(tmp_path / "missing.jsonl") == ([], [])
    with pytest.raises(ResourceError, match="cannot be read"):
        read_trials(tmp_path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ResourceError, match="cannot be written"):
        append_trial(tmp_path / "file" / "trials.jsonl", trial_of())


def test_a_lock_that_is_not_given_back_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger, "_LOCK_SECONDS", 0.1)
    path = tmp_path / "trials.jsonl"
    with FileLock(f"{path}.lock"), pytest.raises(ResourceError, match="held the ledger's lock"):
        append_trial(path, trial_of())
    assert not path.exists()


def test_a_trial_is_flushed_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, seen = tmp_path / "trials.jsonl", []
    flush = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (seen.append(path.stat().st_size), flush(file))[1])
    append_trial(path, trial_of())
    assert seen[0] == path.stat().st_size > 0


def test_a_new_trial_knows_when_and_where():
    facts = {
        name: value for name, value in asdict(trial_of()).items() if name not in ("schema", "id", "time", "environment")
    }
    first, second = new_trial(**facts), new_trial(**facts)
    assert first.id != second.id
    assert len(first.id) == 12
    assert first.time.endswith("+00:00")
    assert first.environment == environment().to_json()
    with pytest.raises(ValueError, match="did you mean 'failed'"):
        new_trial(**{**facts, "status": "fail"})


def test_environment_names_versions_and_no_machine():
    import socket

    import torch

    found = environment().to_json()
    assert found["packages"]["torch"] == torch.__version__
    assert found["threads"] == torch.get_num_threads()
    json.dumps(found, allow_nan=False)
    assert socket.gethostname() not in json.dumps(found)
    assert str(Path.home()) not in json.dumps(found)


def test_find_by_id_and_by_its_beginning():
    trials = [trial_of(id="abc111111111"), trial_of(id="abd222222222")]
    assert find_trial(trials, "abd222222222") is trials[1]
    assert find_trial(trials, "abc") is trials[0]
    with pytest.raises(RecipeError, match="2 trials begin with 'ab'; allowed: abc111111111, abd222222222"):
        find_trial(trials, "ab")
    with pytest.raises(RecipeError, match="no trial 'abd222222223'; did you mean 'abd222222222'"):
        find_trial(trials, "abd222222223")
    with pytest.raises(RecipeError, match="ledger is empty"):
        find_trial([], "ab")


def test_rows_of_the_table():
    failed = trial_of(status="failed", metrics=None, cost={"seconds": 2.4}, error={"code": 6, "message": "loss is NaN"})
    undefined = replace(trial_of(), metrics={"matthews_correlation": {"value": None}}, cost={})
    undefined = replace(undefined, note="longer", lessons=("it was", "not worth it"))
    header, *rows = trial_rows([trial_of(id="a" * 12), failed, undefined])
    assert all(len(row) == len(header) for row in rows)
    assert rows[0] == [
        "a" * 12, "2026-11-21 05:47", "done", "movie-sentiment", "packaged:minilm", "full", "0",
        "accuracy 0.823", "202", "", "",
    ]  # fmt: skip
    assert [rows[1][2], *rows[1][-4:]] == ["failed (6)", "", "2", "", ""]
    assert rows[2][-4:] == ["matthews_correlation undefined", "", "longer", "it was; not worth it"]


@pytest.mark.parametrize(
    "damage",
    [
        {"time": 1.5},
        {"model": ["x"]},
        {"cost": {"train_seconds": "long"}},
        {"metrics": {"accuracy": 0.5}},
        {"error": {"message": "no code"}},
        {"learnt_from": {"rows": 3}},
        {"environment": {"threads": float("inf")}},
    ],
)
def test_a_line_whose_values_cannot_be_shown_is_no_trial(damage: dict[str, object], tmp_path: Path):
    path = tmp_path / "trials.jsonl"
    whole = append_trial(path, trial_of())
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**trial_of().to_json(), **damage}) + "\n")
    trials, warnings = read_trials(path)
    assert trials == [whole]
    assert warnings == [f"{path}: skipped what is not a whole trial (1), on line 2"]
    assert len(trial_rows(trials)) == 2


def test_what_never_was_a_trial_is_left_where_it_is(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_bytes(b"my own notes\n{not json}\n\xff\xfe\nand no end of the line")
    append_trial(path, trial_of())
    assert path.read_bytes().startswith(b"my own notes\n{not json}\n\xff\xfe\nand no end of the line\n{")
    assert not path.with_name("notes.txt.torn").exists()


def test_lessons_are_lines_of_their_own_and_survive(tmp_path: Path):
    path = tmp_path / "trials.jsonl"
    first, second = (append_trial(path, trial_of(id=letter * 12)) for letter in "ab")
    before = path.read_bytes()
    for lesson in ("zu schnell gelernt", "배운 것: 더 천천히"):
        append_lesson(path, first, lesson)
    trials, warnings = read_trials(path)
    assert path.read_bytes().startswith(before)
    assert [trial.lessons for trial in trials] == [("zu schnell gelernt", "배운 것: 더 천천히"), ()]
    assert (replace(trials[0], lessons=()), trials[1], warnings) == (first, second, [])


def test_the_parent_is_the_trial_with_the_recipe_most_like_it(tmp_path: Path):
    path = tmp_path / "trials.jsonl"
    recipe = {"model.name": "a", "training.learning_rate": 1e-5, "seed": 0, "note": None}
    first = append_trial(path, trial_of("x", settings=recipe))
    other = append_trial(path, trial_of("x", settings={**recipe, "model.name": "b", "training.learning_rate": 2.0}))
    again = append_trial(path, trial_of("y", settings={**recipe, "note": "a little faster", "seed": 1}))
    elsewhere = append_trial(path, trial_of("x", settings=recipe, task="translation"))
    faster = append_trial(path, trial_of("x", settings={**recipe, "seed": 1, "training.learning_rate": 2e-5, "new": 1}))
    named = append_trial(path, trial_of("x", settings=recipe, parent=other.id))
    assert [trial.parent for trial in (first, again, faster, named)] == [None, first.id, again.id, other.id]
    assert elsewhere.parent == other.id  # no trial of its task: the latest of its name
    assert changes(again, faster) == {
        "training.learning_rate": {"before": 1e-5, "after": 2e-5},
        "new": {"before": None, "after": 1},
    }


BEGIN = """
import sys, time
from pathlib import Path
from toolkit.trials.running import under_way
from toolkit.trials.trial import Trial
import json
with under_way(Path(sys.argv[1]), Trial(**json.loads(sys.argv[2]))):
    print("begun", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_is_found_once_and_a_living_one_is_left_alone(tmp_path: Path):
    path = tmp_path / "runs" / "trials.jsonl"
    begun = [trial_of(id=letter * 12, status="killed", metrics=None, cost={}) for letter in "ab"]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", BEGIN, str(path), json.dumps(trial.to_json())], stdout=subprocess.PIPE, text=True
        )
        for trial in begun
    ]
    try:
        assert [process.stdout.readline() for process in processes] == ["begun\n"] * 2
        append_trial(path, trial_of(id="c" * 12))
        assert [trial.id for trial in read_trials(path)[0]] == ["c" * 12]
        processes[0].kill()
        processes[0].wait()
        settle_ledger(path)
        settle_ledger(path)
        found = read_trials(path)[0]
        assert [trial.id for trial in found] == ["c" * 12, "a" * 12]
        assert (found[1].status, found[1].error["code"], found[1].environment) == ("killed", 137, begun[0].environment)
    finally:
        for process in processes:
            process.kill()
            process.wait()
            process.stdout.close()
    last = append_trial(path, trial_of(id="d" * 12))
    assert [trial.id for trial in read_trials(path)[0]] == ["c" * 12, "a" * 12, "b" * 12, "d" * 12]
    assert last.parent == "b" * 12
    assert [file.name for file in path.parent.iterdir() if file.suffix != ".lock"] == ["trials.jsonl"]


def test_a_process_killed_behind_its_last_line_is_no_second_trial(tmp_path: Path):
    path = tmp_path / "trials.jsonl"
    done = append_trial(path, trial_of(id="e" * 12))
    (tmp_path / f".trials.jsonl.{done.id}.running").write_text(json.dumps(done.to_json()), encoding="utf-8")
    settle_ledger(path)
    assert read_trials(path) == ([done], [])
    assert not list(tmp_path.glob("*.running"))


def test_a_trial_that_ends_leaves_no_mark(tmp_path: Path):
    path = tmp_path / "new" / "trials.jsonl"
    with under_way(path, trial_of()):
        assert list(path.parent.glob(".*.running"))
    assert not path.parent.exists()


def test_the_verb_notes_and_shows_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "trials.jsonl"
    append_trial(path, trial_of(id="a" * 12, settings={"seed": 0}))
    append_trial(path, trial_of(id="b" * 12, settings={"seed": 1}, note="another seed helps"))
    ledger = ["--ledger", str(path)]
    assert command(["trials", "note", "bbb", "it does not", *ledger]) == 0
    assert "noted of bbbbbbbbbbbb" in capsys.readouterr().out
    assert command(["trials", "show", "bbb", *ledger, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["parent"], shown["lessons"]) == ("a" * 12, ["it does not"])
    assert shown["changed"] == {"seed": {"before": 0, "after": 1}}
    assert command(["trials", "show", "bbb", *ledger]) == 0
    assert "before: 0" in capsys.readouterr().out
    assert command(["trials", "list", *ledger, "--wide"]) == 0
    assert "another seed helps" in (listed := capsys.readouterr().out)
    assert "it does not" in listed
    assert command(["trials", "note", "zzz", "x", *ledger]) == 2
    assert command(["trials", "note", "bbb", "  ", *ledger]) == 2
