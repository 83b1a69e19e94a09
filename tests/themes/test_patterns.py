"""What a line of words means, and where a comment says it."""

import pytest

from csat.themes.patterns import TextIndex, WordIndex, compile_line, lines, squeezed, tokens


def found(comment: str, *words: str, language: str = "en", score: int = 3) -> bool:
    patterns = [compile_line(word, 1, language) for word in words]
    index = WordIndex([one for one in patterns if one], language)
    return index.themes(tokens(comment, language), score) == {1}


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("The DELIVERY was late", ["delivery"]),
        ("It was delivered late", ["deliver*"]),
        ("I was on hold for long", ["on hold"]),
        ("It took three full hours", ["took .. hours"]),
        ("It took hours", ["took .. hours"]),
        ("don’t know", ["don't know"]),
        ("copy-paste answers", ["copy paste"]),
        ("Réponse très rapide", ["tres rapide"]),
        ("That was fast. Not bad.", ["!fast"]),
        ("Not bad. Fast!", ["!fast"]),
        ("fast food, and a fast answer", ["fast", "-fast food"]),
        ("Versandkosten", ["*kosten"]),
        ("It was never in three calls or two mails solved", ["never ... solved"]),
        ("It was never, in three calls, solved", ["never ... solved"]),
        ("No one ever answered", ["no-one|nobody .. repl*|answer*"]),
        ("Nobody replies", ["no-one|nobody .. repl*|answer*"]),
        ("It doesnt work, it can’t", ["does not work"]),
        ("It can’t", ["cannot"]),
        ("sooooo slow", ["so slow"]),
    ],
)
def test_a_comment_that_says_it(comment: str, words: list[str]) -> None:
    assert found(comment, *words)


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("The deliveries", ["delivery"]),
        ("We hold on", ["on hold"]),
        ("It took. Hours went by", ["took .. hours"]),
        ("It took me and all of my friends hours", ["took .. hours"]),
        ("It was not very fast", ["!fast"]),
        ("I love fast food", ["fast", "-fast food"]),
        ("It was never late. I solved it", ["never ... solved"]),
        ("It was never, after all. It is solved", ["never ... solved"]),
        ("One reply", ["no-one|nobody .. repl*|answer*"]),
    ],
)
def test_a_comment_that_does_not_say_it(comment: str, words: list[str]) -> None:
    assert not found(comment, *words)


def test_what_is_weak_counts_only_where_nothing_else_is_said() -> None:
    patterns = [compile_line("?two weeks", 1, "en"), compile_line("parcel", 2, "en")]
    index = WordIndex([one for one in patterns if one], "en")
    assert index.themes(tokens("Two weeks!", "en"), 3) == {1}
    assert index.themes(tokens("Two weeks for a parcel", "en"), 3) == {2}


def test_some_words_count_in_comments_of_dissatisfied_or_of_satisfied_customers_only() -> None:
    assert [found("It was cold", "<cold", score=score) for score in (1, 3, 4, 5)] == [
        True,
        True,
        False,
        False,
    ]
    assert [found("So quick!", ">quick", score=score) for score in (1, 3, 4, 5)] == [False, False, True, True]
    index = TextIndex([one for one in [compile_line(">速い", 1, "ja")] if one])
    assert index.themes(squeezed("速い"), 5) == {1}
    assert index.themes(squeezed("速い"), 2) == set()


def test_turkish_denies_behind_the_word() -> None:
    assert found("Hızlı bir cevap", "!hızlı", language="tr")
    assert not found("Hiç de hızlı değil", "!hızlı", language="tr")


def test_turkish_has_a_capital_i_with_a_dot() -> None:
    assert found("İade hâlâ yapılmadı", "iade", language="tr")


def test_in_an_instant_denies_nothing_in_portuguese() -> None:
    assert found("Resolveu num minuto", "!minuto", language="pt-br")
    assert not found("Nem um minuto", "!minuto", language="pt-br")


def test_arabic_writes_article_and_preposition_with_the_word() -> None:
    assert found("وبالسعر هذا", "سعر", language="ar")


def test_a_letter_of_an_arabic_word_of_a_line_is_no_preposition() -> None:
    assert found("خبر فاخر", "فاخر", language="ar")
    assert not found("خبر اخر", "فاخر", language="ar")
    assert found("سعر جيد", "السعر", language="ar")


def test_a_word_is_known_by_its_dictionary_form() -> None:
    forms = {"parcels": "parcel", "parcel": "parcel"}

    def lemma(word: str) -> str:
        return forms.get(word, word)

    pattern = compile_line("parcel", 1, "en")
    assert pattern
    index = WordIndex([pattern], "en")
    assert index.themes(tokens("two parcels", "en", lemma), 3) == {1}
    assert index.themes(tokens("two letters", "en", lemma), 3) == set()


def test_without_blanks_it_is_contained_and_an_exclusion_holds_where_it_overlaps() -> None:
    patterns = [compile_line(line, 1, "zh-hans") for line in ("贵", "-贵公司")]
    index = TextIndex([one for one in patterns if one])
    assert index.themes(squeezed("这个太贵了"), 3) == {1}
    assert index.themes(squeezed("贵公司很好"), 3) == set()
    assert index.themes(squeezed("贵公司的东西太贵"), 3) == {1}


def test_without_blanks_there_are_gaps_and_choices_and_voiced_letters_are_others() -> None:
    pattern = compile_line("まだ .. 返事|連絡", 1, "ja")
    assert pattern
    index = TextIndex([pattern])
    assert index.themes(squeezed("まだ何の連絡もない"), 3) == {1}
    assert index.themes(squeezed("また今度連絡します"), 3) == set()
    assert index.themes(squeezed("まだです。連絡します"), 3) == set()


def test_lines_are_parted_by_ends_of_line_and_commas_each_once_and_none_is_empty() -> None:
    assert lines("late, slow\n slow \n\n-\n!fast、<遅い") == ["late", "slow", "!fast", "<遅い"]
    assert compile_line("*", 1, "en") is None
