"""Files in the database, so that every machine of an installation has them: a storage of Django's."""

import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage
from django.db import models, transaction
from django.utils import timezone

CHUNK = 1024 * 1024  # bytes of one row


class StoredFile(models.Model):
    name = models.CharField(max_length=255, unique=True)
    size = models.BigIntegerField(default=0)
    stored_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class StoredChunk(models.Model):
    file = models.ForeignKey(StoredFile, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="one_chunk")]

    def __str__(self) -> str:
        return f"{self.file_id}, {self.number}"


class DatabaseStorage(Storage):
    """What an earlier version left in the folder of media files is still found there."""

    @property
    def folder(self) -> FileSystemStorage:
        return FileSystemStorage()

    def _save(self, name: str, content: "File[Any]") -> str:
        with transaction.atomic():
            stored, size = StoredFile.objects.create(name=name), 0
            for number, chunk in enumerate(content.chunks(CHUNK)):
                data = chunk.encode() if isinstance(chunk, str) else chunk
                StoredChunk.objects.create(file=stored, number=number, content=data)
                size += len(data)
            StoredFile.objects.filter(pk=stored.pk).update(size=size)
        return name

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        stored = StoredFile.objects.filter(name=name).first()
        if stored is None:
            return self.folder.open(name, mode)
        if mode != "rb":
            raise ValueError("A stored file is read only; save another in its place.")
        return _Opened(stored)

    def delete(self, name: str) -> None:
        if not StoredFile.objects.filter(name=name).delete()[0]:
            self.folder.delete(name)

    def exists(self, name: str) -> bool:
        return StoredFile.objects.filter(name=name).exists() or self.folder.exists(name)

    def size(self, name: str) -> int:
        size = StoredFile.objects.filter(name=name).values_list("size", flat=True).first()
        return self.folder.size(name) if size is None else size

    def url(self, name: str | None) -> str:
        return self.folder.url(name)

    def get_modified_time(self, name: str) -> datetime:
        at = StoredFile.objects.filter(name=name).values_list("stored_at", flat=True).first()
        return at or self.folder.get_modified_time(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Files directly under a path, in both places; no folders."""
        start = f"{path.strip('/')}/" if path.strip("/") else ""
        names: Iterable[str] = StoredFile.objects.filter(name__startswith=start).values_list(
            "name", flat=True
        )
        ours = {name.removeprefix(start) for name in names}
        theirs = set(self.folder.listdir(path)[1]) if self.folder.exists(path) else set()
        return [], sorted({name for name in ours if "/" not in name} | theirs)


class _Opened(File):  # type: ignore[type-arg]  # not generic when it runs
    """May be opened again, as a file in a folder may."""

    def __init__(self, stored: StoredFile) -> None:
        self.stored = stored
        super().__init__(self._reader(), stored.name)
        self.mode = "rb"

    def open(self, mode: str | None = None, *args: Any, **kwargs: Any) -> "_Opened":
        if self.closed:
            self.file = self._reader()
        else:
            self.seek(0)
        return self

    @property
    def size(self) -> int:
        return self.stored.size

    def _reader(self) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self.stored.pk, self.stored.size), CHUNK)


class _Reader(io.RawIOBase):
    """Reads a chunk at a time, wherever one seeks to."""

    def __init__(self, pk: int, size: int) -> None:
        self.pk, self.length, self.place = pk, size, 0
        self.chunk, self.content = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.length}[whence]
        self.place = max(0, start + offset)
        return self.place

    def readinto(self, buffer: Any) -> int:
        """Raises OSError when the file was deleted meanwhile."""
        if self.place >= self.length:
            return 0
        number, start = divmod(self.place, CHUNK)
        if number != self.chunk:
            rows = StoredChunk.objects.filter(file_id=self.pk, number=number)
            content = rows.values_list("content", flat=True).first()
            if content is None:
                raise OSError("The file was deleted while it was read.")
            self.chunk, self.content = number, bytes(content)
        part = self.content[start : start + len(buffer)]
        buffer[: len(part)] = part
        self.place += len(part)
        return len(part)
