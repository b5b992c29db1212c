"""Keys of other tools' files, and of ours in the wrong section: where each belongs in a recipe.

The names are those of the example scripts of transformers and TRL, of LLaMA-Factory, axolotl, AutoTrain, SetFit and
Ludwig. Names of `TrainingArguments` and of other settings of a recipe stand in no table: they are found in the schema.
"""

from __future__ import annotations

from typing import Any

from toolkit.errors import nearest
from toolkit.recipe.document import TreePath, dotted
from toolkit.recipe.schema_words import alternatives, follow
from toolkit.recipe.training_keys import training_hint, training_section

_ALIASES = {
    "task": "task_name task_type stage pipeline_tag",
    "model.name": "model_name_or_path model_name model_id base_model pretrained_model_name_or_path pretrained "
    "checkpoint checkpoint_dir model_path backbone",
    "model.problem_type": "problem",
    "data.source": "dataset_name dataset datasets data_path dataset_path data_files data_dir dataset_dir",
    "data.train": "train_file train_data train_dataset train_path train_split training_data",
    "data.validation": "validation_file valid_file eval_file eval_data eval_dataset valid_data validation_data "
    "valid_split validation_split dev_file",
    "data.test": "test_file test_data test_dataset test_split predict_file",
    "data.subset": "dataset_config_name dataset_config config_name",
    "data.columns": "column_mapping column_map field_mapping",
    "data.columns.text": "text_column text_column_name text_field dataset_text_field sentence_column",
    "data.columns.label": "label_column label_column_name label_field target_column",
    "data.columns.source": "source_column source_lang_column",
    "data.columns.target": "summary_column target_text_column",
    "data.validation_size": "val_size val_set_size val_split_fraction eval_size dev_size",
    "data.test_size": "test_fraction",
    "data.max_length": "max_seq_length max_seq_len cutoff_len sequence_len model_max_length block_size "
    "max_source_length max_len seq_length",
    "data.prompt": "source_prefix prompt_template",
    "data.chat_template": "template",
    "data.source_language": "source_lang src_lang",
    "data.target_language": "target_lang tgt_lang",
    "data.shots_per_class": "num_samples num_shots samples_per_label",
    "data.labels": "label_names label_list id2label",
    "method": "finetuning_type adapter peft_method training_type peft_type",
    "peft.r": "lora_r lora_rank",
    "peft.lora_alpha": "lora_alpha",
    "peft.lora_dropout": "lora_dropout",
    "peft.target_modules": "lora_target lora_target_modules target_modules",
    "peft.modules_to_save": "modules_to_save lora_modules_to_save",
    "training.per_device_train_batch_size": "micro_batch_size",
    "training.gradient_accumulation_steps": "gradient_accumulation grad_accum_steps",
    "training.early_stopping_patience": "early_stop early_stopping_steps early_stopping",
    "training.bf16": "fp16 mixed_precision precision torch_dtype dtype",
    "training.max_grad_norm": "clip_grad_norm",
    "evaluation.metrics": "metric compute_metrics metrics validation_metric",
    "evaluation.generation": "generation_config generation gen_kwargs",
    "hub.repo_id": "hub_model_id repo_name hub_repo_id",
    "hub.private": "hub_private_repo private_repo",
    "seed": "random_seed manual_seed",
}
_HOMES = {alias: home for home, aliases in _ALIASES.items() for alias in aliases.split()}

ANSWERS = {
    "use_dora": "write method: dora",
    "use_rslora": "write method: rslora",
    "num_labels": "the labels are those of the training rows",
    "tokenizer_name": "the tokenizer is the model's own",
    "tokenizer_name_or_path": "the tokenizer is the model's own",
    "model_revision": "write the revision in model.name, as org/name@revision",
    "revision": "write the revision in model.name, as org/name@revision",
    "trust_remote_code": "code of a model is never run from a recipe",
    "load_in_4bit": "write it as model.quantization: 4bit",
    "load_in_8bit": "write it as model.quantization: 8bit",
    "project_name": "the run folder is given on the command line with --output-dir",
    "out_dir": "the run folder is given on the command line with --output-dir",
    "token": "no secret belongs in a recipe; log in with hf auth login",
    "username": "write the repository as owner/name in hub.repo_id",
}


def homes_of(key: str, schema: dict[str, Any]) -> list[str]:
    """Return the paths in a recipe of a setting with this name, here or in other tools; none if it is unknown.

    Args:
        key: the name.
        schema: of a recipe.
    """
    top = schema["properties"]
    if key in _HOMES:
        return [_HOMES[key]]
    if key in top:
        return [key]
    if key in training_section().model_fields:
        return [dotted(("training", key))]
    return [dotted((section, key)) for section in top if key in keys_of(schema, (section,))]


def where_it_belongs(path: TreePath, schema: dict[str, Any]) -> str | None:
    """Return what to write instead of a key that a section does not have; None if nothing is known of it.

    Args:
        path: of the key, in the recipe or in one of its sections.
        schema: of the recipe.
    """
    key = str(path[-1])
    if key in ANSWERS:
        return ANSWERS[key]
    homes = [home for home in homes_of(key, schema) if home != dotted(path)]
    if homes == [key]:
        return "write it at the top level of the recipe"
    if homes:
        return f"write it as {' or '.join(homes)}"
    if path[0] == "training":
        return None
    if (hint := training_hint(key)) is not None:
        return hint.replace("it is called '", "it is called 'training.")
    known = nearest(key, keys_of(schema, path[:-1]))
    match = None if known else nearest(key, [*training_section().model_fields, *_HOMES])
    return None if match is None else f"did you mean {homes_of(match, schema)[0]}?"


def keys_of(schema: dict[str, Any], path: TreePath) -> list[str]:
    """Return the names of the keys that a section has."""
    return [name for option in alternatives(schema, follow(schema, path)) for name in option.get("properties", {})]
