"""Models that write: packed batches learn what padded ones learn, and a batch writes what each row alone does."""

from __future__ import annotations

from typing import Any

import torch
from cuda_checks.checked import Setting, require, use_tests, worst

AGREES = 1e-4
PAIR = {"source": "source", "target": "target"}


def packed_as_padded(setting: Setting) -> dict[str, Any]:
    """Compare the gradients of a step over packed and padded chats, for every decoder that takes packed rows."""
    use_tests()
    from writing_models import DECODERS, recipe_for, write_chats, writing_model

    from toolkit.adapters.batching import Batching, batching_of, collator_of
    from toolkit.adapters.layouts import layout_for
    from toolkit.evaluation.inference.device import moved
    from toolkit.tasks import room_of
    from toolkit.training.losses import TokenLoss

    rows = write_chats(setting.folder)
    differences: dict[str, float] = {}
    padded_only = []
    for name in DECODERS[:3] if setting.tiny else DECODERS:
        recipe = recipe_for(
            "text-generation", writing_model(name, setting.folder / name), rows, {"messages": "messages"}
        )
        room = room_of(recipe.task)
        data = room.prepare(recipe)
        opened = room.open_for_training(recipe, data, tokenizer_folder=setting.folder)
        model: Any = opened.model.to(setting.device).eval()
        batching = batching_of(model, opened.family)
        if not batching.packs:
            padded_only.append(name)
            continue
        layout = layout_for(opened, data.train.column_names)
        encoded = layout.encode(data.train, opened.tokenizer, max_length=opened.max_length)
        chosen = [{key: encoded[i][key] for key in ("input_ids", "labels")} for i in range(6)]
        loss = TokenLoss(shifts=layout.shifts)
        found = []
        for how in (batching, Batching.PADDED):
            batch = moved(collator_of(layout, opened.tokenizer, how)(chosen), torch.device(setting.device))
            labels = batch.pop("labels")
            model.zero_grad()
            loss(model(**batch), labels).backward()
            found.append({n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None})
        packed, padded = found
        differences[name] = worst((packed[key], padded[key]) for key in padded)
    require(differences, AGREES)
    return {"worst": max(differences.values()), "packed": list(differences), "padded_only": padded_only}


def batch_as_alone(setting: Setting) -> dict[str, Any]:
    """Compare what each model writes for a row in a batch and alone, greedily and by beams."""
    use_tests()
    from writing_models import DECODERS, ENCODER_DECODERS, LANGUAGES, recipe_for, write_pairs, writing_model

    from toolkit.evaluation.inference.generate import write_texts
    from toolkit.tasks import room_of

    names = ("llama", "t5") if setting.tiny else (*DECODERS, *ENCODER_DECODERS)
    rows = write_pairs(setting.folder)
    wrong, done = [], 0
    for name in names:
        if setting.is_over:
            break
        folder = writing_model(name, setting.folder / name)
        for beams in (1, 2):
            generation = {"max_new_tokens": 8, "num_beams": beams}
            recipe = recipe_for("translation", folder, rows, PAIR, generation=generation, data=LANGUAGES.get(name, {}))
            room = room_of(recipe.task)
            data = room.prepare(recipe)
            opened = room.open_for_training(recipe, data, tokenizer_folder=setting.folder)
            opened.model.eval()
            together = write_texts(opened, data.test)[0].predictions
            alone = [write_texts(opened, data.test.select([i]))[0].predictions[0] for i in range(len(data.test))]
            wrong += [f"{name}, {beams} beams"] if together != alone else []
            done += 1
    if wrong:
        raise AssertionError(f"a batch writes other texts than each row alone: {wrong}")
    return {"compared": done, "left_out": 2 * len(names) - done}
