"""Ratings in replies by mail: quotations, signatures and greetings of twelve languages around a number."""

import pytest

from csat.channels.replies.emails import (
    is_automatic_subject,
    is_automatic_text,
    read_mail,
    without_quotation,
    without_signature,
)
from csat.channels.replies.parser import AskBack, Rating

QUOTED = "> How was your conversation?\n> 1 2 3 4 5"
INTRODUCED = [  # as mail programs introduce what they quote
    ("en", "On Mon, 2 Jan 2026 at 10:00, Acme Support <survey@acme.example> wrote:"),
    ("en", "On Mon, 2 Jan 2026 at 10:00, Acme Support <\nsurvey@acme.example> wrote:"),
    ("en", "On 2 Jan 2026, at 10:00, Acme Support wrote:"),
    ("de", "Am Mo., 2. Jan. 2026 um 10:00 Uhr schrieb Acme Support <\nsurvey@acme.example>:"),
    ("de", "Am 02.01.2026 schrieb Acme Support:"),
    ("fr", "Le lun. 2 janv. 2026 à 10:00, Acme Support <survey@acme.example> a écrit :"),
    ("es", "El lun, 2 ene 2026 a las 10:00, Acme Support (<survey@acme.example>) escribió:"),
    ("it", "Il giorno lun 2 gen 2026 alle ore 10:00 Acme Support ha scritto:"),
    ("pt-br", "Em seg., 2 de jan. de 2026 às 10:00, Acme Support escreveu:"),
    ("nl", "Op ma 2 jan 2026 om 10:00 schreef Acme Support <survey@acme.example>:"),
    ("nl", "Op 2 jan. 2026, om 10:00 heeft Acme Support het volgende geschreven:"),
    ("pl", "pon., 2 sty 2026 o 10:00 Acme Support <survey@acme.example> napisał(a):"),
    ("pl", "W dniu 2.01.2026 o 10:00, Acme Support pisze:"),
    ("tr", "Acme Support <survey@acme.example>, 2 Oca 2026 Pzt, 10:00 tarihinde şunu yazdı:"),
    ("ar", "في الاثنين، 2 يناير 2026 في 10:00 كتب Acme Support <survey@acme.example>:"),
    ("ja", "2026年1月2日(金) 10:00 Acme Support <survey@acme.example>:"),
    ("ja", "2026/01/02 10:00、Acme Supportのメール:"),
    ("zh-hans", "Acme Support <survey@acme.example> 于2026年1月2日周五 10:00写道："),
]
HEADED = [  # as Outlook does
    ("en", "From: Acme Support <survey@acme.example>\nSent: Monday, January 2, 2026 10:00\nTo: Ana"),
    ("en", "-----Original Message-----\nFrom: Acme"),
    ("en", "________________________________\nFrom: Acme"),
    ("de", "Von: Acme Support\nGesendet: Montag, 2. Januar 2026 10:00\nAn: Ana"),
    ("de", "---- Ursprüngliche Nachricht ----\nVon: Acme"),
    ("fr", "De : Acme Support\nEnvoyé : lundi 2 janvier 2026 10:00"),
    ("es", "De: Acme Support\nEnviado: lunes, 2 de enero de 2026 10:00"),
    ("it", "Da: Acme Support\nInviato: lunedì 2 gennaio 2026 10:00"),
    ("pt-br", "De: Acme Support\nEnviado: segunda-feira, 2 de janeiro de 2026 10:00"),
    ("nl", "Van: Acme Support\nVerzonden: maandag 2 januari 2026 10:00"),
    ("pl", "Od: Acme Support\nWysłano: poniedziałek, 2 stycznia 2026 10:00"),
    ("tr", "Gönderen: Acme Support\nGönderildi: 2 Ocak 2026 Pazartesi 10:00"),
    ("ar", "من: Acme Support\nتاريخ الإرسال: الاثنين 2 يناير 2026"),
    ("ja", "差出人: Acme Support\n送信日時: 2026年1月2日 10:00"),
    ("zh-hans", "发件人: Acme Support\n发送时间: 2026年1月2日 10:00"),
]


