"""STOP, START and HELP: the words themselves, in the customer's language, and nothing beside them."""

from csat.channels.base import What
from csat.channels.reply_words import fold

# What Twilio itself acts on (https://help.twilio.com/articles/223134027), whatever the language
EVERYWHERE = {
    What.OPTED_OUT: "stop, stopall, stop all, unsubscribe, cancel, end, quit, revoke, optout, opt out",
    What.OPTED_IN: "start, unstop, optin, opt in",
    What.HELP: "help, info",
}
# Those that customers of each language use: stop; start; help
BY_LANGUAGE = {
    "en": ("stop it, stop texting me, remove me", "subscribe, resume", "help me"),
    "de": ("stopp, abmelden, abbestellen, austragen", "anmelden, weiter", "hilfe"),
    "fr": ("arrêt, arrêter, arrêtez, désabonner, désinscrire, désinscription", "démarrer, reprendre, réabonner", "aide"),
    "es": ("alto, baja, parar, pare, cancelar, dar de baja, darme de baja", "iniciar, inicio, alta, reanudar", "ayuda, información"),
    "it": ("annulla, cancellami, disiscrivi, disiscrivimi, disdici", "inizia, avvia, riprendi, iscrivimi", "aiuto, informazioni"),
    "pt-br": ("parar, pare, sair, cancelar, descadastrar", "iniciar, começar, voltar", "ajuda, informação"),
    "nl": ("stoppen, afmelden, uitschrijven", "beginnen, aanmelden, hervatten", "hulp"),
    "pl": ("koniec, rezygnuję, wypisz, wypisz mnie, anuluj", "wznów, zapisz", "pomoc"),
    "tr": ("dur, durdur, iptal, ret, çık", "başla, başlat, devam", "yardım, bilgi"),
    "ar": ("توقف, إيقاف, قف, إلغاء, إلغاء الاشتراك", "ابدأ, بدء, استئناف, اشتراك", "مساعدة, معلومات"),
    "ja": ("停止, 配信停止, 解除, 配信解除, 登録解除, ストップ", "開始, 再開, 配信再開, スタート", "ヘルプ, 使い方"),
    "zh-hans": ("停止, 退订, 取消订阅, td, t", "开始, 订阅, 恢复", "帮助"),
}


def wish(text: str, language: str = "") -> What | None:
    """What this message asks for; None for any other. In the words of this language; of every one when it is not known."""
    said = _said(text)
    tables = [BY_LANGUAGE[language]] if language in BY_LANGUAGE else list(BY_LANGUAGE.values())
    for place, (what, words) in enumerate(EVERYWHERE.items()):
        if any(said in _split(phrases) for phrases in (words, *(table[place] for table in tables))):
            return what
    return None


def is_carriers(text: str) -> bool:
    """Does Twilio answer this word itself?"""
    return any(_said(text) in _split(words) for words in EVERYWHERE.values())


def _said(text: str) -> str:
    return " ".join(fold(word) for word in text.strip().strip(".!¡\"'«»“”。！ ").split())


def _split(words: str) -> set[str]:
    return {" ".join(map(fold, phrase.split())) for phrase in words.split(", ")}
