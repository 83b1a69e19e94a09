"""What stands out, against the formulas of the papers written out once more."""

import math
import random
from collections import Counter

import pytest

from csat.themes import standing_out
from csat.themes.standing_out import PRIOR, discoveries, log_odds, words_of_names


def by_the_paper(here: dict[str, int], there: dict[str, int], word: str) -> float:
    """Equation 16 for the difference, 20 for its variance, 22 for the z-score."""
    whole = sum(here.values()) + sum(there.values())
    a0 = min(PRIOR, whole)
    a = a0 * (here.get(word, 0) + there.get(word, 0)) / whole
    y_i, n_i = here.get(word, 0), sum(here.values())
    y_j, n_j = there.get(word, 0), sum(there.values())
    omega_i = (y_i + a) / (n_i + a0 - y_i - a)
    omega_j = (y_j + a) / (n_j + a0 - y_j - a)
    variance = 1 / (y_i + a) + 1 / (y_j + a)
    return (math.log(omega_i) - math.log(omega_j)) / math.sqrt(variance)


def by_step_up(p_values: list[float], q: float) -> set[int]:
    """The largest k with p(k) <= k/m q, found from the top; all up to it are discoveries."""
    order = sorted(range(len(p_values)), key=lambda n: p_values[n])
    for k in range(len(order), 0, -1):
        if p_values[order[k - 1]] <= k / len(order) * q:
            return set(order[:k])
    return set()


def test_log_odds_are_those_of_the_paper() -> None:
    rng = random.Random(4)
    here = Counter({f"w{n}": rng.randint(0, 60) for n in range(40)})
    there = Counter({f"w{n}": rng.randint(0, 200) for n in range(40)})
    found = log_odds(here, there, list(here))
    assert found == pytest.approx({word: by_the_paper(here, there, word) for word in here}, rel=1e-12)


def test_discoveries_are_those_of_the_step_up_procedure() -> None:
    rng = random.Random(5)
    for _ in range(200):
        p_values = [rng.random() ** rng.choice([1, 4, 9]) for _ in range(rng.randint(1, 40))]
        expected = {f"w{n}" for n in by_step_up(p_values, 0.05)}
        assert set(discoveries({f"w{n}": p for n, p in enumerate(p_values)})) == expected
    assert discoveries({}) == []


def found(heap: list[str], others: list[str], **more: object) -> list[str]:
    more = {"language": "en"} | more
    return [one.words for one in standing_out.standing_out(heap, others, **more)]  # type: ignore[arg-type]


LOW = ["the hinge broke again"] * 40 + ["nothing special here"] * 40
HIGH = ["wonderful help, thanks"] * 60 + ["nothing special here"] * 60


def test_words_and_pairs_said_more_are_found_and_those_said_alike_are_not() -> None:
    assert "hinge broke" in found(LOW, HIGH)
    assert not {"nothing", "special", "nothing special", "wonderful"} & set(found(LOW, HIGH))
    assert found(LOW, LOW) == found([], []) == []


def test_less_than_five_comments_say_nothing() -> None:
    assert found(["the hinge broke"] * 4, HIGH) == []


def test_comments_that_say_one_word_alone_cannot_be_compared() -> None:
    assert log_odds(Counter(fine=6), Counter(), ["fine"]) == {"fine": 0.0}
    assert found(["refund"] * 9, ["Refund!"] * 3) == found(["refund"] * 9, []) == []
    assert found(["退款"] * 9, [], language="zh-hans") == []


def test_names_digits_and_addresses_never_appear() -> None:
    heap = ["Layla sent 4521 to ana@example.com and www.acme.example about a hinge"] * 40
    assert not [word for word in found(heap, HIGH, names={"layla"}) if "layla" in word]
    assert not [word for word in found(heap, HIGH) if any(c in word for c in "@.4521") or "acme" in word]


@pytest.mark.parametrize(
    ("name", "language", "comment", "hidden", "shown"),
    [("Mira Öz-Banks", "de", "Miras Scharnier und Banks Tor", ("mira", "banks", "oz"), "scharnier"),
     ("José", "es", "la bisagra JOSE rota", ("jose",), "bisagra"),
     ("山田太郎", "ja", "山田さんの返金が遅い、太郎", ("山田", "太郎", "田さ"), "返金"),
     ("ガブリエル", "ja", "ガブリエルの返金", ("ガブ", "リエ"), "返金"),
     ("王小明", "zh-hans", "小明说退款3天", ("小明", "明说"), "退款"),
     ("สมศรี ใจดี", "th", "สมศรีคืนเงิน", ("สม", "มศ"), "คืน")],
)  # fmt: skip
def test_no_part_of_a_name_appears_however_it_is_written(
    name: str, language: str, comment: str, hidden: tuple[str, ...], shown: str
) -> None:
    others = ["wunderbares wetter 很好用的产品"] * 40
    words = found([comment] * 40, others, language=language, names=words_of_names([name]))
    assert not [word for word in words for part in hidden if part in word]
    assert any(shown in word for word in words)


def test_in_chance_alone_nothing_stands_out_nearly_ever() -> None:
    rng = random.Random(6)
    words = [f"word{chr(97 + n)}" for n in range(26)]
    comments = [" ".join(rng.sample(words, 6)) for _ in range(600)]
    shown = 0
    for _ in range(20):
        rng.shuffle(comments)
        shown += bool(found(comments[:300], comments[300:]))
    assert shown <= 3


def test_at_most_fifteen_are_shown_and_languages_without_blanks_have_them_too() -> None:
    heap = [f"{chr(97 + n)}{chr(97 + n)}{chr(97 + n)}word broke" for n in range(26) for _ in range(20)]
    assert len(found(heap, HIGH * 3)) <= 15
    assert any("退款" in word for word in found(["我要退款"] * 40, ["很好用的产品"] * 40, language="zh-hans"))
