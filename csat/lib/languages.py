"""Languages as people and machines name them, brought to the ones the installation speaks."""

from collections.abc import Collection, Iterator

from django.conf import settings

ALIASES = {"pt": "pt-br", "zh": "zh-hans", "zh-cn": "zh-hans", "zh-sg": "zh-hans", "no": "nb", "nn": "nb"}
UNSPOKEN = {"nb"}  # has a name here, but no page speaks it yet


def normalize(language: str | None, fallback: str = "en") -> str:
    """The supported language for a tag such as `pt`, `de_AT` or `zh-CN`; `fallback` for an unknown one."""
    return _first(language, dict(settings.LANGUAGES)) or fallback


def name_of(language: str) -> str:
    """The tag that is kept of a person: a supported one, or one that may be spoken some day; empty for an
    unknown one.

    Whoever speaks asks `known`, and falls back.
    """
    return normalize(language, "") or _first(language, UNSPOKEN)


def _first(language: str | None, among: Collection[str]) -> str:
    return next((candidate for candidate in _candidates(language) if candidate in among), "")


def _candidates(language: str | None) -> Iterator[str]:
    tag = (language or "").strip().replace("_", "-").lower()
    for one in (tag, tag.split("-")[0]):
        yield from (one, ALIASES.get(one, ""))
