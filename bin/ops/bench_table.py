"""Figures as a table: ours beside the limit, with a column for another revision where there is one.

Those that were measured by size stand in a table of their own, a column a size.
"""

import math
import statistics
from collections.abc import Iterable
from typing import Any

Figure = dict[str, Any]
BEYOND = 10  # times the largest size measured: how far its growth is drawn out


def as_text(figures: list[Figure]) -> str:
    return "\n\n".join(map(_text, _tables(figures)))


def as_markdown(figures: list[Figure]) -> str:
    return "\n".join(map(_markdown, _tables(figures)))


def _tables(figures: list[Figure]) -> Iterable[list[list[str]]]:
    """The rows of each table, its head first."""
    plain = [figure for figure in figures if "sizes" not in figure]
    by_size = [figure for figure in figures if "sizes" in figure]
    if plain or not by_size:
        yield _rows(plain)
    if by_size:
        yield _rows_by_size(by_size)


def _text(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(_aligned(row, widths)).rstrip() for row in rows)


def _markdown(table: list[list[str]]) -> str:
    head, *rows = table
    rule = ["---" if is_left(number, len(head)) else "---:" for number in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows)) + "\n"


def is_left(number: int, columns: int) -> bool:
    """The columns of words: what is measured, and its goal."""
    return number in (0, columns - 1)


def _aligned(row: list[str], widths: list[int]) -> Iterable[str]:
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.ljust(width) if is_left(number, len(row)) else cell.rjust(width)


def _rows(figures: list[Figure]) -> list[list[str]]:
    """`ratio`: how many times worse than the limit. `gain`: how many times better than before."""
    compared = any(figure.get("before") is not None for figure in figures)
    names = ["before", "after", "gain"] if compared else ["ours"]
    return [["what", *names, "limit", "unit", "ratio", "goal"], *(_row(one, compared) for one in figures)]


def _row(figure: Figure, compared: bool) -> list[str]:
    ours, limit, before = figure["ours"], figure.get("limit"), figure.get("before")
    lower = figure.get("lower_is_better", True)
    ratio = _quotient(ours, limit) if lower else _quotient(limit, ours)
    gain = _quotient(before, ours) if lower else _quotient(ours, before)
    numbers = [_number(before), _number(ours), gain] if compared else [_number(ours)]
    return [figure["what"], *numbers, _number(limit), figure.get("unit", ""), ratio, figure.get("goal", "")]


def _rows_by_size(figures: list[Figure]) -> list[list[str]]:
    """`growth`: how many times more the largest size takes than the smallest."""
    sizes = sorted(map(int, figures[0]["sizes"]))
    beyond = f"{sizes[-1] * BEYOND:,} (extrapolated)"
    head = ["what", *(f"{size:,}" for size in sizes), "unit", "growth", "exponent", beyond, "goal"]
    return [head, *(_row_by_size(figure, sizes) for figure in figures)]


def _row_by_size(figure: Figure, sizes: list[int]) -> list[str]:
    values = [figure["sizes"][str(size)] for size in sizes]
    growth, exponent, beyond = _quotient(values[-1], values[0]), "", ""
    if len(sizes) > 1:
        exponent = f"{_power(sizes, values)[0]:.2f}"
        beyond = " to ".join(map(_number, _extrapolated(sizes, values)))
    numbers = [*map(_number, values), figure["unit"], growth, exponent, beyond]
    return [figure["what"], *numbers, figure.get("goal", "")]


def _power(sizes: list[int], values: list[float]) -> tuple[float, float]:
    """Exponent and factor of the power of the size that fits best (least squares of the logarithms)."""
    logarithms = ([math.log(one) for one in numbers] for numbers in (sizes, values))
    fit = statistics.linear_regression(*logarithms)
    return fit.slope, math.exp(fit.intercept)


def _extrapolated(sizes: list[int], values: list[float]) -> list[float]:
    """Two ways to go on to a larger size, the lower first: by the power, and straight on from the last two
    sizes, as what has a fixed part and one that grows with the rows does.
    """
    (exponent, factor), beyond = _power(sizes, values), sizes[-1] * BEYOND
    slope = (values[-1] - values[-2]) / (sizes[-1] - sizes[-2])
    straight = values[-1] + max(slope, 0) * (beyond - sizes[-1])
    return sorted([factor * beyond**exponent, straight])


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.1f}" if abs(value) >= 10 or value == 0 else f"{value:,.2f}"


def _quotient(above: float | None, below: float | None) -> str:
    if above is None or below is None:
        return ""
    return f"{above / below:.2f} x" if below else "-"
