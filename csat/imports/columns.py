"""Which column of a file is what: recognised by its header in several languages, or chosen by hand."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.imports.models import Import
from csat.lib.refusal import Problems
from csat.lib.text import fold_phrase

FIELDS = {
    "when": gettext_lazy("Date of the rating"),
    "score": gettext_lazy("Rating"),
    "comment": gettext_lazy("Comment"),
    "ticket": gettext_lazy("Number or link of the conversation"),
    "subject": gettext_lazy("Subject"),
    "email": gettext_lazy("Customer's email"),
    "phone": gettext_lazy("Customer's phone"),
    "name": gettext_lazy("Customer's name"),
    "agent": gettext_lazy("Agent"),
    "agent_email": gettext_lazy("Agent's email"),
    "team": gettext_lazy("Team"),
    "channel": gettext_lazy("Channel"),
    "language": gettext_lazy("Language"),
    "survey_type": gettext_lazy("Type of survey"),
}
REQUIRED = ("when",)
Kind = Import.Kind

# As exports and their translations write them, folded: no accents, no capitals, blanks for _ and -.
HEADERS: dict[str, str] = {
    "when": """
        recorded date|aufnahmedatum|fecha registrada|data de gravacao|date d'enregistrement|data registrata
        |geregistreerde datum|date|datum|fecha|data|when|time|timestamp|created at|created|created date
        |submitted at|submitted|responded at|response date|response time|rated at|rating date|survey date
        |updated at|date created|date submitted|zeitpunkt|zeitstempel|conversation rated at|rating created at
        |satisfaction date|scored datetime|completed at|date responded|time of rating""",
    "score": """
        rating|score|bewertung|calificacion|classificacao|note|beoordeling|valutazione|puntuacion|ocena|betyg
        |csat|csat score|csat rating|satisfaction|satisfaction score|satisfaction rating|conversation rating
        |rating value|happiness|stars|note de satisfaction|zufriedenheit|puntaje|avaliacao|survey result
        |ticket satisfaction rating|survey score|score value""",
    "comment": """
        feedback comment|feedback kommentar|comentario de opinion|comentario de feedback|comment|comments
        |kommentar|commentaire|comentario|commento|opmerking|feedback|remark|remarks|rating remark
        |conversation rating remark|rating comment|csat comment|satisfaction comment|additional comment|review
        |message|text|answer|bemerkung|feedbackkommentar|commentaire de retour""",
    "ticket": """
        link to the conversation|link zur konversation|enlace a la conversacion|link para a conversa
        |lien vers la conversation|ticket|ticket id|ticketid|ticket number|ticket no|ticket #|conversation id
        |conversation|conversation link|case number|case id|external id|ticketnummer|vorgang|vorgangsnummer
        |numero de ticket|id du ticket|id conversacion|reference|ticket reference|helpdesk ticket id
        |external ticket id|ticket url""",
    "subject": "subject|ticket subject|betreff|asunto|sujet|assunto|oggetto|onderwerp|title",
    "email": """
        contact email address|kontakt e mail adresse|correo electronico de contacto|e mail de contato|email
        |e mail|email address|customer email|contact email|requester email|user email|person email
        |e mail adresse|kunden e mail|correo electronico|adresse e mail|courriel|customer e mail
        |respondent email|from|kunde e mail|person email address""",
    "phone": """
        contact phone number|kontakt telefonnummer|numero de telefono de contacto|telefone de contato|phone
        |phone number|telephone|mobile|telefon|telefonnummer|telefono|telefone|customer phone|contact phone
        |person phone number|numero de telephone|requester phone""",
    "name": """
        contact name|kontaktname|nombre de contacto|nome do contato|nom du contact|name|customer name|customer
        |requester|requester name|user name|person name|kunde|kundenname|nombre|nom|nome|cliente|client
        |respondent|full name|user""",
    "agent": """
        agent name|agentenname|nombre del agente|nome do agente|nom de l'agent|agent|assignee|assignee name
        |teammate|teammate name|assigned to|agente|bearbeiter|mitarbeiter|team member|team members|user/agent
        |employee|teammate rated|conversation rating teammate|responder name|zustandiger|last teammate""",
    "agent_email": "agent email|assignee email|teammate email|team member email|agent e mail|employee email",
    "team": "team|group|group name|team name|gruppe|equipo|equipe|teamname|department|abteilung",
    "channel": "channel|source|via|kanal|canal|ticket channel|conversation channel|medium|canale|kanaal",
    "language": "language|locale|sprache|idioma|langue|lingua|taal|survey language",
    "survey_type": "survey type|type of survey|metric|umfragetyp",
}
# Chatwoot writes these eight in this order, in whichever language
CHATWOOT = ("agent", "score", "comment", "name", "email", "phone", "ticket", "when")
# What a header means in the files of one system only
OWN: dict[str, dict[str, str]] = {
    Kind.ZENDESK: {"id": "", "score": "score", "requester id": "", "url": "", "updated at": "", "reason": ""},
    Kind.FRESHDESK: {"id": "", "agent id": "", "feedback": "comment", "default question": "score"},
    Kind.DELIGHTED: {"score": "score", "person": "", "response date": "when", "source": "channel"},
    Kind.INTERCOM: {"rating": "score", "user": "name", "created at": ""},
    Kind.NICEREPLY: {"user": "agent", "from": "email", "customer": "email", "ticket": "ticket"},
    Kind.SIMPLESAT: {"sentiment": "", "answer": "score", "id": ""},
}
FALLBACK: dict[str, dict[str, str]] = {  # where nothing better is in the file
    Kind.ZENDESK: {"updated at": "when"},
    Kind.INTERCOM: {"created at": "when"},
    Kind.SIMPLESAT: {"sentiment": "score"},
}
_BY_HEADER = {
    header.strip(): field
    for field, headers in HEADERS.items()
    for header in " ".join(headers.split()).split("|")
}
Columns = dict[str, int]


def recognise(kind: str, header: Sequence[str]) -> Columns:
    """The index of the column of each field that the header names; the first of two that name the same."""
    names = [_folded(cell) for cell in header]
    columns = _named(names, _BY_HEADER | OWN.get(kind, {}))
    for field, index in _named(names, FALLBACK.get(kind, {})).items():
        columns.setdefault(field, index)
    if kind == Kind.CHATWOOT and len(header) in (8, 9) and len(columns) < len(CHATWOOT):
        return {field: index for index, field in enumerate(CHATWOOT)}
    return columns


def chosen(given: Mapping[str, object], header: Sequence[str]) -> Columns:
    """Columns chosen by hand: a header's text, or its number from 1 on. Raises Invalid naming every field."""
    problems = Problems()
    columns = {}
    for field, value in given.items():
        if field not in FIELDS:
            problems.add(field, _("Choose from: %(names)s.") % {"names": ", ".join(FIELDS)})
        elif value not in (None, ""):
            index = _index(value, header)
            if index is None:
                problems.add(field, _("There is no such column in the file."))
            else:
                columns[field] = index
    problems.check()
    return columns


def check(columns: Columns) -> None:
    """Raise Invalid for a required field without a column."""
    problems = Problems()
    for field in REQUIRED:
        if field not in columns:
            problems.add(field, _("Choose the column of this."))
    if "score" not in columns and "ticket" not in columns:
        problems.add("score", _("Choose the column of the rating, or of the conversation's number."))
    problems.check()


def _named(names: list[str], fields: Mapping[str, str]) -> Columns:
    columns: Columns = {}
    for index, name in enumerate(names):
        if field := fields.get(name):
            columns.setdefault(field, index)
    return columns


def _index(value: object, header: Sequence[str]) -> int | None:
    text = str(value).strip()
    folded = [_folded(cell) for cell in header]
    if _folded(text) in folded:
        return folded.index(_folded(text))
    if text.isdecimal() and len(text) < 10 and 1 <= int(text) <= len(header):
        return int(text) - 1
    return None


def _folded(cell: str) -> str:
    return fold_phrase(cell.strip().strip("'\"").translate(BLANKS))


BLANKS = str.maketrans("_-.:", "    ")