def told(text: str, language: str = "en") -> str:
    match read_mail(without_signature(text), language):
        case Rating(score):
            return str(score)
        case AskBack():
            return "ask"
    return "-"


def comment(text: str, language: str = "en") -> str:
    reading = read_mail(without_signature(text), language)
    assert isinstance(reading, Rating)
    return reading.comment


@pytest.mark.parametrize(("language", "line"), INTRODUCED)
def test_the_quotation_and_the_line_above_it_are_not_the_persons_words(language: str, line: str):
    assert without_quotation(f"4\n\n{line}\n{QUOTED}") == "4"
    assert told(without_quotation(f"4\n{line}\n\n{QUOTED}"), language) == "4"


@pytest.mark.parametrize(("language", "head"), HEADED)
def test_nor_is_what_stands_below_a_head(language: str, head: str):
    assert without_quotation(f"5\r\nVery good\r\n\r\n{head}\r\n\r\nHow was it? 1 2 3 4 5") == "5\nVery good"


def test_an_answer_under_the_quotation_is_found():
    assert (
        without_quotation(
            f"On Mon, 2 Jan 2026 at 10:00, Acme <s@acme.example> wrote:\n{QUOTED}\n\n4\n-- \nAna"
        )
        == "4\n-- \nAna"
    )


def test_a_quotation_alone_says_nothing():
    assert without_quotation(QUOTED) == ""
    assert told(without_quotation(QUOTED)) == "-"


@pytest.mark.parametrize(
    "words",
    [
        "I have two wishes:\nspeed and calm",
        "Note: it was quick",
        "To: nobody in particular",
        "I wrote 3 mails: no answer",
    ],
)
def test_a_persons_own_colon_ends_nothing(words: str):
    assert without_quotation(words) == words


@pytest.mark.parametrize(
    ("language", "signature"),
    [
        ("en", "-- \nAna Souza\nAcme Ltd, 4 Main Street\n+49 30 1234567"),
        ("en", "Best regards,\nAna Souza\nHead of 2 departments\n+1 555 0100"),
        ("en", "Thanks,\nAna"),
        ("en", "Sent from my iPhone"),
        ("en", "Get Outlook for iOS<https://aka.ms/o0ukef>"),
        ("de", "Mit freundlichen Grüßen\nAna Souza\nTel. 030 / 12 34 56"),
        ("de", "Von meinem iPhone gesendet"),
        ("fr", "Cordialement,\nAna Souza"),
        ("fr", "Envoyé de mon iPhone"),
        ("es", "Un saludo,\nAna"),
        ("es", "Enviado desde mi iPhone"),
        ("it", "Cordiali saluti\nAna Souza"),
        ("it", "Inviato da iPhone"),
        ("pt-br", "Atenciosamente,\nAna Souza"),
        ("pt-br", "Enviado do meu iPhone"),
        ("nl", "Met vriendelijke groet,\nAna"),
        ("nl", "Verstuurd vanaf mijn iPhone"),
        ("pl", "Pozdrawiam,\nAna"),
        ("pl", "Wysłane z iPhone'a"),
        ("tr", "Saygılarımla,\nAna"),
        ("tr", "iPhone'umdan gönderildi"),
        ("ar", "مع أطيب التحيات\nآنا"),
        ("ar", "تم الإرسال من الـ iPhone"),
        ("ja", "よろしくお願いします\n山田"),
        ("ja", "iPhoneから送信"),
        ("zh-hans", "此致\n敬礼\n王伟"),
        ("zh-hans", "发自我的iPhone"),
    ],
)
def test_a_signature_is_not_part_of_the_answer(language: str, signature: str):
    assert (told(f"5\n\n{signature}", language), comment(f"5\n\n{signature}", language)) == ("5", "")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Hi Sam,\n\n4"),
        ("de", "Hallo Herr Berg,\n\n4\n\nViele Grüße"),
        ("fr", "Bonjour Sam,\n4"),
        ("es", "Hola:\n4"),
        ("it", "Buongiorno,\n\n4 su 5"),
        ("pt-br", "Olá Sam,\n4"),
        ("nl", "Beste Sam,\n\n4"),
        ("pl", "Dzień dobry,\n\n4"),
        ("tr", "Merhaba Sam,\n4"),
        ("ar", "مرحبا سام،\n٤"),
        ("ja", "お世話になっております。\n4点"),
        ("zh-hans", "您好，\n4分"),
    ],
)
def test_a_greeting_may_stand_before_the_number(language: str, text: str):
    assert told(text, language) == "4"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2\n\nNobody called me back, although I had asked twice.\nI am waiting still.\n\nRegards\nAna", 2),
        ("5\n\n" + "I was surprised how soon the parcel came. " * 20, 5),
        ("4/5\nThe second agent knew what to do", 4),
        ("😍\n\nSam took the time to explain it", 5),
        ("Hi,\n3\nIt took a while.", 3),
    ],
)
def test_what_stands_below_the_number_is_the_comment(text: str, expected: int):
    below = without_signature(text).split("\n", 1)[1].removeprefix("3\n").strip()
    assert read_mail(without_signature(text)) == Rating(expected, below)


