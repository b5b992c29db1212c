"""Valid files of every kind that the toolkit reads, each with the commands that read it."""

from __future__ import annotations

import csv
import datetime
import decimal
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutations
import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import yaml
from mutations import Mutation, inside_zip, mutate_bytes, mutate_json, mutate_yaml

TEXTS = ("a good film", "나쁜 영화", 'a "dull", long one', "좋다; 아주", "not bad\nat all", "", "café", "0.5")
ROWS = [{"text": f"{TEXTS[i % 8]} {i}", "label": ("bad", "좋다")[i % 2]} for i in range(24)]
PAIRS = [{**row, "text_pair": row["text"][::-1]} for row in ROWS]
SETS = [{"text": row["text"], "labels": [["a"], ["a", "나"], []][i % 3]} for i, row in enumerate(ROWS)]
SCORES = [{"text": row["text"], "label": i % 5 / 2} for i, row in enumerate(ROWS)]
SPANS = [
    {
        "text": "the 영화 film",
        "tokens": ["the", "영화", "film"],
        "tags": ["O", "B-x", "I-x"],
        "spans": [{"start": 4, "end": 6, "label": "x"}],
    }
] * 24


@dataclass(frozen=True)
class Valid:
    """A valid file.

    Attributes:
        file: to be put under faults, in its place.
        mutation: how.
        commands: that read it; one is chosen at random.
    """

    file: Path
    mutation: Mutation
    commands: Sequence[list[str]]


@dataclass(frozen=True)
class Content:
    """What rows hold.

    Attributes:
        options: that name it to ``doctor``, those of the label last.
        changes: to the recipe.
    """

    options: tuple[str, ...]
    changes: tuple[str, ...] = ()


OUT = ("--output-dir", "out", "--ledger", "ledger")
CLASSES = Content(("--label-column", "label"))
PAIRED = Content(
    ("--text-pair-column", "text_pair", "--label-column", "label"),
    ("data.columns={text: text, text_pair: text_pair, label: label}",),
)
NUMBERS = Content(("--label-column", "label", "--problem", "regression"), ("model.problem_type=regression",))
SEVERAL = Content(
    ("--label-column", "labels", "--problem", "multi_label_classification"),
    ("model.problem_type=multi_label_classification", "data.columns={text: text, labels: labels}"),
)
TAGGED = Content(
    ("--text-column", "tokens", "--label-column", "tags"),
    ("task=token-classification", "data.columns={tokens: tokens, tags: tags}"),
)
MARKED = Content(("--label-column", "text"), ("task=token-classification", "data.columns={text: text, spans: spans}"))


@dataclass(frozen=True)
class Made:
    """What other files are made from: a folder for them, models, runs.

    Attributes:
        folder: empty.
        model: folder of a small model with a head of two labels.
        run: a finished run.
        adapted: a finished run with an adapter.
        recipe: of the run, which takes a second.
    """

    folder: Path
    model: Path
    run: Path
    adapted: Path
    recipe: Path

    def reading(self, name: str, content: Content = CLASSES) -> list[list[str]]:
        """Return commands that read a data file; training is the rarest, because it takes longest."""
        doctor = ["doctor", "--data", name, *content.options]
        predict = ["predict", str(self.model), name, *content.options[: content.options.index("--label-column")]]
        train = ["fine-tune", str(self.recipe), f"data.source={name}", *content.changes, *OUT]
        often = 8 if "token-classification" in str(content.changes) else 1  # tags are read by a training alone
        return [doctor] * 12 + [[*doctor, "--json"]] * 4 + [predict] + [train] * often


def _delimited(rows: Sequence[Mapping[str, Any]], **dialect: Any) -> bytes:
    written = io.StringIO()
    csv.writer(written, **dialect).writerows([[*rows[0]], *([*row.values()] for row in rows)])
    return written.getvalue().encode()


def _json(rows: Any) -> bytes:
    return json.dumps(rows, ensure_ascii=False).encode()


