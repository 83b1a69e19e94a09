import pytest

from csat.channels.segments import Segments, count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 0, 0)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 307, Segments("GSM-7", 307, 3)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        ("€" * 81, Segments("GSM-7", 162, 2)),
        ("ñ" * 160, Segments("GSM-7", 160, 1)),
        ("ç" * 70, Segments("UCS-2", 70, 1)),
        ("ç" * 71, Segments("UCS-2", 71, 2)),
        ("😍" * 35, Segments("UCS-2", 70, 1)),
        ("😍" * 36, Segments("UCS-2", 72, 2)),
        ("’" + "a" * 69, Segments("UCS-2", 70, 1)),
    ],
)
def test_segments_are_counted_as_the_network_does(text: str, expected: Segments):
    assert count(text) == expected


def test_an_escaped_character_is_not_split_over_two_segments():
    assert count("a" * 152 + "€" + "a" * 152).segments == 3


def test_a_face_is_not_split_over_two_segments():
    assert count("ç" * 66 + "😍" + "ç" * 66).segments == 3
