"""All comments read again after the words of a theme changed: how long, in the worker's own slices."""

import itertools
import time

import _common as bench

COMMENTS = (
    "The parcel never arrived and nobody answers. I want my money back.",
    "Quick and friendly, thank you.",
    "I still cannot log in, the reset link does not work.",
    "Nothing to add.",
    "Charged twice, and the invoice says something else than the mail.",
    "The agent knew exactly what to do. It took two hours to reach her, though.",
)
LIMIT = 120.0  # seconds for 200,000


def main() -> None:
    (scores,) = bench.sizes("BENCH_THEMES", "200000")
    bench.use_year(scores)
    bench.set_up()
    from django.db.models.functions import Mod

    from csat.surveys.models import Score
    from csat.themes import recounting

    for part, text in zip(itertools.count(), COMMENTS, strict=False):
        Score.objects.annotate(rest=Mod("pk", len(COMMENTS))).filter(rest=part).update(comment=text)
    recounting.start()
    began, read = time.perf_counter(), 0
    while recounting.due():
        read += recounting.run()
    took = time.perf_counter() - began
    bench.say(f"themes: {read:,} comments read again", took, LIMIT * read / 200_000, "s", "2 min for 200,000")


if __name__ == "__main__":
    main()