@pytest.mark.parametrize(
    "text",
    [
        "2\nof my parcels are missing",
        "5\n4",
        "5\n\nor rather 4",
        "1\n\nGreat service, very helpful!",
        "5\n\nRude and slow.",
        "10\n\nBest team ever",
        "4-5",
        "Good\n\nWhen will my parcel arrive?",
    ],
)
def test_what_could_be_read_otherwise_is_asked_back(text: str):
    assert told(text) == "ask"


@pytest.mark.parametrize(
    "text",
    [
        "Where is my invoice?",
        "Hello,\nmy order 4521 has not arrived.\nAna",
        "I have 2 questions:\n1. Where is it?\n2. When will it come?",
        "1. The invoice is wrong\n2. The parcel is missing",
        "",
        "-- \nAna\n5 Main Street",
        "At 5 would be fine\n\nAna",
    ],
)
def test_an_ordinary_letter_is_no_rating(text: str):
    assert told(text) in {"-", "ask"}
    assert not isinstance(read_mail(without_signature(text)), Rating)


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: How was it?", "Out of Office: Re: Refund", "Automatische Antwort: Refund",
        "Réponse automatique : Refund",
        "Respuesta automática: Refund", "Risposta automatica: Refund", "Resposta automática: Refund",
        "Automatisch antwoord: Refund",
        "Odpowiedź automatyczna: Refund", "Otomatik Yanıt: Refund", "رد تلقائي: Refund", "自動応答: Refund",
        "自动答复: Refund",
    ],
)  # fmt: skip
def test_a_robots_subject_is_known(subject: str):
    assert is_automatic_subject(subject)


@pytest.mark.parametrize(
    "subject", ["Re: Refund not arrived", "Re: Automatic reply to my order?", "", "AW: Frage"]
)
def test_a_persons_subject_is_not(subject: str):
    assert not is_automatic_subject(subject)


@pytest.mark.parametrize(
    "text",
    [
        "Auto-reply: I am away", "[Auto reply] Back on Monday", "(Out of office) Call me",
        "Abwesenheit: bis 3.12.",
        "Réponse automatique : absent", "自动回复：我不在", "自動応答：不在です", "OUT OF OFFICE - back soon",
        "I’m driving with Do Not Disturb While Driving turned on. I’ll see your message later.",
        "(I’m not receiving notifications. If this is urgent, reply “urgent”.)",
    ],
)  # fmt: skip
def test_what_a_telephone_answers_by_itself_is_known(text: str):
    assert is_automatic_text(text)


@pytest.mark.parametrize("text", ["Automatic reply came twice", "Out of office supplies", "I'm driving", "5"])
def test_what_a_person_texts_is_not(text: str):
    assert not is_automatic_text(text)
