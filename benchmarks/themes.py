"""All comments read again after a theme was added: how long, in the worker's own slices, and how much
processor time and memory the worker takes for it. Each comment has a word that no other has, as names and
typing errors are: no cache knows it.
"""

import itertools
import resource
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
MEMORY = 400.0  # MB of the worker


def main() -> None:
    (scores,) = bench.sizes("BENCH_THEMES", "200000")
    bench.use_year(scores)
    bench.set_up()
    from django.db.models import CharField, F, Value
    from django.db.models.functions import MD5, Cast, Concat, Mod, Substr

    from csat.surveys.models import Score
    from csat.themes import editing, recounting
    from csat.themes.models import Theme
    from csat.timeline.recording import SYSTEM

    own_word = Substr(MD5(Cast(F("pk"), CharField())), 1, 9)
    for part, text in zip(itertools.count(), COMMENTS, strict=False):
        rows = Score.objects.annotate(rest=Mod("pk", len(COMMENTS))).filter(rest=part)
        rows.update(comment=Concat(Value(f"{text} "), own_word))
    Theme.objects.filter(slug="invoices").delete()
    recounting.start_over()  # for those that came with us: what is measured is a theme more
    while recounting.due():
        recounting.run()
    editing.create("Invoices", by=SYSTEM, words={"en": "invoice*\ncharged .. twice"})
    began, busy, read = time.perf_counter(), time.process_time(), 0
    while recounting.due():
        read += recounting.run()
    took, busy = time.perf_counter() - began, time.process_time() - busy
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    limit = LIMIT * read / 200_000
    bench.say(f"themes: {read:,} comments read again", took, limit, "s", "2 min for 200,000")
    bench.say("themes: the worker's processor time for it", busy, limit, "s")
    bench.say("themes: the worker's memory", memory, MEMORY, "MB")
    Theme.objects.filter(slug="invoices").delete()


if __name__ == "__main__":
    main()
