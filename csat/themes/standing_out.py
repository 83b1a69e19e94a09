"""Words and pairs of words that stand out in one heap of comments against another. Pure: no database.

Log-odds ratio with an informative Dirichlet prior: B. L. Monroe, M. P. Colaresi, K. M. Quinn, "Fightin'
Words", Political Analysis 16 (2008) 372-403, equations 16, 20 and 22. The prior of a word is its count in
both heaps together, scaled to PRIOR words in all. Which of them are more than chance is held to 5 % false
ones over all words tested: Y. Benjamini, Y. Hochberg, J. R. Stat. Soc. B 57 (1995) 289-300.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import erfc, log, sqrt

from csat.lib.text import fold
from csat.themes.languages import COMMON, WORD
from csat.themes.lemmas import CONTAINED

AT_LEAST = 5  # comments that say it
FALSE = 0.05  # of those shown, at most so many by chance
MOST = 15
PRIOR = 500.0  # words
ONLINE_ADDRESS = re.compile(r"\S*(?:@|://|www\.)\S*")
ADDRESS = re.compile(ONLINE_ADDRESS.pattern + r"|\S*\d\S*")
HAN = re.compile("[\u3040-\u30ff\u4e00-\u9fff\u0e00-\u0e7f]+")
THAI = re.compile("[\u0e00-\u0e7f]")


@dataclass(frozen=True)
class Standout:
    """`words` as the comments have them; `count` and `others`: in how many comments of each heap."""

    words: str
    count: int
    others: int
    z: float


def standing_out(
    heap: Iterable[str], others: Iterable[str], *, language: str, names: Collection[str] = ()
) -> list[Standout]:
    """What is said more in `heap` than in `others`, the surest first, at most 15.

    `names`, as `words_of_names` has them, are never shown. A comment counts once for a word, however often it
    says it.
    """
    here, there = _count(heap, language, names), _count(others, language, names)
    tested = [word for word, n in (here + there).items() if n >= AT_LEAST]
    z = log_odds(here, there, tested)
    sure = discoveries({word: erfc(abs(z[word]) / sqrt(2)) for word in tested})
    found = [Standout(word, here[word], there[word], z[word]) for word in sure if z[word] > 0]
    found.sort(key=lambda one: (-one.z, one.words))
    return _without_parts(found)[:MOST]


def words_of_names(names: Iterable[str]) -> set[str]:
    """What is never shown of them: each word, folded. Where there are no blanks, as in Chinese and Japanese,
    nobody sees how long the family name is: its first and its last two characters as well.
    """
    words: set[str] = set()
    for name in set(names):
        words.update(fold(word) for word in WORD.findall(name.lower()))
        for run in HAN.findall(name):
            words.update([run] if THAI.search(run) else (run, run[:2], run[-2:]))
    return words


def log_odds(here: Counter[str], there: Counter[str], words: Sequence[str]) -> dict[str, float]:
    """Of each word the z-score of the difference of its log-odds in the two heaps; 0 where it is their only
    word, as there is nothing to weigh it against.
    """
    together = here + there
    n_here, n_there, n = here.total(), there.total(), together.total()
    if not n:
        return {}
    scale = min(PRIOR, n) / n

    def of(word: str) -> float:
        prior, priors = together[word] * scale, n * scale
        one, other = here[word] + prior, there[word] + prior
        odds = log(one / (n_here + priors - one)) - log(other / (n_there + priors - other))
        return odds / sqrt(1 / one + 1 / other)

    return {word: of(word) if together[word] < n else 0.0 for word in words}


def discoveries(p_values: dict[str, float], share: float = FALSE) -> list[str]:
    """Those whose p-value is under the step-up line; at most this share of them is false, on average."""
    ordered = sorted(p_values.items(), key=lambda item: item[1])
    passed = [rank for rank, (_word, p) in enumerate(ordered, 1) if p <= share * rank / len(ordered)]
    return [word for word, _p in ordered[: max(passed, default=0)]]


def _count(comments: Iterable[str], language: str, names: Collection[str]) -> Counter[str]:
    if language in CONTAINED:
        hidden = frozenset(name for name in names if len(name) > 1 and HAN.fullmatch(name))
        lengths = sorted({len(name) for name in hidden}, reverse=True)
        return Counter(term for comment in comments for term in _characters(comment, hidden, lengths))
    return Counter(term for comment in comments for term in _terms(comment, language, names))


def _terms(comment: str, language: str, names: Collection[str]) -> set[str]:
    """Words, without the commonest, and pairs of neighbours of them."""
    common = COMMON.get(language, frozenset())
    found: set[str] = set()
    for sentence in re.split(r"[.,;:!?…\n]+", ADDRESS.sub(".", comment.lower())):
        words = WORD.findall(sentence)
        folded = [fold(word) for word in words]
        plain = [word not in names and word.removesuffix("s") not in names for word in folded]
        rare = [ok and word not in common and len(word) > 2 for word, ok in zip(folded, plain, strict=True)]
        found |= {word for word, ok in zip(words, rare, strict=True) if ok}
        for n in range(len(words) - 1):
            if rare[n] and rare[n + 1]:
                found.add(f"{words[n]} {words[n + 1]}")
    return found


def _characters(comment: str, hidden: Collection[str], lengths: Sequence[int]) -> set[str]:
    """Two and three neighbouring characters: what stands for words where there are no blanks. `lengths`: of
    the names that are hidden.
    """
    return {
        part[start : start + length]
        for run in HAN.findall(ONLINE_ADDRESS.sub(".", comment))
        for part in _around(run, hidden, lengths)
        for length in (2, 3)
        for start in range(len(part) - length + 1)
    }


def _around(run: str, hidden: Collection[str], lengths: Sequence[int]) -> list[str]:
    """What stands before, between and behind the names in these characters."""
    kept, start = [""], 0
    while start < len(run):
        length = next((length for length in lengths if run[start : start + length] in hidden), 0)
        if length:
            kept.append("")
        else:
            kept[-1] += run[start]
        start += length or 1
    return kept


def _without_parts(found: list[Standout]) -> list[Standout]:
    """A word that only ever comes in a pair which is shown, too, is not shown again."""
    return [
        one
        for one in found
        if not any(
            one.words != other.words and one.words in other.words and one.count <= other.count
            for other in found
        )
    ]
