"""Theme, its words by language, which scores' comments have it, and how far a recount is."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from csat.lib.rows import Row
from csat.lib.types import Label
from csat.surveys.models import Score

MAX_WORDS = 20_000  # characters of one theme in one language

SHIPPED: dict[str, Label] = {
    "waiting": _("Waiting"),
    "delivery": _("Delivery"),
    "price": _("Price"),
    "refund": _("Refund"),
    "not_solved": _("Not solved"),
    "bot": _("Bot"),
    "friendly": _("Friendliness"),
    "fast": _("Fast help"),
    "competent": _("Competence"),
    "unclear": _("Unclear"),
    "fault": _("Product fault"),
    "account": _("Account"),
    "billing": _("Billing"),
    "quality": _("Product quality"),
}


class Theme(Row):
    """What a comment may be about. One that came with us has no name of its own until somebody names it."""

    class Colour(models.TextChoices):
        GREY = "grey", _("grey")
        RED = "red", _("red")
        ORANGE = "orange", _("orange")
        GREEN = "green", _("green")
        TEAL = "teal", _("teal")
        BLUE = "blue", _("blue")
        VIOLET = "violet", _("violet")
        PINK = "pink", _("pink")

    slug = models.SlugField(max_length=40, unique=True)  # what programs know it by: never changes
    name = models.CharField(max_length=60, blank=True)
    colour = models.CharField(max_length=10, choices=Colour, default=Colour.GREY)
    muted = models.BooleanField(default=False)  # shown and counted nowhere
    order = models.PositiveIntegerField(default=0)
    scores = models.ManyToManyField(Score, through="ScoreTheme", related_name="themes")

    class Meta:
        verbose_name = _("theme")
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.name or str(SHIPPED.get(self.slug, self.slug))


class ThemeWords(models.Model):
    """The words of one theme in one language, a line each, where somebody changed them."""

    theme = models.ForeignKey(Theme, on_delete=models.CASCADE, related_name="changed_words")
    language = models.CharField(max_length=12)
    text = models.TextField(blank=True, max_length=MAX_WORDS)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["theme", "language"], name="words_of_a_language")]

    def __str__(self) -> str:
        return f"{self.theme_id} {self.language}"


class ScoreTheme(models.Model):
    """The latest comment of this score has this theme."""

    score = models.ForeignKey(Score, on_delete=models.CASCADE)
    theme = models.ForeignKey(Theme, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["score", "theme"], name="one_theme_a_score")]

    def __str__(self) -> str:
        return f"{self.score_id} {self.theme_id}"


class Recount(models.Model):
    """The words' version, and how far all comments have been read again since it changed."""

    version = models.PositiveIntegerField(default=0)
    shipped = models.CharField(max_length=64, blank=True)  # a digest of the words that came with us
    seeded = models.BooleanField(default=False)
    position = models.BigIntegerField(default=0)  # the last score that was read
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_recount")]

    def __str__(self) -> str:
        return f"{self.done} of {self.total}"

    @classmethod
    def current(cls) -> "Recount":
        return cls.objects.get_or_create(pk=1)[0]

    @property
    def is_running(self) -> bool:
        return self.finished_at is None and self.total > 0

    @property
    def percent(self) -> int:
        """Whole percent, 100 only when it is over."""
        return min(99, 100 * self.done // self.total) if self.is_running else 100