def _lines(rows: Sequence[Any]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def texts() -> dict[str, tuple[bytes, Mutation, Content]]:
    """Bytes of text files by name, with their mutation and what they hold."""
    plain = _delimited(ROWS)
    split = {"columns": ["text", "label"], "data": [[*row.values()] for row in ROWS]}
    conll = "-DOCSTART- O\n\n" + "the O\n영화 B-film\nfilm I-film\n\n" * 24
    files: dict[str, tuple[bytes, Mutation, Content]] = {
        "a.csv": (plain, mutate_bytes, CLASSES),
        "semicolons.csv": (_delimited(SCORES, delimiter=";"), mutate_bytes, NUMBERS),
        "korean.csv": (plain.decode().replace("é", "e").encode("cp949"), mutate_bytes, CLASSES),
        "utf-16.csv": (plain.decode().encode("utf-16"), mutate_bytes, CLASSES),
        "sets.csv": (_delimited(SETS), mutate_bytes, SEVERAL),
        "pairs.tsv": (
            _delimited([{k: v.replace("\n", " ") for k, v in row.items()} for row in PAIRS], delimiter="\t"),
            mutate_bytes,
            PAIRED,
        ),
        "a.txt": ("\n".join(row["text"] for row in ROWS).encode(), mutate_bytes, CLASSES),
        "table.txt": (plain.replace(b",", b"\t"), mutate_bytes, CLASSES),
        "a.json": (_json(ROWS), mutate_json, CLASSES),
        "columns.json": (_json(_columns(ROWS)), mutate_json, CLASSES),
        "split.json": (_json(split), mutate_json, CLASSES),
        "wrapped.json": (_json({"version": 1, "data": SETS}), mutate_json, SEVERAL),
        "a.jsonl": (_lines(ROWS), mutate_json, CLASSES),
        "sets.jsonl": (_lines(SETS), mutate_json, SEVERAL),
        "numbers.jsonl": (_lines(SCORES), mutate_json, NUMBERS),
        "spans.jsonl": (_lines(SPANS), mutate_json, MARKED),
        "a.conll": (conll.encode(), mutate_bytes, TAGGED),
    }
    inner = {
        f"a{suffix}{ending}": (*files[f"a{suffix}"][:2], pack)
        for (suffix, (ending, pack)) in zip((".csv", ".jsonl", ".json", ".txt"), mutations.PACKERS.items(), strict=True)
    }
    return files | {
        name: (content, mutations.packed(mutation, pack), CLASSES) for name, (content, mutation, pack) in inner.items()
    }


def text_files(made: Made, *suffixes: str) -> Iterator[Valid]:
    """Yield the text files with one of the suffixes."""
    for name, (written, mutation, content) in texts().items():
        if name.endswith(suffixes):
            (made.folder / name).write_bytes(written)
            yield Valid(made.folder / name, mutation, made.reading(str(made.folder / name), content))


def arrow_tables() -> dict[str, pa.Table]:
    """Tables of every type that a column of Arrow may have."""
    n = len(ROWS)
    day = datetime.datetime(2026, 1, 2, 3, 4)
    odd = {
        "text": [row["text"] for row in ROWS],
        "label": pa.array([row["label"] for row in ROWS]).dictionary_encode(),
        "n": list(range(n)),
        "x": [None, 0.5, float("nan")] * (n // 3),
        "b": [b"\xff"] * n,
        "when": [day] * n,
        "price": [decimal.Decimal("1.50")] * n,
        "tags": [["B-x", None]] * n,
        "spans": [[{"start": 0, "end": 1, "label": "x"}]] * n,
        "columns": [{"start": [0], "label": ["x"]}] * n,
        "map": pa.array([[("a", 1)]] * n, pa.map_(pa.string(), pa.int64())),
        "none": pa.nulls(n),
        "view": pa.array(["x"] * n, pa.string_view()),
        "fixed": pa.array([[1, 2]] * n, pa.list_(pa.int64(), 2)),
        "half": pa.array([0.5] * n, pa.float16()),
        "long": pa.array([[["x"]]] * n),
        "time": pa.array([5] * n, pa.duration("s")),
        "ends": pa.RunEndEncodedArray.from_arrays([n], ["x"]),
        "union": pa.UnionArray.from_sparse(pa.array([0] * n, pa.int8()), [pa.array(["x"] * n)]),
    }
    classes = pa.table({"text": odd["text"], "label": pa.array([i % 2 for i in range(n)])})
    features = {
        "features": {
            "label": {"names": ["bad", "좋다"], "_type": "ClassLabel"},
            "text": {"dtype": "string", "_type": "Value"},
        }
    }
    plain = pa.Table.from_pylist(ROWS)
    return {
        "plain": plain,
        "odd": pa.table(odd),
        "sets": pa.Table.from_pylist(SETS),
        "classes": classes.replace_schema_metadata({"huggingface": json.dumps({"info": features})}),
    }


def parquet_files(made: Made) -> Iterator[Valid]:
    """Yield parquet files."""
    for name, table in arrow_tables().items():
        file = made.folder / f"{name}.parquet"
        kept = [column for column in table.column_names if column not in ("ends", "union")]
        for compression in ("none", "snappy", "zstd"):
            pyarrow.parquet.write_table(table.select(kept), file, compression=compression)
            if compression == "none" or name == "plain":
                chosen = file.with_stem(f"{name}-{compression}")
                shutil.copy(file, chosen)
                yield Valid(chosen, mutate_bytes, made.reading(str(chosen)))


def arrow_files(made: Made) -> Iterator[Valid]:
    """Yield Arrow files and streams."""
    for name, table in arrow_tables().items():
        file = made.folder / f"{name}.arrow"
        with pa.ipc.new_stream(file, table.schema) as stream:
            stream.write_table(table)
        yield Valid(file, mutate_bytes, made.reading(str(file)))
        file = made.folder / f"{name}-file.arrow"
        with pa.ipc.new_file(file, table.schema) as stream:
            stream.write_table(table)
        yield Valid(file, mutate_bytes, made.reading(str(file)))
    file = made.folder / "plain.feather"
    pyarrow.feather.write_feather(arrow_tables()["plain"], file)
    yield Valid(file, mutate_bytes, made.reading(str(file)))


def excel_files(made: Made) -> Iterator[Valid]:
    """Yield workbooks."""
    file = made.folder / "a.xlsx"
    book = openpyxl.Workbook()
    day = datetime.datetime(2026, 1, 2)
    book.active.append(("text", "label", "n", "when", "sum"))
    for i, row in enumerate(ROWS):
        book.active.append((*row.values(), i / 2, day, f"=A{i + 2}"))
    book.create_sheet("둘").append(["text"])
    book.save(file)
    yield Valid(file, inside_zip, [*made.reading(str(file)), ["doctor", "--data", f"{file}#둘"]])


def ods_files(made: Made) -> Iterator[Valid]:
    """Yield OpenDocument spreadsheets."""
    file = made.folder / "a.ods"
    names = {name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text")}
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    number = '<table:table-cell office:value-type="float" office:value="{}"/>'
    repeated = '<table:table-cell table:number-columns-repeated="3"/>'
    rows = [cell.format("text") + cell.format("label") + cell.format("n")]
    rows += [
        cell.format(f'영화 <text:s text:c="2"/>{i}<text:tab/>x')
        + cell.format("ab"[i % 2])
        + number.format(i / 2)
        + repeated
        for i in range(24)
    ]
    lines = "".join(f'<table:table-row table:number-rows-repeated="1">{row}</table:table-row>' for row in rows)
    declared = " ".join(f'xmlns:{name}="{uri}"' for name, uri in names.items())
    sheet = f'<table:table table:name="하나">{lines}</table:table><table:table table:name="b"/>'
    for tag in ("spreadsheet", "body"):
        sheet = f"<office:{tag}>{sheet}</office:{tag}>"
    content = f'<?xml version="1.0"?><office:document-content {declared}>{sheet}</office:document-content>'
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    yield Valid(file, inside_zip, made.reading(str(file)))


def recipe_files(made: Made) -> Iterator[Valid]:
    """Yield the shipped recipes, one that is resolved, and the recipe of the run."""
    import toolkit.recipe

    shipped = sorted(Path(recipe.path) for recipe in toolkit.recipe.list_recipes())
    for number, source in enumerate([*shipped, made.run / "recipe.yaml", made.recipe]):
        file = Path(shutil.copy(source, made.folder / f"{number}-{source.name}"))
        show = ["recipes", "show", str(file), "--resolved"]
        yield Valid(file, mutate_yaml, [["recipes", "check", str(file)], show])


OVERRIDES = (
    "training.learning_rate=1e-5",
    "data.columns={text: 글, label: label}",
    "data.source=[a.csv, b.csv]",
    "seed=3",
    "note='가: b'",
    "training.optim=adamw_torch",
    "data.test_size=0.2",
    "peft.r=8",
    "method=lora",
    "evaluation.metrics=[f1]",
    "model.config.d_model=8",
)


def overrides(made: Made) -> Iterator[Valid]:
    """Yield overrides as files: what they hold is put in the place of ``{}`` in a command."""
    for number, text in enumerate(OVERRIDES):
        file = made.folder / f"{number}.override"
        file.write_text(text, encoding="utf-8")
        yield Valid(file, mutate_bytes, [["recipes", "check", str(made.recipe), "{}"]])


def trained_on(made: Made) -> Iterator[Valid]:
    """Yield a recipe whose data section is put under faults, and that is carried out."""
    tree = yaml.safe_load(made.recipe.read_text(encoding="utf-8"))

    def mutate(content: bytes, chance: Any) -> bytes:
        data = mutate_yaml(yaml.safe_dump(tree["data"]).encode(), chance)
        return (
            yaml.safe_dump({**tree, "data": None})
            .encode()
            .replace(b"data: null", b"data:\n  " + data.replace(b"\n", b"\n  "))
        )

    file = Path(shutil.copy(made.recipe, made.folder / "data.yaml"))
    yield Valid(file, mutate, [["fine-tune", str(file), *OUT]])


def model_files(made: Made, *names: str) -> Iterator[Valid]:
    """Yield files of the folders of small models of every family."""
    from fuzz_models import small_models

    for folder in small_models(made.folder):
        ask = ["predict", str(folder), "a good film"]
        using = [
            *([ask] if folder.name == "encoder" else []),
            [
                "extract",
                str(folder),
                "--data",
                str(made.folder / "rows.csv"),
                "--output",
                "features.parquet",
                "--no-cache",
            ],
            ["doctor", "--data", str(made.folder / "rows.csv"), "--model", str(folder)],
            ["zero-shot", str(folder), "a good film", "--labels", "good,bad"],
            ["fine-tune", str(made.recipe), f"model.name={folder}", *OUT],
        ]
        for name in names:
            file = folder / name
            if file.is_file():
                binary = file.suffix == ".safetensors"
                yield Valid(file, mutate_bytes if binary or file.suffix == ".txt" else mutate_json, using)
    (made.folder / "rows.csv").write_bytes(_delimited(ROWS[:8]))


def adapter_files(made: Made) -> Iterator[Valid]:
    """Yield the files of an adapter, which is asked for predictions."""
    folder = Path(shutil.copytree(made.adapted / "adapter", made.folder / "adapter"))
    for name in ("adapter_config.json", "adapter_model.safetensors", "base.json", "config.json"):
        if (folder / name).is_file():
            mutation = mutate_bytes if name.endswith(".safetensors") else mutate_json
            yield Valid(folder / name, mutation, [["predict", str(folder), "a good film"]])


def run_files(made: Made) -> Iterator[Valid]:
    """Yield the files of a finished run, which is shown, asked, and made ready to be pushed."""
    run = Path(shutil.copytree(made.run, made.folder / "run"))
    again = ["fine-tune", str(made.recipe), "--output-dir", str(run), "--ledger", "ledger"]
    push = ["push", str(run), "me/mine", "--card-only"]
    rows = str(made.folder / "rows.csv")
    (made.folder / "rows.csv").write_bytes(_delimited(ROWS[:8]))
    ask = [["predict", str(run), "a good film"], ["evaluate", str(run), "--data", rows]]
    for name in ("metrics.json", "recipe.yaml", "trial.json", "files.json", "golden.json", "log.jsonl"):
        mutation = mutate_yaml if name.endswith(".yaml") else mutate_json
        yield Valid(run / name, mutation, [again, push, *ask])
    for name in ("predictions.parquet", "learnt-rows.npy", "README.md", "report.html"):
        yield Valid(run / name, mutate_bytes, [again, push, *ask])


def ledgers(made: Made) -> Iterator[Valid]:
    """Yield a ledger, which is listed, and to which a run is added."""
    file = Path(shutil.copy(made.run.parent / "ledger", made.folder / "ledger.jsonl"))
    trial = json.loads(file.read_text(encoding="utf-8").splitlines()[0])["id"]
    options = ["--ledger", str(file)]
    yield Valid(
        file,
        mutate_json,
        [["trials", "list", *options], ["trials", "list", "--json", *options], ["trials", "show", trial[:6], *options]],
    )


TOKENIZER_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "added_tokens.json")
KINDS: dict[str, Callable[[Made], Iterator[Valid]]] = {
    "csv": lambda made: text_files(made, ".csv"),
    "tsv": lambda made: text_files(made, ".tsv"),
    "txt": lambda made: text_files(made, ".txt"),
    "json": lambda made: text_files(made, ".json"),
    "jsonl": lambda made: text_files(made, ".jsonl"),
    "conll": lambda made: text_files(made, ".conll"),
    "packed": lambda made: text_files(made, *mutations.PACKERS),
    "parquet": parquet_files,
    "arrow": arrow_files,
    "xlsx": excel_files,
    "ods": ods_files,
    "recipe": recipe_files,
    "override": overrides,
    "data-section": trained_on,
    "config": lambda made: model_files(made, "config.json"),
    "tokenizer": lambda made: model_files(made, "tokenizer.json"),
    "tokenizer-settings": lambda made: model_files(made, *TOKENIZER_SETTINGS),
    "weights": lambda made: model_files(made, "model.safetensors"),
    "adapter": adapter_files,
    "run": run_files,
    "ledger": ledgers,
}
"""Every kind of file that people bring, with the function that yields valid ones."""
