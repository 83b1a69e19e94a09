"""Colours that can be read: contrast by WCAG 2.2, and a brand colour brought to it."""

import colorsys

Rgb = tuple[float, float, float]
TEXT = 4.5  # WCAG 2.2, success criterion 1.4.3
STEPS = 100


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two #rrggbb colours, 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    dark, light = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))))
    return (light + 0.05) / (dark + 0.05)


def readable(colour: str, *, on: str, at_least: float = TEXT) -> str:
    """The colour itself when it can be read on `on`; otherwise the nearest lightness of it that can."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    end = 0.0 if _luminance(_rgb(on)) > 0.18 else 1.0  # away from the paper
    shade = colour.lower()
    for step in range(1, STEPS + 1):
        if contrast(shade, on) >= at_least:
            return shade
        rgb = colorsys.hls_to_rgb(hue, lightness + (end - lightness) * step / STEPS, saturation)
        shade = "#" + "".join(f"{round(part * 255):02x}" for part in rgb)
    return shade  # black or white


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _luminance(rgb: Rgb) -> float:
    """Relative luminance (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
