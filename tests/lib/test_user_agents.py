"""Which browser it was, in words."""

import pytest

from csat.lib import user_agents

CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36{}"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox, Windows",
        ),
        (CHROME.format("Macintosh; Intel Mac OS X 10_15_7", ""), "Chrome, macOS"),
        (CHROME.format("Windows NT 10.0; Win64; x64", " Edg/141.0.0.0"), "Edge, Windows"),
        (CHROME.format("Linux; Android 15; SM-S931B", ""), "Chrome, Android"),
        (CHROME.format("X11; CrOS x86_64 14541.0.0", ""), "Chrome, ChromeOS"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        ("curl/8.5.0", ""),
        ("", ""),
    ],
)
def test_it_is_told_by_its_own_name(user_agent: str, words: str) -> None:
    assert user_agents.describe(user_agent) == words
