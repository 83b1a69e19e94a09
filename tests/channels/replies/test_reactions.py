"""Reactions that mail programs and telephones put into words, in the languages they speak."""

import pytest

from csat.channels.replies import reactions
from csat.channels.replies.reactions import Reaction

GMAIL = (
    "<https://www.google.com/gmail/about/?utm_source=gmail-in-product&utm_campaign=emojireactionemail#app>"
)
WORDS = [
    "Jane Roe reacted via Gmail", "Jane Roe hat über Gmail reagiert", "Jane Roe a réagi via Gmail",
    "Flor reaccionó a través de Gmail", "Jane ha reagito tramite Gmail", "Jane reagiu pelo Gmail",
    "Jane heeft gereageerd via Gmail", "Jane zareagował(a) przez Gmaila", "Jane, Gmail üzerinden tepki verdi",
    "Jane 已通过 Gmail 做出回应",
]  # fmt: skip
OTHER_WORDS = [
    "تفاعلت Jane عبر Gmail", "Jane さんが Gmail でリアクションしました", "Jane ส่งรีแอ็กชั่นผ่าน Gmail",
]  # fmt: skip


@pytest.mark.parametrize("words", WORDS + OTHER_WORDS)
def test_gmail_names_who_reacted_above_its_own_link_in_any_language(words: str) -> None:
    """The form in the wild: dyaskur/google-chat-poll#140; its format: nextcloud/mail#10961."""
    assert reactions.find(f"😡\n\n{words}\n{GMAIL}") == Reaction("😡")
    assert reactions.find(f"❤️ {words} {GMAIL}") == Reaction("❤️")


@pytest.mark.parametrize("words", WORDS)
def test_without_the_link_its_words_are_known(words: str) -> None:
    assert reactions.find(f"😡\n\n{words}") == Reaction("😡")


def test_outlook_does_not_say_how() -> None:
    """hteumeuleu/caniemail#474: the plain text that Outlook sends to other systems."""
    assert reactions.find("Jane Roe reacted to your message:") == Reaction()


@pytest.mark.parametrize(
    "text",
    [
        "Liked “How was your chat? Reply 1 to 5”", "Loved “How was it?”", "Laughed at “How was it?”",
        "Loved an image", 'Disliked "How was your conversation with Acme?"',
        "Gefällt „Wie war Ihr Gespräch?“", "A aimé « Comment ? »", "Le gustó “¿Cómo fue?”",
        "Ha messo mi piace a “Com’è andata?”", "Curtiu “Como foi?”", "Polubiono „Jak było?”",
        "“Nasıldı?” öğesini beğendi", "赞了“怎么样？”", "“いかがでしたか”に「いいね」",
        "Liked “He said “good” to me”",
    ],
)  # fmt: skip
def test_a_tapback_by_text_message_is_a_reaction(text: str) -> None:
    """moezbhatti/qksms#1330, SimpleMobileTools/Simple-SMS-Messenger#428."""
    assert reactions.find(text) == Reaction()


@pytest.mark.parametrize(
    ("text", "emoji"),
    [
        ("Reacted 😍 to “How was it?”", "😍"),
        ("Reagierte mit 😡 auf „Wie war es?“", "😡"),
        ("😍 to “How was it?”", "😍"),
        ("\u200b👍\u200b to “\u200bHow was it?\u200b”", "👍"),
    ],
)
def test_a_phone_may_name_the_emoji(text: str, emoji: str) -> None:
    """quik-sms/quik#152: iOS since 18, and Google's Messages."""
    assert reactions.find(text) == Reaction(emoji)


def test_a_reaction_may_be_taken_back() -> None:
    """quik-sms/quik#533"""
    assert reactions.find("Removed a like from “How was it?”") == Reaction(taken_back=True)
    assert reactions.find("Removed 😍 from “How was it?”") == Reaction("😍", taken_back=True)


@pytest.mark.parametrize(
    "text",
    [
        "5", "👍", "😡", "", "I loved the movie", 'Loved "Sam"', "Sam said “hello there”",
        "Sam 😍 said “hello you”", "👍\nmy mail is jane@gmail.com",
        "I reacted via Gmail yesterday, did you see it?", "Liked it", "“”", "1 “very bad”",
        "😡\n\nThe parcel was broken",
    ],
)  # fmt: skip
def test_what_a_person_typed_is_none(text: str) -> None:
    assert reactions.find(text) is None
