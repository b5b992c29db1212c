"""A script that opens a model as anyone would and answers golden rows, in a process of its own, without the toolkit.

`toolkit.hub.verify.fresh_process` starts it with ``python -I``; a request stands on its stdin, one JSON object comes
out. It imports nothing but torch, transformers, peft and huggingface_hub, all in their plain ways, and travels nowhere.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DOWNLOADED = ["*.json", "*.safetensors", "*.txt", "*.model", "*.spm", "*.jinja", "*.py", "*.yaml", "README.md"]
ROWS_AT_ONCE = 4
FAMILIES = ("encoder", "decoder", "encoder-decoder")
_BY_NAME = (
    (("ForConditionalGeneration", "ForSeq2SeqLM", "MTModel"), "AutoModelForSeq2SeqLM"),
    (("ForCausalLM", "LMHeadModel"), "AutoModelForCausalLM"),
    (("ForMaskedLM",), "AutoModelForMaskedLM"),
    (("ForTokenClassification",), "AutoModelForTokenClassification"),
)
"""Classes of models without golden rows, by the ends of the names in their configuration."""


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Download, open, answer; what cannot be done is said under ``hub`` or ``error`` instead of raised.

    Args:
        request: ``repo`` and ``revision``, or ``folder`` with ``golden``; ``base``, a folder instead of the base
            model that an adapter names; ``known_code``, digests of code that may run; ``trust``, whether any may.
    """
    report: dict[str, Any] = {}
    try:
        place = _place(request, report)
    except Exception as error:  # whatever the client raises, its reader shall see it in one line
        return {**report, "hub": _told(error)}
    try:
        _replay(request, place, report)
    except Exception as error:
        report["hub" if _is_of_the_network(error) else "error"] = _told(error)
    report["toolkit"] = [name for name, module in sys.modules.items() if name.startswith("toolkit") and module]
    return report


class Place:
    """Location of a model: as the library takes it, and as files.

    Attributes:
        name: a folder or a repository; pinned: the commit, as the library takes it, nothing for a folder.
        folder: the files on this machine.
    """

    def __init__(self, name: str, folder: Path, revision: str | None = None) -> None:
        self.name = name
        self.folder = folder
        self.pinned: dict[str, Any] = {"revision": revision} if revision else {}

    def has(self, name: str) -> bool:
        """Return whether a file is there."""
        return (self.folder / name).is_file()

    def read(self, name: str) -> Any:
        """Read a JSON file."""
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


def _place(request: dict[str, Any], report: dict[str, Any]) -> Place:
    if request.get("folder"):
        folder = Path(request["folder"])
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        report.update(files=files, folder=str(folder))
        return Place(str(folder), folder)
    from huggingface_hub import HfApi, snapshot_download

    info = HfApi().model_info(request["repo"], revision=request.get("revision"), timeout=30)
    report.update(revision=info.sha, files=sorted(file.rfilename for file in info.siblings or []))
    folder = Path(snapshot_download(request["repo"], revision=info.sha, allow_patterns=DOWNLOADED))
    report["folder"] = str(folder)
    return Place(request["repo"], folder, info.sha)


def _replay(request: dict[str, Any], place: Place, report: dict[str, Any]) -> None:
    golden = request.get("golden")
    if golden is None and place.has("golden.json") and not request.get("folder"):
        golden = place.read("golden.json")
    report["golden"] = golden
    trust = _trusted(request, place, report)
    if trust is None:
        return
    import torch

    with torch.inference_mode():
        model, tokenizer = _open(request, place, report, golden=golden or {}, trust=trust)
        report["ids"] = [_ids_digest(tokenizer, row, golden) for row in golden["rows"]] if golden else []
        report["answers"] = list(_task(golden)[1](model, tokenizer, golden)) if golden else []


