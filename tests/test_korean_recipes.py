"""The Korean recipes read the files as they are published; a tiny model of the build of KLUE's learns from them.

The rows are written here, in the form of the published files: NSMC (e9t/nsmc), KLUE 1.1 (KLUE-benchmark/KLUE),
KorNLI and KorSTS (kakaobrain/kor-nlu-datasets), and the named entities of Naver's challenge of 2018.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, BertTokenizer, RobertaConfig, RobertaForMaskedLM

from toolkit.recipe import find_recipe, load_recipe
from toolkit.workflow.apply import predict
from toolkit.workflow.fine_tune import fine_tune

HEADLINES = [
    ("유튜브 내달 2일까지 크리에이터 지원 공간 운영", "IT과학"),
    ("코스피 사흘 만에 반등…2천100선 회복", "경제"),
    ("프로야구 개막전 전 구장 매진", "스포츠"),
]
SENTENCES = ["경찰은 서울에서 김철수 씨를 만났다.", "A 씨는 부산에 산다.", "지난 19일 한국은행이 금리를 올렸다."]
ENTITIES = [{"서울": "LC", "김철수": "PS"}, {"A": "PS", "부산": "LC"}, {"지난 19일": "DT", "한국은행": "OG"}]
N = 24


@pytest.fixture(scope="module")
def klue(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A random RoBERTa with one segment and a tokenizer of BERT, as klue/roberta-small is."""
    folder = tmp_path_factory.mktemp("klue")
    characters = sorted(set("".join([*SENTENCES, *(title for title, _ in HEADLINES)])) - {" "})
    pieces = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]", *characters, *(f"##{each}" for each in characters)]
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    special = {"bos_token": "[CLS]", "eos_token": "[SEP]", "model_max_length": 512}
    BertTokenizer(str(folder / "vocab.txt"), do_lower_case=False, **special).save_pretrained(folder)
    ids = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "type_vocab_size": 1}
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
    torch.manual_seed(0)
    RobertaForMaskedLM(RobertaConfig(vocab_size=len(pieces), **sizes, **ids)).save_pretrained(folder)
    return str(folder)


def nsmc(folder: Path) -> list[str]:
    rows = ['"흠...포스터보고 초딩영화줄', "", "너무재밓었다그래서보는것을추천한다", '정말 "최고"의 영화!!']
    for name, count in (("ratings_train.txt", N), ("ratings_test.txt", 8)):
        lines = [f"{9976970 + i}\t{rows[i % 4]}{i if rows[i % 4] else ''}\t{i % 2}" for i in range(count)]
        (folder / name).write_text("\n".join(["id\tdocument\tlabel", *lines, ""]), encoding="utf-8")
    return ["data.train=ratings_train.txt", "data.test=ratings_test.txt"]


def in_json(folder: Path, stem: str, row: Callable[[int], dict[str, object]]) -> list[str]:
    for part, count in (("train", N), ("dev", 8)):
        rows = [{"guid": f"{stem}_{part}_{i:05d}", **row(i)} for i in range(count)]
        text = json.dumps(rows, ensure_ascii=False, indent=4)
        (folder / f"{stem}-v1.1_{part}.json").write_text(text, encoding="utf-8")
    return [f"data.train={stem}-v1.1_train.json", f"data.test={stem}-v1.1_dev.json"]


def ynat(folder: Path) -> list[str]:
    def row(i: int) -> dict[str, object]:
        title, topic = HEADLINES[i % 3]
        scopes = {"first-scope": [topic] * 3, "second-scope": ["해당없음"] * 3, "third-scope": ["해당없음"] * 3}
        told = {"annotators": ["18", "03", "15"], "annotations": scopes}
        label = {"predefined_news_category": topic, "label": topic, "annotations": told}
        return {"title": f"{title} {i}", **label, "url": "https://news.naver.com", "date": "2016.06.30. 오전 10:36"}

    return in_json(folder, "ynat", row)


