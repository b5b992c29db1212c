"""The fuzz itself: what it would find, a few cases of every data format, and all kinds for long behind `make soak`."""

from __future__ import annotations

import os
import random
from itertools import islice
from pathlib import Path

import pytest
from fuzz_worker import Ended, Worker
from mutations import DEEP, mutate_bytes, mutate_json, mutate_yaml
from valid_files import KINDS, Made

from toolkit.cli.main import run as command

CASES, SEED = int(os.environ.get("FUZZ_CASES", "300")), int(os.environ.get("FUZZ_SEED", "0"))
"""Of each kind: ``make soak FUZZ_CASES=2000 FUZZ_SEED=7``."""
FAULTS = {
    "0": None,
    "3": "nothing is said",
    "1": "exit 1",
    "130": "exit 130",
    "1 / 0": "exit 1",
    "__import__('os').abort()": "signal 6",
    "__import__('time').sleep(600)": "does not end",
    "len(b'x' * ((1 << 30) + (1 << 28))) * 0": "too much memory",
    "print('Traceback (most recent call last)', file=__import__('sys').stderr) or 0": "traceback",
}


@pytest.mark.skipif(os.name == "nt", reason="has neither signals nor this way to measure memory")
def test_every_fault_is_seen_and_the_worker_goes_on(tmp_path):
    worker = Worker(tmp_path, command="builtins:eval", longest=5)
    assert [worker.run(line).fault for line in [*FAULTS, "0"]] == [*FAULTS.values(), None]
    worker.close()


def test_a_code_that_is_told_is_no_fault():
    assert Ended(7, "error: damaged", 1.0, 0).fault is None


@pytest.mark.parametrize("mutate", [mutate_bytes, mutate_json, mutate_yaml])
def test_a_seed_gives_the_same_faults_again(mutate):
    content = b'{"text": "\xea\xb0\x80", "labels": ["a", 1.5], "inner": {"key": null}}'
    once, again = ([mutate(content, random.Random(seed)) for seed in range(300)] for _ in range(2))
    assert once == again
    assert len(set(once)) > 200
    assert max(map(len, once)) < 10 * DEEP


@pytest.mark.parametrize("kind", ["csv", "txt", "json", "jsonl", "packed", "parquet", "arrow", "xlsx", "ods"])
def test_a_few_faults_of_every_format(kind, tmp_path, capsys):
    refused = 0
    for valid in islice(KINDS[kind](Made(tmp_path, tmp_path, tmp_path, tmp_path, tmp_path / "recipe.yaml")), 2):
        content = valid.file.read_bytes()
        for seed in range(4):
            valid.file.write_bytes(valid.mutation(content, random.Random(seed)))
            code = command(valid.commands[0])
            assert code in (0, 3), capsys.readouterr().err
            refused += code
    assert refused


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", KINDS)
def test_many_faults_of_every_kind(kind, tmp_path):
    from fuzz import fuzz

    outcome = fuzz(kind, cases=CASES, seed=SEED, output=Path("found"))
    assert outcome.findings == []
    assert outcome.codes.total() == CASES
