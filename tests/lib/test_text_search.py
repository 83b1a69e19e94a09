"""Text is found alike on every database: capitals, accents and blanks do not decide."""

import pytest

from csat.lib.text_search import fold, pieces
from csat.people.models import Contact

NAMES = {
    "Ömer Çelik": ("ömer", "ÇELİK", "celik", "OMER"),
    "İpek Işık": ("ipek", "İPEK", "IPEK", "ışık", "IŞIK", "isik"),
    "Анна Петрова": ("анна", "ПЕТРОВА", "нна пет"),
    "Артём Королёв": ("артем", "АРТЁМ", "королев"),
    "Γιώργος Παπαδόπουλος": ("γιώργος", "ΓΙΩΡΓΟΣ", "γιωργο", "ΠΑΠΑΔΌΠΟΥΛΟΣ"),
    "Jürgen Groß": ("jürgen", "JURGEN", "gross", "GROSS", "groß", "GROẞ"),
    "ÉLODIE Durand": ("élodie", "elodie", "DURAND", "e\u0301lodie"),
    "Zoe\u0308 Lindqvist": ("zoë", "ZOË", "zoe"),
    "Nguyễn Thị Đào": ("nguyen", "NGUYỄN", "thị đào", "thi dao"),
    "Łukasz Søndergård": ("lukasz", "ŁUKASZ", "sondergard"),
    "Siobhán O’Brien": ("o'brien", "O’BRIEN", "siobhan"),
    "สมชาย ใจดี": ("ชาย", "ใจดี"),
    "客服很好": ("很好", "服"),
    "山田ガス商店": ("ガス", "田ガ", "山田カ\u3099ス"),
    "김민준": ("민준", "\u1106\u1175\u11ab\u110c\u116e\u11ab"),
    "أحمد مُحَمَّد فاطمة": ("احمد", "محمد", "فاطمه", "محـمد"),
    "100%_sure\\": ("100%", "%_", "e\\"),
}
CASES = [(name, typed) for name, all_typed in NAMES.items() for typed in all_typed]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "typed"), CASES)
def test_a_name_is_found_as_people_type_it_on_every_database(name: str, typed: str) -> None:
    """inventree/InvenTree#1585, hay-kot/homebox#480, baserow/baserow#1350 (capitals beyond ASCII on SQLite);
    4gray/iptvnator#609 and OHF-Voice/hassil#295 (the Turkish i); keepassium/KeePassium#118 (accents).
    """
    contact = Contact.objects.create(name=name)
    Contact.objects.create(name="Somebody Else")
    assert list(Contact.objects.filter(name__folded_contains=typed)) == [contact]


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["%", "_", "100_", "ll", "петр", "o brien", "好客"])
def test_what_was_not_written_is_not_found(typed: str) -> None:
    for name in ("Анна", "Siobhán O’Brien", "客服很好", "Ömer", "100 % sure"):
        Contact.objects.create(name=name)
    found = Contact.objects.filter(name__folded_contains=typed)
    assert [contact.name for contact in found] == (["100 % sure"] if typed == "%" else [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", [*NAMES, "Ⅷ Ａ ﬁ №", "ΣΑΣ ὈΔΥΣΣΕΎΣ", "ǅ ŉ ẞ", "გიორგი ᲒᲘᲝᲠᲒᲘ", "हिन्दी", "שָׁלוֹם"]
)
def test_the_database_folds_as_python_does(text: str) -> None:
    contact = Contact.objects.create(name=f"<{text}>")
    assert Contact.objects.filter(name__folded_contains=f"<{text}>").get() == contact
    assert Contact.objects.filter(name__folded_contains=f"<{fold(text)}>").get() == contact


@pytest.mark.parametrize(
    ("text", "words", "hits"),
    [
        ("Falsche GRÖSSE, falsche Größe", ["größe", "FALSCHE"], ["Falsche", "GRÖSSE", "falsche", "Größe"]),
        ("Die Straße", ["strass"], ["Straß"]),
        ("Die Straße", ["s"], ["S", "ß"]),
        ("Zoe\u0308!", ["zoë"], ["Zoe\u0308"]),
        ("客服很好,解决很快", ["很"], ["很", "很"]),
        ("nothing", ["", "x"], []),
        ("aaa", ["a", "aa"], ["aa", "a"]),
    ],
)
def test_a_hit_is_marked_as_it_was_written(text: str, words: list[str], hits: list[str]) -> None:
    parts = pieces(text, words)
    assert "".join(part for part, _hit in parts) == text
    assert [part for part, hit in parts if hit] == hits
