"""Addresses behind which no person reads: "no-reply@", "mailer-daemon@", "bounces+4711@"."""

import re

from csat.lib.text import fold

# local parts that are nothing else
MAIL_SERVERS = {"mailerdaemon", "postmaster"}
ALONE = MAIL_SERVERS | {"bounce", "bounces", "devnull", "autoreply", "autoresponder", "autoconfirm"}
# the beginning, before a number or what it bounced for: "bounce-4711", "bounces+4711=a.example"
BOUNCING = re.compile(r"bounces?[-+=_]|mailer-?daemon[-+=_.]")
# "do not reply" without the marks between the words, at the beginning or the end
NO_REPLY = (
    "noreply", "noreplies", "donotreply", "dontreply", "donotrespond", "noresponse", "replynotpossible",
    "nichtantworten", "bittenichtantworten", "keineantwort", "keineantworten",
    "nepasrepondre", "pasdereponse", "sansreponse",
    "noresponder", "noresponda", "nocontestar", "norespuesta",
    "nonrispondere", "nonrispondi", "nessunarisposta",
    "naoresponda", "naoresponder", "semresposta",
    "nietbeantwoorden", "nietantwoorden", "geenantwoord", "nietreageren",
    "nieodpowiadaj", "nieodpowiadac", "bezodpowiedzi",
    "yanitlamayin", "yanitlamayiniz", "cevaplamayin", "cevaplamayiniz",
)  # fmt: skip


def is_mail_server(address: str) -> bool:
    """Whether bounces come from it."""
    return re.sub(r"[-._]", "", fold(address.rpartition("@")[0])) in MAIL_SERVERS


def is_robot(address: str) -> bool:
    """Whether this email address belongs to a program."""
    local = fold(address.rpartition("@")[0])
    if BOUNCING.match(local):
        return True
    words = re.sub(r"[-._]", "", local.partition("+")[0])
    return words in ALONE or words.startswith(NO_REPLY) or words.endswith(NO_REPLY)
