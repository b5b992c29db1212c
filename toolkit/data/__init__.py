"""Data: sources, columns, checks, splits and batches. Heavy libraries are imported at their first use."""

from toolkit.data.batches import StepBatches, by_length
from toolkit.data.columns import pick_columns
from toolkit.data.doctor import examine, examine_section
from toolkit.data.doctor_report import DoctorReport
from toolkit.data.doctor_tokens import TokenReport, examine_tokens
from toolkit.data.encodings import decode
from toolkit.data.packaged import PACKAGED_DATA, PACKAGED_MODELS, packaged_file, packaged_model_folder
from toolkit.data.prepare import ClassificationData, prepare_classification
from toolkit.data.prepare_texts import TextData, prepare_texts
from toolkit.data.rows import prepare_rows, prepare_text_rows
from toolkit.data.sources import DATA_SUFFIXES, Source, read_splits, read_table
from toolkit.data.splits import few_shot, split_indices
from toolkit.data.tables import Table

__all__ = [
    "DATA_SUFFIXES",
    "PACKAGED_DATA",
    "PACKAGED_MODELS",
    "ClassificationData",
    "DoctorReport",
    "Source",
    "StepBatches",
    "Table",
    "TextData",
    "TokenReport",
    "by_length",
    "decode",
    "examine",
    "examine_section",
    "examine_tokens",
    "few_shot",
    "packaged_file",
    "packaged_model_folder",
    "pick_columns",
    "prepare_classification",
    "prepare_rows",
    "prepare_text_rows",
    "prepare_texts",
    "read_splits",
    "read_table",
    "split_indices",
]
