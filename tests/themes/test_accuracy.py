"""How well themes are found in comments that no word list was written or mended with."""

import hashlib
import json
from collections import Counter
from pathlib import Path

from csat.reports.scores import wilson
from csat.themes.vocabulary import Vocabulary, shipped

CORPUS = Path(__file__).with_name("corpus.jsonl")


def is_held_back(text: str) -> bool:
    """A third of the corpus: the lists were mended with the other two."""
    return int(hashlib.sha256(text.encode()).hexdigest()[0], 16) % 3 == 2


def measured() -> Counter[str]:
    """Over all comments held back and all themes: `right`, found `wrong`ly, `missed`."""
    slugs = list(shipped()["en"])
    words = {
        language: {slugs.index(slug): lines for slug, lines in themes.items()}
        for language, themes in shipped().items()
    }
    vocabulary, counted = Vocabulary(words), Counter[str]()
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        comment = json.loads(line)
        if is_held_back(comment["text"]):
            language = comment["language"].lower().replace("_", "-")
            found = {
                slugs[number] for number in vocabulary.themes(comment["text"], language, comment["score"])
            }
            meant = set(comment["themes"])
            counted.update(right=len(found & meant), wrong=len(found - meant), missed=len(meant - found))
    return counted


def test_nine_in_ten_themes_found_are_meant_and_three_in_four_that_are_meant_are_found() -> None:
    """Wanted are a precision of 90 % (lower bound of its interval 85 %) and a recall of 75 %
    (docs/reports.md).
    """
    counted = measured()
    precision = wilson(counted["right"], counted["right"] + counted["wrong"])
    recall = counted["right"] / (counted["right"] + counted["missed"])
    assert sum(counted.values()) > 400
    assert precision is not None
    assert precision.low >= 0.85, counted
    assert counted["right"] >= 0.9 * (counted["right"] + counted["wrong"]), counted
    assert recall >= 0.75, counted
