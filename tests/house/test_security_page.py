"""docs/security.md: every requirement of ASVS 5.0, levels 1 and 2, once; the tests it names are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security.md"
STATES = re.compile(r"met|partly|operator|issue \d+")
# how many requirements of level 1 or 2 each section has, which come first in it. Of chapter 10 those for a
# client; chapter 17 is told in a sentence: there is no WebRTC.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2,
    "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3,
    "5.3": 2, "5.4": 3, "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3,
    "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3,
    "9.2": 4, "10.1": 2, "10.2": 2, "10.5": 5, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1,
    "11.6": 1, "12.1": 3, "12.2": 2,
    "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3,
    "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
}  # fmt: skip
NUMBER = re.compile(r"(?<![\d.])\d+\.\d+\.\d+(?![\d.])")


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_requirement_stands_there_once():
    wanted = [f"{section}.{number + 1}" for section, count in SECTIONS.items() for number in range(count)]
    not_applying = PAGE.read_text().partition("## Does not apply")[2]
    told = [number for row in rows() for number in NUMBER.findall(row[0])] + NUMBER.findall(not_applying)
    assert sorted(told) == sorted(wanted)


def test_every_row_has_a_state_and_what_is_met_or_missing_is_shown():
    for row in rows():
        assert len(row) == 4, row
        assert STATES.fullmatch(row[2]), row
        assert row[3] or row[2].startswith("issue"), row


def test_every_test_it_names_is_there():
    named = re.findall(r"(tests/[\w/]+\.py)::(\w+)", PAGE.read_text())
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or f"def {name}(" not in (ROOT / path).read_text()
    ]
    assert named
    assert not missing


def test_every_page_and_file_it_names_is_there():
    named = re.findall(r"\b(?:docs|csat|project|tests)/[\w/]+\.(?:md|py)\b", PAGE.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []
