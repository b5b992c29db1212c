EXAMPLE = ""


def import_() -> None:
    """X"""