def _trusted(request: dict[str, Any], place: Place, report: dict[str, Any]) -> bool | None:
    """Return whether code of the model shall run; None: it needs some, and may not.

    Trust holds for all that the library may find: every file of code counts, in whatever folder, and every reference.
    """
    named = [name for path in sorted(place.folder.glob("*config.json")) for name in _references(place.read(path.name))]
    if not named:
        return False
    elsewhere = sorted({name for name in named if "--" in name})
    code = {path.relative_to(place.folder).as_posix(): path for path in sorted(place.folder.rglob("*.py"))}
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in code.items()}
    unknown = [name for name, digest in digests.items() if digest not in request.get("known_code", [])]
    allowed = not elsewhere and bool(code) and (not unknown or bool(request.get("trust")))
    report["code"] = {"files": list(code), "unknown": unknown, "elsewhere": elsewhere, "allowed": allowed}
    return True if allowed else None


def _references(value: Any, *, below: bool = False) -> Iterator[str]:
    """Yield every text under a key ``auto_map``, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _references(inner, below=below or key == "auto_map")
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner, below=below)
    elif below and isinstance(value, str):
        yield value


def _open(
    request: dict[str, Any], place: Place, report: dict[str, Any], *, golden: dict[str, Any], trust: bool
) -> tuple[Any, Any]:
    import torch
    import transformers

    pinned = {**place.pinned, "trust_remote_code": trust}
    if trust and place.pinned:
        pinned["code_revision"] = place.pinned["revision"]
    is_adapter = place.has("adapter_config.json")
    config = transformers.AutoConfig.from_pretrained(place.name, **pinned) if place.has("config.json") else None
    factory = getattr(transformers, _auto_class(golden, config))
    settings: dict[str, Any] = {"dtype": torch.float32, "use_safetensors": True, "output_loading_info": True}
    tokenizer = transformers.AutoTokenizer.from_pretrained(place.name, **pinned)
    if is_adapter:
        model, info = _open_adapter(request, place, factory, settings=settings, config=config)
    else:
        model, info = factory.from_pretrained(place.name, **settings, **pinned)
        info = {"missing": sorted(info["missing_keys"]), "mismatched": [str(key[0]) for key in info["mismatched_keys"]]}
    report["opened"] = {
        "class": type(model.get_base_model() if is_adapter else model).__name__,
        "adapter": is_adapter,
        "id2label": {str(number): name for number, name in model.config.id2label.items()},
        "label2id": dict(model.config.label2id),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        **info,
    }
    return model.eval(), tokenizer


def _auto_class(golden: dict[str, Any], config: Any) -> str:
    if golden:
        classes = _task(golden)[0]
        if golden["family"] not in classes:
            raise ValueError(f"no model of the family {golden['family']!r} is known for {golden['task']}")
        return classes[golden["family"]]
    made = next(iter(getattr(config, "architectures", None) or ()), "")
    named = [auto_class for endings, auto_class in _BY_NAME if made.endswith(endings)]
    return named[0] if named else "AutoModelForSequenceClassification"


def _open_adapter(
    request: dict[str, Any], place: Place, factory: Any, *, settings: dict[str, Any], config: Any
) -> tuple[Any, dict[str, Any]]:
    """Open the base model that the adapter names, with as many labels as the adapter has, and the adapter."""
    from peft import PeftModel, get_peft_model_state_dict
    from peft.utils import load_peft_weights
    from transformers import BitsAndBytesConfig, GenerationConfig

    named = place.read("adapter_config.json")
    base, revision = request.get("base") or named["base_model_name_or_path"], named.get("revision")
    pinned = {"revision": revision} if revision and not request.get("base") else {}
    given: dict[str, Any] = {"config": config} if config is not None else {}
    given |= {"ignore_mismatched_sizes": True, "trust_remote_code": False}  # nobody has looked at the base's code
    quantized = getattr(config, "base_quantization", None)
    if quantized:
        given |= {"quantization_config": BitsAndBytesConfig(**quantized), "device_map": {"": "cpu"}}
    model, info = factory.from_pretrained(base, **settings, **pinned, **given)
    if quantized:
        _compute_exactly(model)
    adapted: Any = PeftModel.from_pretrained(model, place.name, **place.pinned)
    if place.has("generation_config.json"):
        adapted.generation_config = GenerationConfig.from_pretrained(place.name, **place.pinned)
    saved = set(load_peft_weights(place.name, **place.pinned))
    strange = saved.symmetric_difference(get_peft_model_state_dict(adapted, save_embedding_layers=False))
    new = {*info["missing_keys"], *(key[0] for key in info["mismatched_keys"])}
    missing = sorted(name for name in new if not any(key.endswith(f".{name}") for key in saved))
    return adapted, {"missing": missing, "mismatched": sorted(strange), "base": base, "base_revision": revision}


def _compute_exactly(model: Any) -> None:
    """Let bitsandbytes compute in float32, as golden rows do, and not in the fastest way that a processor has.

    In evaluation its layers of 4 bits otherwise turn to bfloat16 on some processors, and those of 8 bits round the
    activations too.
    """
    for module in model.modules():
        if type(module).__name__ == "Linear4bit":
            module.support_avx512bf16_for_cpu = False
        elif type(module).__name__ == "Linear8bitLt":
            module.register_forward_pre_hook(lambda layer, _: layer.train() and None)


def _inputs(tokenizer: Any, rows: list[dict[str, Any]], golden: dict[str, Any], **settings: Any) -> Any:
    texts = [[row[name] for row in rows] for name in ("text", "text_pair") if name in rows[0]]
    return tokenizer(*texts, truncation=True, max_length=golden["max_length"], **settings)


def _ids_digest(tokenizer: Any, row: dict[str, Any], golden: dict[str, Any]) -> str:
    is_chat = golden["family"] == "decoder" and "reference" in row
    ids = _chat(tokenizer, row)[0] if is_chat else _inputs(tokenizer, [row], golden)["input_ids"][0]
    return hashlib.sha256(",".join(map(str, ids)).encode("ascii")).hexdigest()[:16]


def _task(golden: dict[str, Any]) -> tuple[dict[str, str], Callable[..., Iterator[dict[str, Any]]]]:
    """Return the library's class for each family, and the function that answers golden rows.

    Raises:
        ValueError: this version does not know the task.
    """
    if golden["task"] not in TASKS:
        raise ValueError(f"the golden rows are of the task {golden['task']!r}; this version knows {', '.join(TASKS)}")
    return TASKS[golden["task"]]


def _one_by_one(answer: Callable[..., dict[str, Any]]) -> Callable[..., Iterator[dict[str, Any]]]:
    """Return a function that answers golden rows without padding, one at a time."""

    def answers(model: Any, tokenizer: Any, golden: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for row in golden["rows"]:
            yield answer(model, tokenizer, row, golden)

    return answers


def _labelled(model: Any, tokenizer: Any, golden: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield labels and their probabilities, or a number; rows are padded to batches, as anyone would."""
    size = ROWS_AT_ONCE if tokenizer.pad_token is not None else 1
    for start in range(0, len(golden["rows"]), size):
        rows = golden["rows"][start : start + size]
        inputs = _inputs(tokenizer, rows, golden, padding=size > 1, return_tensors="pt")
        for logits in model(**inputs).logits.float():
            if golden["problem"] == "regression":
                yield {"value": logits[0].item()}
                continue
            several = golden["problem"] == "multi_label_classification"
            shares = (logits.sigmoid() if several else logits.softmax(-1)).tolist()
            names = [model.config.id2label[place] for place in range(len(shares))]
            yield {"probabilities": shares, **_decided(model.config, names, shares, several=several)}


