"""Tasks, one room each: everything that depends on which task a model does.

`room_of` gives the room of a task. A new task is a new folder here, named like the task with underscores, whose
module ``room`` has a `toolkit.tasks.room.TaskRoom` called ``ROOM``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from toolkit.names import Task

if TYPE_CHECKING:
    from toolkit.adapters import LocatedModel
    from toolkit.tasks.room import TaskRoom


@cache
def room_of(task: Task) -> TaskRoom:
    """Return the room of a task.

    Args:
        task: any task of `toolkit.names`.
    """
    room: TaskRoom = import_module(f"toolkit.tasks.{task.replace('-', '_')}.room").ROOM
    return room


def task_of(located: LocatedModel) -> Task:
    """Return the task that a model was trained for, told by what it keeps, its class or its adapter.

    A model that no task knows, such as a body without head, counts as text classification: opening it says what is
    missing.

    Args:
        located: the model's files.

    Raises:
        IntegrityError: its configuration is damaged.
    """
    from toolkit.adapters.adapter_folder import adapter_task_type, is_adapter
    from toolkit.adapters.layouts import TASK, kept_word
    from toolkit.adapters.loading import open_config

    kept = kept_word(located.folder, TASK)
    if kept in set(Task):
        return Task(kept)
    if is_adapter(located.folder):
        made_for = adapter_task_type(located)
        known = (task for task in Task if made_for in room_of(task).head.peft_types.values())
    else:
        class_name = next(iter(open_config(located).architectures or ()), "")
        known = (task for task in Task if class_name.endswith(room_of(task).class_endings))
    return next(known, Task.TEXT_CLASSIFICATION)
