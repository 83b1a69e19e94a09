"""Who plays: the team, its three logins, and the customers."""

from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.utils.text import slugify

from csat.people import agents, demo, memberships, profiles, roles
from csat.people.models import Agent, Contact, Team

TEAM = (  # name, email, team
    (demo.SAM["name"], demo.SAM["email"], "Support"),
    ("Maria Jensen", "maria@acme.example", "Support"),
    ("Priya Natarajan", "priya@acme.example", "Billing"),
    ("Jonas Weber", "jonas@acme.example", "Technical"),
    ("Elif Kaya", "elif@acme.example", "Support"),
)
AI = "Acme Assistant"

CUSTOMERS = {  # language: time zone, country code and area of numbers nobody has, names
    "en": ("America/New_York", "+1202555",
           ("Ana Souza", "Ben Carter", "Chloe Evans", "Daniel Brooks", "Grace Lee", "Henry Walsh",
           "Ivy Thompson",
            "Jack Murphy", "Nora Patel", "Owen Hughes", "Ruth Adeyemi", "Tom Fischer")),
    "de": ("Europe/Berlin", "+493023125", ("Anna Schulz", "Felix Braun", "Katrin Vogel", "Lukas Maier",
    "Sabine Koch")),
    "es": ("Europe/Madrid", "+34911234", ("Lucía Romero", "Diego Navarro", "Carmen Ortiz", "Javier Molina")),
    "fr": ("Europe/Paris", "+33199001", ("Camille Laurent", "Hugo Petit", "Manon Girard", "Louis Moreau")),
    "pt-br": ("America/Sao_Paulo", "+551155501", ("Beatriz Lima", "Rafael Costa", "Larissa Alves")),
    "it": ("Europe/Rome", "+390655501", ("Giulia Ricci", "Marco Conti", "Elena Gallo")),
    "nl": ("Europe/Amsterdam", "+31205550", ("Sanne de Vries", "Daan Bakker")),
    "pl": ("Europe/Warsaw", "+48225550", ("Zofia Nowak", "Piotr Wójcik")),
    "ja": ("Asia/Tokyo", "+81355501", ("佐藤 陽子", "田中 健")),
    "tr": ("Europe/Istanbul", "+902125550", ("Ayşe Demir", "Mehmet Yılmaz")),
    "ar": ("Asia/Dubai", "+97145550", ("ليلى حداد", "عمر الفارس")),
    "zh-hans": ("Asia/Shanghai", "+861055501", ("李伟", "王芳")),
}  # fmt: skip


@dataclass(frozen=True)
class Cast:
    humans: list[Agent]
    ai: Agent
    customers: dict[str, list[Contact]]

    def of_team(self, name: str) -> list[Agent]:
        return [agent for agent in self.humans if agent.team and agent.team.name == name]


def gather() -> Cast:
    """Everybody, made once: a second call finds them."""
    humans = [agents.find_or_create(name=name, email=email) for name, email, _team in TEAM]
    for agent, (_name, _email, team) in zip(humans, TEAM, strict=True):
        if agent.team is None:
            agent.change(team=Team.objects.get_or_create(name=team)[0])
    for role, login in demo.LOGINS.items():
        _user(role, login, humans)
    return Cast(
        humans,
        agents.find_or_create(name=AI, kind="ai"),
        {language: _customers(language) for language in CUSTOMERS},
    )


def _user(role: str, login: str, humans: list[Agent]) -> None:
    agent = next((agent for agent in humans if agent.email.startswith(f"{login}@")), None)
    first, _, last = demo.NAMES[login].partition(" ")
    values = {"email": demo.email(login), "first_name": first, "last_name": last, "is_staff": True}
    user, made = User.objects.get_or_create(
        username=login, defaults=values | {"is_superuser": role == roles.ADMIN}
    )
    if made:
        demo.draw_password(user)
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    if agent and agent.user_id is None:
        agent.change(user=user)
    if made:
        profiles.profile_of(user).change(is_demo=True)
        memberships.give_teams(user, [agent.team] if agent and agent.team else [])


def _customers(language: str) -> list[Contact]:
    zone, number, names = CUSTOMERS[language]
    wanted = [
        Contact(
            name=name,
            email=f"{_mailbox(name) or f'{language}.{index}'}@mail.example",
            phone=f"{number}{index:04d}"[:15],
            external_id=f"demo-{language}-{index}",
            language=language,
            timezone=zone,
            custom_data={
                "plan": ("free", "team", "business")[index % 3],
                "country": zone.split("/")[1].replace("_", " "),
            },
        )
        for index, name in enumerate(names, start=1)
    ]
    Contact.objects.bulk_create(wanted, ignore_conflicts=True)
    return list(Contact.objects.filter(external_id__startswith=f"demo-{language}-").order_by("pk"))


def _mailbox(name: str) -> str:
    """ana.souza of Ana Souza; nothing of a name in another script."""
    return slugify(name.replace("ı", "i").replace("ł", "l")).replace("-", ".")
