"""What they talk about: short conversations as they happen, and what customers say about them afterwards."""

from dataclasses import dataclass

from csat.scale import is_low, is_satisfied


@dataclass(frozen=True)
class Story:
    """`lines` alternate, the customer first. `hard`: how likely it ends badly, 0 to 1; `ai`: an AI answers
    first.
    """

    language: str
    subject: str
    lines: tuple[str, ...]
    tags: tuple[str, ...] = ()
    team: str = "Support"
    hard: float = 0.2
    reasons: tuple[str, ...] = ()  # why the AI handed off, if it did


STORIES = (
    Story(
        "en",
        "Refund not arrived",
        (
            "Hi, I sent the lamp back two weeks ago and the refund is still not on my card.",
            "I am sorry about that. I can see the parcel reached us on the 3rd; may I have your order number?",
            "It is A-20418.",
            "Thank you. The refund was stuck at our bank; I have released it and you will see it within two working days.",
        ),
        ("refund",),
        "Billing",
        0.45,
        ("insufficient_tools",),
    ),
    Story(
        "en",
        "Cannot log in",
        (
            "I cannot log in, it says my password is wrong. I am sure it is not.",
            "Let us get you back in. Do you see the message in the app or on the website?",
            "In the app, since the update.",
            "Then the app kept an old session. I have ended it from here: please log in once more.",
            "That worked, thank you!",
        ),
        ("login", "app"),
        "Technical",
        0.15,
    ),
    Story(
        "en",
        "Charged twice this month",
        (
            "My statement shows two charges for November.",
            "One of them is a reservation that your bank drops by itself.",
            "It has been a week now.",
            "Then it is not. I have cancelled the second charge and added one month on us.",
        ),
        ("billing", "refund"),
        "Billing",
        0.5,
        ("user_requested_human_assistance",),
    ),
    Story(
        "en",
        "Change delivery address",
        (
            "Can I still change the address of order A-20533? I am moving on Friday.",
            "Yes, it has not left yet. Where should it go?",
            "14 Mill Lane, Bristol BS1 4QA.",
            "Done. It will be there on Saturday morning.",
        ),
        ("delivery",),
        "Support",
        0.05,
    ),
    Story(
        "en",
        "Export keeps failing",
        (
            "The CSV export stops at 10,000 rows every time.",
            "Thank you for telling us. Is it the same with a shorter date range?",
            "A single month works.",
            "Our engineers found the limit and lifted it this morning. Could you try the year again?",
            "All rows are there now.",
        ),
        ("export", "bug"),
        "Technical",
        0.3,
        ("insufficient_knowledge",),
    ),
    Story(
        "en",
        "Cancel my subscription",
        (
            "I would like to cancel before it renews.",
            "I can do that now. May I ask what was missing?",
            "I just do not use it enough.",
            "Understood. It ends on the 30th and you keep everything until then.",
        ),
        ("cancellation",),
        "Billing",
        0.25,
        ("based_on_instructions",),
    ),
    Story(
        "en",
        "Order never arrived",
        (
            "Tracking says delivered but there is nothing here.",
            "I am sorry. Could a neighbour have taken it?",
            "I asked all of them.",
            "I have opened a case with the carrier; they have five days to answer.",
            "Five days? I need it for Saturday.",
        ),
        ("delivery", "lost parcel"),
        "Support",
        0.75,
        ("insufficient_tools", "user_requested_human_assistance"),
    ),
    Story(
        "en",
        "How do I add a colleague?",
        (
            "How do I give my colleague access?",
            "Under Settings, Team, then Invite. They get an email from us.",
            "Found it, thanks.",
        ),
        ("how-to",),
        "Support",
        0.03,
    ),
    Story(
        "en",
        "Invoice with VAT number",
        (
            "We need our VAT number on the October invoice.",
            "Of course. Which number should it show?",
            "GB 927 4811 05.",
            "The corrected invoice is in your account now.",
        ),
        ("invoice",),
        "Billing",
        0.1,
    ),
    Story(
        "en",
        "App crashes when scanning",
        (
            "The app closes as soon as I open the scanner.",
            "Which phone and which version do you use?",
            "Pixel 8, 5.12.",
            "That version has a fault with the camera. 5.12.1 fixes it and is rolling out today.",
            "Still not in my store.",
        ),
        ("app", "bug"),
        "Technical",
        0.6,
        ("insufficient_knowledge",),
    ),
    Story(
        "de",
        "Rechnung falsch",
        (
            "Guten Tag, auf der letzten Rechnung stehen drei Plätze statt zwei.",
            "Guten Tag, ich sehe mir das gleich an.",
            "Danke.",
            "Sie haben recht, der dritte Platz wurde am 5. gekündigt. Die Gutschrift ist unterwegs.",
        ),
        ("invoice",),
        "Billing",
        0.3,
    ),
    Story(
        "de",
        "Lieferung beschädigt",
        (
            "Das Paket kam eingedrückt an, die Schale ist zerbrochen.",
            "Das tut mir leid! Haben Sie ein Foto für uns?",
            "Ja, im Anhang.",
            "Vielen Dank. Eine neue Schale geht heute noch raus, die alte dürfen Sie entsorgen.",
        ),
        ("delivery", "damage"),
        "Support",
        0.35,
    ),
    Story(
        "de",
        "Zwei-Faktor zurücksetzen",
        (
            "Neues Handy, und die Codes kommen nicht mehr an.",
            "Ich habe den zweiten Faktor zurückgesetzt. Bitte melden Sie sich neu an.",
            "Geht wieder, super.",
        ),
        ("login",),
        "Technical",
        0.05,
    ),
    Story(
        "es",
        "Cambio de talla",
        (
            "Hola, ¿puedo cambiar la talla de mi pedido A-20611?",
            "¡Claro! ¿Qué talla necesita?",
            "Una M en lugar de una L.",
            "Hecho. Recibirá la etiqueta de devolución por correo en unos minutos.",
        ),
        ("exchange",),
        "Support",
        0.1,
    ),
    Story(
        "es",
        "No recibo el código",
        (
            "No me llega el código de acceso.",
            "¿A qué número debería llegar?",
            "Al mismo de siempre.",
            "Su operador bloqueaba nuestros mensajes; ahora se lo envío por correo.",
        ),
        ("login",),
        "Technical",
        0.35,
        ("insufficient_tools",),
    ),
    Story(
        "fr",
        "Remboursement partiel",
        (
            "Bonjour, je n'ai été remboursée que de la moitié.",
            "Bonjour, je regarde tout de suite votre dossier.",
            "Merci.",
            "La seconde moitié part aujourd'hui, avec nos excuses.",
        ),
        ("refund",),
        "Billing",
        0.4,
    ),
    Story(
        "fr",
        "Ajouter un utilisateur",
        (
            "Comment inviter un collègue ?",
            "Dans Paramètres, puis Équipe, puis Inviter.",
            "Parfait, merci beaucoup !",
        ),
        ("how-to",),
        "Support",
        0.03,
    ),
    Story(
        "pt-br",
        "Pedido atrasado",
        (
            "Oi, meu pedido está atrasado há uma semana.",
            "Oi! Desculpe pela demora. Vou falar com a transportadora.",
            "Ok.",
            "Ele sai para entrega amanhã de manhã, e o frete fica por nossa conta.",
        ),
        ("delivery",),
        "Support",
        0.5,
    ),
    Story(
        "pt-br",
        "Trocar o cartão",
        (
            "Como troco o cartão de pagamento?",
            "Em Conta, Pagamento. O novo vale já na próxima fatura.",
            "Deu certo, obrigada!",
        ),
        ("billing",),
        "Billing",
        0.05,
    ),
    Story(
        "it",
        "Fattura mancante",
        (
            "Buongiorno, non trovo la fattura di ottobre.",
            "Buongiorno, gliela invio subito per email.",
            "Arrivata, grazie mille.",
        ),
        ("invoice",),
        "Billing",
        0.08,
    ),
    Story(
        "it",
        "Sincronizzazione lenta",
        (
            "Da ieri la sincronizzazione è lentissima.",
            "Abbiamo avuto un guasto, ora è risolto. Può riprovare?",
            "Sì, va meglio.",
        ),
        ("bug",),
        "Technical",
        0.3,
    ),
    Story(
        "nl",
        "Korting werkt niet",
        (
            "De kortingscode WELKOM10 werkt niet.",
            "Die was vannacht verlopen. Ik heb hem voor u verlengd.",
            "Top, gelukt.",
        ),
        ("billing",),
        "Billing",
        0.1,
    ),
    Story(
        "pl",
        "Zwrot zamówienia",
        (
            "Dzień dobry, chciałabym zwrócić jedną z dwóch par butów.",
            "Dzień dobry, etykieta jest już w Pani skrzynce.",
            "Dziękuję!",
        ),
        ("refund",),
        "Support",
        0.15,
    ),
    Story(
        "ja",
        "請求書の宛名変更",
        (
            "請求書の宛名を会社名に変更できますか。",
            "はい、会社名をお知らせください。",
            "株式会社さくら商事です。",
            "変更いたしました。マイページからご確認ください。",
        ),
        ("invoice",),
        "Billing",
        0.1,
    ),
    Story(
        "tr",
        "Kargo nerede",
        (
            "Siparişim üç gündür aynı şubede görünüyor.",
            "Merhaba, kargo firmasıyla görüştüm; bugün dağıtıma çıkıyor.",
            "Teşekkürler.",
        ),
        ("delivery",),
        "Support",
        0.3,
    ),
    Story(
        "ar",
        "تأخر الشحنة",
        ("مرحباً، لم تصل الشحنة بعد.", "أهلاً بك، أعتذر عن التأخير. ستصلك غداً صباحاً.", "شكراً لك."),
        ("delivery",),
        "Support",
        0.25,
    ),
    Story(
        "zh-hans",
        "无法登录",
        ("更新后一直登录不上。", "您好，请先退出再重新登录，我们已重置您的会话。", "可以了，谢谢！"),
        ("login",),
        "Technical",
        0.1,
    ),
)

