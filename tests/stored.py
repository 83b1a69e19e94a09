"""The files that are kept, wherever this installation keeps them."""

from contextlib import suppress

from django.core.files.storage import default_storage


def names(folder: str) -> list[str]:
    with suppress(FileNotFoundError):  # a folder that nothing was saved in
        return list(default_storage.listdir(folder)[1])
    return []