def _decided(config: Any, names: list[str], shares: list[float], *, several: bool) -> dict[str, Any]:
    """Return what follows from probabilities, by the thresholds in the model's configuration if there are any."""
    thresholds, below = getattr(config, "label_thresholds", None), getattr(config, "abstain_below", None)
    if thresholds:
        given = [name for name, share, least in zip(names, shares, thresholds, strict=True) if share >= least]
        margin = min(abs(share - least) for share, least in zip(shares, thresholds, strict=True))
        return {"prediction": given if several else names[shares[1] >= thresholds[1]], "margin": margin}
    best = max(range(len(shares)), key=shares.__getitem__)
    if below:
        told = names[best] if shares[best] >= below else None
        return {"prediction": told, "margin": abs(shares[best] - below)}
    given = [name for name, share in zip(names, shares, strict=True) if share >= 0.5]
    return {"prediction": given if several else names[best]}


def _tagged(model: Any, tokenizer: Any, row: dict[str, Any], golden: dict[str, Any]) -> dict[str, Any]:
    """Return the most probable tag of each token of the text, and the probabilities of all tags, token after token."""
    inputs = _inputs(tokenizer, [row], golden, return_tensors="pt", return_special_tokens_mask=True)
    of_text = inputs.pop("special_tokens_mask")[0] == 0
    shares = model(**inputs).logits[0][of_text].float().softmax(-1)
    tags = [model.config.id2label[index] for index in shares.argmax(-1).tolist()]
    return {"prediction": tags, "probabilities": shares.flatten().tolist()}


