"""Every channel a survey can go out on, and what is particular to it."""

import pytest

from csat.channels import registry
from csat.channels.kinds import NEVER_SURVEYED, SURVEYED, Channel, Medium


def test_what_is_surveyed_is_registered_and_nothing_else() -> None:
    assert {channel.kind for channel in registry.all()} == set(SURVEYED)
    assert all(registry.find(kind) is registry.get(kind) for kind in SURVEYED)


@pytest.mark.parametrize("kind", [*sorted(NEVER_SURVEYED), "pigeon", ""])
def test_what_is_never_surveyed_is_not_found(kind: str) -> None:
    assert registry.find(kind) is None
    assert registry.fallbacks(kind) == ()
    with pytest.raises(KeyError):
        registry.get(kind)


def test_channels_of_one_medium_agree_on_whether_an_address_can_be_closed() -> None:
    for channel in registry.all():
        assert registry.of_medium(channel.medium).suppressible == channel.suppressible
    assert registry.of_medium("pigeon") is None


def test_a_fallback_is_another_channel_that_sends() -> None:
    for channel in registry.all():
        assert channel.kind not in registry.fallbacks(channel.kind)
        assert not any(registry.get(kind).silent for kind in registry.fallbacks(channel.kind))


def test_each_choice_stands_once_and_what_was_known_comes_first() -> None:
    assert [value for value, _label in registry.medium_choices()][: len(Medium.values)] == Medium.values
    sources = registry.source_choices([("page", "Page")])
    assert sources[0] == ("page", "Page")
    assert len(dict(sources)) == len(sources)
    assert ("slack", Channel.SLACK.label) in sources
