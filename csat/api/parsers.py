"""JSON bodies: at most 10 MB, and only numbers that a database can store. Uploads: at most 101 MB."""

import codecs
import json
import math
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import DataAndFiles, JSONParser, MultiPartParser

from csat.lib.refusal import Invalid

LIMIT = 10 * 1024 * 1024
UPLOAD_LIMIT = 101 * 1024 * 1024  # a file of 100, and what stands around it


class TooLarge(APIException):
    status_code = 413
    default_code = "too_large"

    def __init__(self, limit: int = LIMIT) -> None:
        super().__init__(_("The body is larger than %(limit)d bytes.") % {"limit": limit})


class Json(JSONParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        encoding = (parser_context or {}).get("encoding") or "utf-8"
        body = stream.read(LIMIT + 1)
        if len(body) > LIMIT:
            raise TooLarge
        try:
            text = codecs.decode(body, encoding).removeprefix("\ufeff")  # some clients send a byte order mark
            return json.loads(text, parse_constant=_not_a_number, parse_float=_finite)
        except (ValueError, LookupError, RecursionError) as error:
            raise ParseError(_("This is not valid JSON: %(why)s") % {"why": error}) from error


class Multipart(MultiPartParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> "DataAndFiles[Any, Any]":
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > UPLOAD_LIMIT:
            raise TooLarge(UPLOAD_LIMIT)
        return super().parse(stream, media_type, parser_context)


def _not_a_number(name: str) -> float:
    raise Invalid(_("%(name)s is not a number.") % {"name": name})


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _not_a_number(text[:20])