def _filled(model: Any, tokenizer: Any, row: dict[str, Any], golden: dict[str, Any]) -> dict[str, Any]:
    """Return the text with its mask replaced by the most probable token, and the log-likelihood of that."""
    import torch

    inputs = _inputs(tokenizer, [row], golden, return_tensors="pt")
    masked = inputs["input_ids"] == tokenizer.mask_token_id
    best = model(**inputs).logits[masked].float().log_softmax(-1).topk(2)
    ids = inputs["input_ids"].masked_scatter(masked, best.indices[:, 0])[0]
    margin = float((best.values[:, 0].exp() - best.values[:, 1].exp()).min()) if torch.any(masked) else 0.0
    return {
        "prediction": tokenizer.decode(ids, skip_special_tokens=True),
        "log_likelihood": float(best.values[:, 0].sum()),
        "margin": margin,
    }


def _written(model: Any, tokenizer: Any, row: dict[str, Any], golden: dict[str, Any]) -> dict[str, Any]:
    """Return the log-likelihood of a text, or of a target given its source, and a new text where the row has one."""
    import torch

    if golden["family"] == "encoder-decoder":
        inputs = dict(_inputs(tokenizer, [row], golden, return_tensors="pt"))
        settings = {"truncation": True, "max_length": golden["max_length"], "return_tensors": "pt"}
        labels = tokenizer(text_target=row["reference"], **settings)["input_ids"]
        logits, n_given = model(**inputs, labels=labels).logits[0], 0
    elif "reference" in row:
        asked, answered = _chat(tokenizer, row)
        prompt, labels = torch.tensor([asked]), torch.tensor([answered])
        inputs, n_given = {"input_ids": prompt, "attention_mask": torch.ones_like(prompt)}, len(asked)
        logits = model(input_ids=torch.cat([prompt, labels], dim=1)).logits[0, -labels.shape[1] - 1 : -1]
    else:
        begin, read, plain = _text(tokenizer, row["text"])
        end = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
        text = torch.tensor([[*begin, *plain, *end]])
        # A learnt prompt has logits of its own before those of the text.
        logits, labels = model(input_ids=text).logits[0, -text.shape[1] : -1], text[:, 1:]
        prompt = torch.tensor([[*read, *plain]])
        inputs, n_given = {"input_ids": prompt, "attention_mask": torch.ones_like(prompt)}, prompt.shape[1]
    answer = {"log_likelihood": float(logits.float().log_softmax(-1).gather(-1, labels[0][:, None]).sum())}
    return answer if "prediction" not in row else answer | _generated(model, tokenizer, inputs, golden, n_given=n_given)


