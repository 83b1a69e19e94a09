"""Languages as people and machines name them, brought to the ones the installation speaks."""

from django.conf import settings

ALIASES = {"pt": "pt-br", "zh": "zh-hans", "zh-cn": "zh-hans", "zh-sg": "zh-hans", "no": "nb"}
RTL = {"ar", "fa", "he", "ur"}


def known(language: str | None, fallback: str = "en") -> str:
    """The supported language for a tag such as `pt`, `de_AT` or `zh-CN`; `fallback` for an unknown one."""
    supported = dict(settings.LANGUAGES)
    tag = (language or "").strip().replace("_", "-").lower()
    for candidate in (tag, ALIASES.get(tag, ""), tag.split("-")[0], ALIASES.get(tag.split("-")[0], "")):
        if candidate in supported:
            return candidate
    return fallback


def direction(language: str) -> str:
    """`rtl` or `ltr`."""
    return "rtl" if language.split("-")[0] in RTL else "ltr"
