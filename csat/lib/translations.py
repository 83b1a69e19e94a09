"""Translations read,
brought up to date and compiled by Babel; the .mo files are not kept in the repository."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog, Message

from csat.lib.extraction import Phrase


def read(source: Path) -> Catalog:
    with source.open("rb") as file:
        return pofile.read_po(file)


def is_translated(message: Message) -> bool:
    forms = message.string if isinstance(message.string, list | tuple) else [message.string]
    return all(forms) and not message.fuzzy


def update(source: Path, wanted: Mapping[Phrase, list[str]]) -> int:
    """Rewrite a .po with these phrases, each with the files it stands in, and no others; how many are
    untranslated.
    """
    template = Catalog()
    for phrase, files in wanted.items():
        text = (phrase.text, phrase.plural) if phrase.plural else phrase.text
        template.add(text, locations=[(file, 0) for file in files], context=phrase.context)
    catalog, header = (
        read(source),
        source.read_text().partition("\n\n")[0],
    )  # Babel would put the date of each run in it
    catalog.update(template, no_fuzzy_matching=True)
    messages = io.BytesIO()
    pofile.write_po(messages, catalog, width=120, omit_header=True, ignore_obsolete=True)
    source.write_text(f"{header}\n\n{messages.getvalue().decode().strip()}\n")
    return sum(not is_translated(message) for message in catalog if message.id)


def compile_stale(folder: Path) -> list[Path]:
    """Write every .mo that is missing or older than its .po; the files written. Safe while others read or do
    the same.
    """
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            _compile(source, target)
            written.append(target)
    return written


def _compile(source: Path, target: Path) -> None:
    part = target.with_suffix(f".{os.getpid()}")
    with part.open("wb") as file:
        mofile.write_mo(file, read(source))
    part.replace(target)  # whole or not at all: other processes may be reading it
