"""Slack's block rules as published (https://docs.slack.dev/reference/block-kit): what is wrong with a list of
blocks.
"""

import re
from collections.abc import Iterator
from typing import Any

ALLOWED = {
    "section": {"type", "block_id", "text", "fields", "accessory", "expand"},
    "actions": {"type", "block_id", "elements"},
    "context": {"type", "block_id", "elements"},
    "header": {"type", "block_id", "text"},
    "divider": {"type", "block_id"},
    "input": {"type", "block_id", "label", "element", "hint", "optional", "dispatch_action"},
}
BUTTON = {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"}
INPUT = {
    "type", "action_id", "initial_value", "multiline", "min_length", "max_length", "placeholder",
    "focus_on_load",
    "dispatch_action_config",
}  # fmt: skip


def wrong(blocks: Any, *, most: int = 50) -> list[str]:
    """Every complaint; none for good blocks."""
    if not isinstance(blocks, list) or not 0 < len(blocks) <= most:
        return [f"blocks: a list of 1 to {most}"]
    complaints = [complaint for block in blocks for complaint in _block(block)]
    for name in ("block_id", "action_id"):
        used = [value for block in blocks for value in _values(block, name)]
        complaints += [f"{name} {value} used twice" for value in set(used) if used.count(value) > 1]
    return complaints


def _values(thing: Any, name: str) -> Iterator[str]:
    if isinstance(thing, dict):
        if name in thing:
            yield thing[name]
        for value in thing.values():
            yield from _values(value, name)
    elif isinstance(thing, list):
        for value in thing:
            yield from _values(value, name)


def _block(block: Any) -> Iterator[str]:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in ALLOWED:
        yield f"unknown block {block!r}"
        return
    yield from (f"{kind}: unknown {name}" for name in set(block) - ALLOWED[kind])
    yield from _length(block.get("block_id", "x"), 255, "block_id")
    yield from BLOCKS[kind](block)


def _section(block: dict[str, Any]) -> Iterator[str]:
    if "text" not in block and not block.get("fields"):
        yield "section: text or fields"
    if "text" in block:
        yield from _text(block["text"], 3000, {"mrkdwn", "plain_text"})
    if len(block.get("fields", [])) > 10:
        yield "section: at most 10 fields"
    for field in block.get("fields", []):
        yield from _text(field, 2000, {"mrkdwn", "plain_text"})


def _actions(block: dict[str, Any]) -> Iterator[str]:
    if not 0 < len(block.get("elements", [])) <= 25:
        yield "actions: 1 to 25 elements"
    for element in block.get("elements", []):
        yield from _button(element)


def _button(element: dict[str, Any]) -> Iterator[str]:
    if element.get("type") != "button":
        yield f"unknown element {element.get('type')}"
        return
    yield from (f"button: unknown {name}" for name in set(element) - BUTTON)
    yield from _text(element.get("text"), 75, {"plain_text"})
    for name, most in {"action_id": 255, "value": 2000, "url": 3000, "accessibility_label": 75}.items():
        if name in element:
            yield from _length(element[name], most, name)
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield "button: style"


def _context(block: dict[str, Any]) -> Iterator[str]:
    if not 0 < len(block.get("elements", [])) <= 10:
        yield "context: 1 to 10 elements"
    for element in block.get("elements", []):
        yield from _text(element, 2000, {"mrkdwn", "plain_text"})


def _header(block: dict[str, Any]) -> Iterator[str]:
    yield from _text(block.get("text"), 150, {"plain_text"})


def _input(block: dict[str, Any]) -> Iterator[str]:
    yield from _text(block.get("label"), 2000, {"plain_text"})
    element = block.get("element") or {}
    if element.get("type") != "plain_text_input":
        yield "input: element"
    yield from (f"plain_text_input: unknown {name}" for name in set(element) - INPUT)
    if "placeholder" in element:
        yield from _text(element["placeholder"], 150, {"plain_text"})
    if not 0 < element.get("max_length", 1) <= 3000:
        yield "plain_text_input: max_length"


BLOCKS = {
    "section": _section,
    "actions": _actions,
    "context": _context,
    "header": _header,
    "input": _input,
    "divider": lambda _block: iter(()),
}


def _text(text: Any, most: int, kinds: set[str]) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield f"text object of {sorted(kinds)} wanted, not {text!r}"
        return
    yield from (f"text: unknown {name}" for name in set(text) - {"type", "text", "emoji", "verbatim"})
    if text["type"] == "mrkdwn" and "emoji" in text:
        yield "mrkdwn knows no emoji field"
    yield from _length(text.get("text"), most, "text")
    if text["type"] == "mrkdwn":
        yield from unescaped(text.get("text", ""))


def unescaped(text: str) -> Iterator[str]:
    """& < > must be entities unless they are a link, a mention or a command of Slack's own."""
    rest = re.sub(r"<(https?://|mailto:|[@#!])[^<>]*>", "", text)
    rest = re.sub(r"&(amp|lt|gt);", "", rest)
    yield from (f"unescaped {char} in {text!r}" for char in "<&" if char in rest)


def _length(text: Any, most: int, name: str) -> Iterator[str]:
    if not isinstance(text, str) or not 0 < len(text) <= most:
        yield f"{name}: a string of 1 to {most} characters"