COMMENTS: dict[str, dict[str, tuple[str, ...]]] = {  # language: after 1-2, after 3, after 4-5
    "en": {
        "low": (
            "Still not solved, and I had to explain everything twice.",
            "The bot kept sending me in circles before I reached a person.",
            "Five days to answer is too long.",
            "Nobody told me the refund was stuck.",
            "The fix did not work on my phone.",
        ),
        "mid": (
            "Solved in the end, but it took a while.",
            "Friendly, though I had to ask three times.",
            "Fine.",
        ),
        "high": (
            "Quick, thanks!",
            "Sam was wonderful, solved in two minutes.",
            "Exactly what I needed.",
            "Friendly and to the point.",
            "Best support I have had in years.",
            "Did not expect an answer on a Sunday!",
        ),
    },
    "de": {
        "low": ("Leider musste ich alles zweimal erklären.", "Zu lange gewartet."),
        "mid": ("Am Ende gelöst.",),
        "high": ("Schnell und freundlich, danke!", "Super Hilfe."),
    },
    "es": {
        "low": ("Sigue sin funcionar.",),
        "mid": ("Bien, pero lento.",),
        "high": ("¡Muy amables!", "Rápido y claro."),
    },
    "fr": {
        "low": ("Trop d'allers-retours pour rien.",),
        "mid": ("Correct.",),
        "high": ("Réponse rapide, merci !", "Très professionnel."),
    },
    "pt-br": {
        "low": ("Ninguém cumpriu o prazo.",),
        "mid": ("Resolveu, mas demorou.",),
        "high": ("Atendimento excelente!",),
    },
    "it": {"low": ("Problema non risolto.",), "mid": ("Nella media.",), "high": ("Gentilissimi, grazie!",)},
    "nl": {"low": ("Te lang gewacht.",), "mid": ("Prima.",), "high": ("Snel geholpen!",)},
    "pl": {
        "low": ("Nadal czekam na zwrot.",),
        "mid": ("W porządku.",),
        "high": ("Szybko i miło, dziękuję!",),
    },
    "ja": {
        "low": ("返信が遅かったです。",),
        "mid": ("普通です。",),
        "high": ("丁寧なご対応ありがとうございました。",),
    },
    "tr": {"low": ("Hâlâ çözülmedi.",), "mid": ("İdare eder.",), "high": ("Çok hızlı, teşekkürler!",)},
    "ar": {"low": ("لم تُحل المشكلة بعد.",), "mid": ("لا بأس.",), "high": ("خدمة ممتازة وسريعة!",)},
    "zh-hans": {"low": ("等了太久。",), "mid": ("还可以。",), "high": ("回复很快，谢谢！",)},
}


def comments(language: str, score: int) -> tuple[str, ...]:
    return COMMENTS[language]["low" if is_low(score) else "high" if is_satisfied(score) else "mid"]