def klue_nli(folder: Path) -> list[str]:
    def row(i: int) -> dict[str, object]:
        label = ("entailment", "neutral", "contradiction")[i % 3]
        others = {"author": label, **{f"label{j}": label for j in range(2, 6)}}
        sentences = {"premise": f"{SENTENCES[i % 3]} {i}", "hypothesis": SENTENCES[(i + i // 3) % 3]}
        return {"source": "airbnb", **sentences, "gold_label": label, **others}

    return in_json(folder, "klue-nli", row)


def kornli(folder: Path) -> list[str]:
    for name, count in (("snli_1.0_train.ko.tsv", N), ("xnli.dev.ko.tsv", 8), ("xnli.test.ko.tsv", 8)):
        lines = ["sentence1\tsentence2\tgold_label"]
        for i in range(count):
            said = f'그리고 그가 말했다, "엄마, 저 왔어요." {name} {i}'
            lines.append("\t".join([said, SENTENCES[i % 3], ("neutral", "contradiction", "entailment")[i % 3]]))
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    named = ["data.columns.text=sentence1", "data.columns.text_pair=sentence2"]
    files = {"train": "snli_1.0_train", "validation": "xnli.dev", "test": "xnli.test"}
    return [*(f"data.{split}={file}.ko.tsv" for split, file in files.items()), *named]


def klue_sts(folder: Path) -> list[str]:
    def row(i: int) -> dict[str, object]:
        score = i % 6 / 2
        labels = {"label": score, "real-label": score + 0.01, "binary-label": int(score > 1)}
        told = {"agreement": "0:0:0:0:1:6", "annotators": ["17"], "annotations": [i % 6]}
        sentences = {"sentence1": f"{SENTENCES[i % 3]} {i}", "sentence2": SENTENCES[(i + 1) % 3]}
        return {"source": "airbnb-rtt", **sentences, "labels": labels, "annotations": told}

    return [*in_json(folder, "klue-sts", row), "data.validation=null", "data.columns.label=labels.label"]


def korsts(folder: Path) -> list[str]:
    for name, count in (("train", N), ("dev", 8), ("test", 8)):
        lines = ["genre\tfilename\tyear\tid\tscore\tsentence1\tsentence2"]
        for i in range(count):
            told = f"main-captions\tMSRvid\t2012test\t{i:04d}\t{i % 6 / 1.2:.3f}"
            lines.append(f'{told}\t"{SENTENCES[i % 3]} {name} {i}\t{SENTENCES[(i + 1) % 3]}')
        (folder / f"sts-{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    files = {"train": "train", "validation": "dev", "test": "test"}
    return [f"data.{split}=sts-{name}.tsv" for split, name in files.items()]


def klue_ner(folder: Path) -> list[str]:
    about = (
        "토큰, 레이블 구분자 : \\t",
        "토큰 구분자 : \\n",
        "문장 구분자 : \\n\\n",
        "주석 : ##",
        "컬럼명 : CHAR\tNE_TAG",
    )
    head = "".join(f"## {line}\n" for line in about)
    for part, count in (("train", N), ("dev", 6)):
        text = head
        for i in range(count):
            sentence, marked = f"{SENTENCES[i % 3]} {i}", SENTENCES[i % 3]
            tags = ["O"] * len(sentence)
            for entity, label in ENTITIES[i % 3].items():
                start = sentence.index(entity)
                tags[start : start + len(entity)] = [f"B-{label}"] + [f"I-{label}"] * (len(entity) - 1)
                marked = marked.replace(entity, f"<{entity}:{label}>", 1)
            lines = "\n".join(f"{character}\t{tag}" for character, tag in zip(sentence, tags, strict=True))
            text += f"## klue-ner-v1_{part}_{i:05d}-wikitree\t{marked} {i}\n{lines}\n\n"
        (folder / f"klue-ner-v1.1_{part}.tsv").write_text(text, encoding="utf-8")
    return ["data.train=klue-ner-v1.1_train.tsv", "data.test=klue-ner-v1.1_dev.tsv"]


def naver_ner(folder: Path) -> list[str]:
    text = ""
    for i in range(N):
        words = [*SENTENCES[i % 3].split(), str(i)]
        tags = [f"{next(iter(ENTITIES[i % 3].values()))}_B", *["-"] * (len(words) - 1)]
        text += (
            "\n".join(f"{n}\t{word}\t{tag}" for n, (word, tag) in enumerate(zip(words, tags, strict=True), 1)) + "\n\n"
        )
    (folder / "train_data").write_text(text, encoding="utf-8")
    columns = ["data.format=conll", "data.columns.tokens=2", "data.columns.tags=3"]
    return ["data.train=train_data", "data.test=null", "data.test_size=6", *columns]


CASES = [
    ("ko-sentiment", nsmc, ["0", "1"]),
    ("ko-topic", ynat, ["IT과학", "경제", "스포츠"]),
    ("ko-nli", klue_nli, ["contradiction", "entailment", "neutral"]),
    ("ko-nli", kornli, ["contradiction", "entailment", "neutral"]),
    ("ko-sts", korsts, ["score"]),
    ("ko-sts", klue_sts, ["score"]),
    ("ko-ner", klue_ner, ["O", *(f"{at}-{label}" for at in "BI" for label in ("DT", "LC", "OG", "PS"))]),
    ("ko-ner", naver_ner, ["O", *(f"{label}_{at}" for at in "BI" for label in ("DT", "LC", "PS"))]),
]


@pytest.mark.parametrize(("name", "write", "labels"), CASES, ids=[write.__name__ for _, write, _ in CASES])
def test_a_published_layout_is_read_and_learnt(
    name: str,
    write: Callable[[Path], list[str]],
    labels: list[str],
    klue: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    shipped = load_recipe(find_recipe(name))
    assert (shipped.model.name or "").startswith("klue/")
    changes = [f"model.name={klue}", "training.max_steps=2", "data.validation_size=4", "data.max_length=64"]
    recipe = load_recipe(find_recipe(name), [*write(tmp_path), *changes])
    run = fine_tune(recipe, name=name, output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    config = json.loads((run.folder / "model" / "config.json").read_text(encoding="utf-8"))
    assert sorted(config["id2label"].values()) == sorted(labels)
    assert set(run.result.test.metrics) == set(recipe.metrics)
    assert "token_type_ids" not in AutoTokenizer.from_pretrained(run.folder / "model").model_input_names


def test_tags_of_characters_are_read_without_a_word_on_the_format(tmp_path: Path, klue: str, monkeypatch):
    """The other verbs read a file by its content: nobody tells `predict` the format."""
    monkeypatch.chdir(tmp_path)
    files = klue_ner(tmp_path)
    recipe = load_recipe(find_recipe("ko-ner"), [*files, f"model.name={klue}", "training.max_steps=1"])
    run = fine_tune(recipe, name="ner", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    answers = predict(str(run.folder), ["klue-ner-v1.1_dev.tsv"])
    assert len(answers) == 6
