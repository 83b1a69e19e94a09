"""The themes that come with us, made once; what people did to them since stays."""

from csat.themes import recounting
from csat.themes.models import SHIPPED, Recount, Theme
from csat.themes.vocabulary import shipped_digest

COLOURS = {
    "waiting": "orange", "delivery": "blue", "price": "violet", "refund": "violet", "not_solved": "red",
    "bot": "grey", "friendly": "green", "fast": "green", "competent": "teal", "unclear": "orange",
    "fault": "red", "account": "blue", "billing": "violet", "quality": "pink",
}  # fmt: skip


def seed() -> None:
    """Make them, and have all comments read again when a new version brings other words."""
    recount = Recount.current()
    if not recount.seeded:
        known = set(Theme.objects.values_list("slug", flat=True))
        Theme.objects.bulk_create(
            Theme(slug=slug, colour=COLOURS[slug], order=order)
            for order, slug in enumerate(SHIPPED, 1)
            if slug not in known
        )
    if not recount.seeded or recount.shipped != shipped_digest():
        Recount.objects.filter(pk=1).update(seeded=True, shipped=shipped_digest())
        recounting.start_over()  # migrate runs beside workers of the version before, who know no such task