def _text(tokenizer: Any, text: str) -> tuple[list[int], list[int], list[int]]:
    """Return the tokens in front of a text that is scored, those in front of one to go on with, and the text's own."""
    plain = tokenizer(text, add_special_tokens=False)["input_ids"]
    first = [token for token in (tokenizer.bos_token_id, tokenizer.eos_token_id) if token is not None][:1]
    if "reads" not in tokenizer.init_kwargs:  # our own Transformer, whose tokenizer does not begin a text by itself
        return first, first, plain
    framed = tokenizer(text)["input_ids"]
    n_before = next(n for n in range(len(framed)) if framed[n : n + len(plain)] == plain)
    return first, framed[:n_before], plain


def _chat(tokenizer: Any, row: dict[str, Any]) -> tuple[list[int], list[int]]:
    """Return the tokens of a question up to where its answer begins, and those of the answer with what ends it."""
    question = [{"role": "user", "content": row["text"]}]
    asked = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_dict=False)
    answer = {"role": "assistant", "content": row["reference"]}
    answered = tokenizer.apply_chat_template([*question, answer], return_dict=False)[len(asked) :]
    special = {*tokenizer.all_special_ids, *(i for i, token in tokenizer.added_tokens_decoder.items() if token.special)}
    ends = [place for place, token in enumerate(answered) if token in special]
    return asked, answered[: ends[-1] + 1] if ends else [*answered, tokenizer.eos_token_id]


def _generated(
    model: Any, tokenizer: Any, inputs: dict[str, Any], golden: dict[str, Any], *, n_given: int
) -> dict[str, Any]:
    """Return a new text, and the smallest margin of a first choice over the second."""
    stops = golden["generation"].get("stop_strings", [])
    settings = {**golden["generation"], "tokenizer": tokenizer, "return_dict_in_generate": True, "output_scores": True}
    made = model.generate(**inputs, **settings)
    nearest = [scores[0].float().softmax(-1).topk(2).values.tolist() for scores in made.scores]
    text = tokenizer.decode(made.sequences[0][n_given:], skip_special_tokens=True)
    end = min((place for place in map(text.find, stops) if place >= 0), default=None)
    return {"prediction": text[:end], "margin": min(first - second for first, second in nearest)}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_of_the_network(error: Exception) -> bool:
    """Return whether the hub did not answer, which says nothing of the model."""
    statuses = [getattr(getattr(cause, "response", None), "status_code", 0) for cause in _causes(error)]
    names = {kind.__name__ for cause in _causes(error) for kind in type(cause).__mro__}
    return max(statuses) >= 500 or 429 in statuses or bool(names & {"TransportError", "OfflineModeIsEnabled"})


def _told(error: Exception) -> dict[str, Any]:
    """Return an error as its kinds, its status and its first lines."""
    statuses = [getattr(getattr(cause, "response", None), "status_code", None) for cause in _causes(error)]
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return {
        "kinds": list(dict.fromkeys(type(cause).__name__ for cause in _causes(error))),
        "status": next((status for status in statuses if status), None),
        "message": " ".join(lines[:2])[:500],
    }


_WRITERS = {"decoder": "AutoModelForCausalLM", "encoder-decoder": "AutoModelForSeq2SeqLM"}

TASKS: dict[str, tuple[dict[str, str], Callable[..., Iterator[dict[str, Any]]]]] = {
    "text-classification": (dict.fromkeys(FAMILIES, "AutoModelForSequenceClassification"), _labelled),
    "token-classification": (dict.fromkeys(FAMILIES, "AutoModelForTokenClassification"), _one_by_one(_tagged)),
    "fill-mask": ({"encoder": "AutoModelForMaskedLM"}, _one_by_one(_filled)),
    **dict.fromkeys(("translation", "summarization", "text-generation"), (_WRITERS, _one_by_one(_written))),
}
"""By task: the library's class for each family, and the function that answers golden rows."""


if __name__ == "__main__":
    sys.modules["toolkit"] = None  # type: ignore[assignment]  # as if it had never been installed
    asked, answer = json.load(sys.stdin), sys.stdout
    sys.stdout = sys.stderr  # the libraries may say what they like
    json.dump(main(asked), answer)
