"""Columns recognised by their headers, in several languages, or chosen by hand."""

import pytest

from csat.imports import columns
from csat.lib.refusal import Invalid

CHATWOOT = {
    "en": "Agent Name,Rating,Feedback Comment,Contact Name,Contact Email Address,Contact Phone Number,"
    "Link to the conversation,Recorded date",
    "de": "Agentenname,Bewertung,Feedback-Kommentar,Kontaktname,Kontakt-E-Mail-Adresse,Kontakt Telefonnummer,"
    "Link zur Konversation,Aufnahmedatum",
    "es": "Nombre del agente,Calificación,Comentario de opinión,Nombre de Contacto,"
    "Correo electrónico de contacto,Número de teléfono de contacto,Enlace a la conversación,Fecha registrada",
    "pt": "Nome do Agente,Classificação,Comentário de Feedback,Nome do contato,E-mail de contato,"
    "Telefone de contato,Link para a conversa,Data de gravação",
    "ja": "担当者,評価,コメント,名前,メール,電話,リンク,記録日",  # by position
}


@pytest.mark.parametrize("language", CHATWOOT)
def test_chatwoot_in_whichever_language(language):
    found = columns.recognise("chatwoot", CHATWOOT[language].split(","))
    assert found == {field: index for index, field in enumerate(columns.CHATWOOT)}


@pytest.mark.parametrize(
    ("kind", "header", "fields"),
    [
        (
            "zendesk",
            "id,ticket_id,requester_id,assignee_id,group_id,score,comment,reason,created_at,updated_at,url",
            {"ticket": 1, "score": 5, "comment": 6, "when": 8},
        ),
        (
            "freshdesk",
            "id,ticket_id,feedback,created_at,default_question",
            {"ticket": 1, "comment": 2, "when": 3, "score": 4},
        ),
        (
            "delighted",
            "Score,Comment,Name,Email,Survey Type,Response Date,Ticket ID",
            {"score": 0, "comment": 1, "name": 2, "email": 3, "survey_type": 4, "when": 5, "ticket": 6},
        ),
        (
            "nicereply",
            "Date,Score,Comment,Customer,User,Ticket ID",
            {"when": 0, "score": 1, "comment": 2, "email": 3, "agent": 4, "ticket": 5},
        ),
        (
            "simplesat",
            "Date,Sentiment,Comment,Team members",
            {"when": 0, "score": 1, "comment": 2, "agent": 3},
        ),
        ("simplesat", "Date,Sentiment,Rating", {"when": 0, "score": 2}),
        (
            "intercom",
            "Conversation ID,Conversation rating,Remark,Updated at",
            {"ticket": 0, "score": 1, "comment": 2, "when": 3},
        ),
        (
            "generic",
            "Datum;Bewertung;E-Mail;Telefon".replace(";", ","),
            {"when": 0, "score": 1, "email": 2, "phone": 3},
        ),
    ],
)
def test_headers_of_other_tools(kind, header, fields):
    assert columns.recognise(kind, header.split(",")) == fields


def test_the_first_of_two_columns_that_name_the_same_is_taken():
    assert columns.recognise("generic", ["Email", "Customer email", "Unknown"]) == {"email": 0}


def test_columns_are_chosen_by_header_or_by_number_from_one_on():
    header = ["When?", "Stars", "3"]
    assert columns.chosen({"when": "when?", "score": 2, "comment": "3", "email": ""}, header) == {
        "when": 0,
        "score": 1,
        "comment": 2,
    }


def test_a_column_or_field_that_is_not_there_is_named():
    with pytest.raises(Invalid) as refused:
        columns.chosen({"score": "9", "stars": 1}, ["a"])
    assert set(refused.value.fields) == {"score", "stars"}


def test_a_date_is_needed_and_a_rating_or_a_conversation():
    columns.check({"when": 0, "ticket": 1})
    with pytest.raises(Invalid) as refused:
        columns.check({"comment": 0})
    assert set(refused.value.fields) == {"when", "score"}


def test_a_number_of_a_thousand_digits_is_no_column():
    with pytest.raises(Invalid) as refused:
        columns.chosen({"when": "9" * 5000}, ["a"])
    assert list(refused.value.fields) == ["when"]
