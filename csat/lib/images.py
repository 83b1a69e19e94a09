"""Pictures people upload: known by their first bytes, never by their name; no SVG, which can carry scripts."""

from typing import IO, Any, Protocol

from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid

LARGEST = 30 * 1024  # it is part of the rating page, which stays under 50 KB in all


class Upload(Protocol):
    size: int | None

    def read(self, size: int = ..., /) -> bytes: ...
    def seek(self, position: int, /) -> Any: ...


def checked_name(upload: Upload | IO[bytes]) -> str:
    """A safe file name for the picture. Raises Invalid when it is too large or no PNG, JPEG, WebP or GIF."""
    if (getattr(upload, "size", None) or 0) > LARGEST:
        raise Invalid(_("The picture is larger than 30 KB."))
    start = upload.read(16)
    upload.seek(0)
    kind = _kind(start)
    if kind is None:
        raise Invalid(_("This is not a PNG, JPEG, WebP or GIF picture."))
    return f"logo.{kind}"


def _kind(start: bytes) -> str | None:
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if start.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if start[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    return "webp" if start[:4] == b"RIFF" and start[8:12] == b"WEBP" else None
