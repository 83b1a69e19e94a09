"""How much a page moved: layout shifts as Chromium measures them, those right after a press included."""

from playwright.sync_api import Frame, Page

WATCH = """
(buffered) => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) {
      const moved = shift.sources.map((source) => source.node?.outerHTML?.slice(0, 80) ?? "?");
      window.shifts.push(`${shift.value.toFixed(4)} ${moved.join(" | ")}`);
    }
  }).observe({ type: "layout-shift", buffered });
}
"""
# two frames: the observer hears of a shift after it was painted
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 60)))"


def watch(page: Page | Frame, *, from_the_start: bool = True) -> None:
    """From when it was opened, or from now on."""
    page.evaluate(WATCH, from_the_start)


def seen(page: Page | Frame) -> list[str]:
    """Every shift, with what moved."""
    page.evaluate(SETTLED)
    shifts: list[str] = page.evaluate("window.shifts")
    return shifts
