"""{% once %}: what reads the same for everybody is rendered once."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from csat.templatetags import once


def page(inside: str, *, given: str = "") -> Template:
    return Template(f"{{% load i18n once %}}{{% once {given} %}}{inside}{{% endonce %}}")


def test_it_is_rendered_once_for_each_value():
    asked = []

    class Face:
        def label(self) -> str:
            asked.append(1)
            return "Good"

    template, face = page("{{ score }} {{ face.label }}", given="score=submission.score face=face"), Face()
    for score in (4, 5, 4, 5):
        assert template.render(Context({"submission": {"score": score}, "face": face})) == f"{score} Good"
    assert len(asked) == 2


def test_it_is_rendered_in_each_language():
    template = page('{% translate "Thank you" %}')
    for language, words in {"en": "Thank you", "de": "Vielen Dank", "fr": "Merci"}.items():
        with translation.override(language):
            assert template.render(Context()) == words


def test_it_knows_nothing_that_was_not_named():
    assert page("{{ name }}").render(Context({"name": "Mara"})) == ""


def test_it_escapes_what_was_named():
    assert page("{{ name }}", given="name=name").render(Context({"name": "<b>"})) == "&lt;b&gt;"


def test_it_keeps_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(once, "MOST", 2)
    template = page("{{ score }}", given="score=score")
    assert [template.render(Context({"score": score})) for score in (1, 2, 3, 3)] == ["1", "2", "3", "3"]
    (node,) = template.nodelist.get_nodes_by_type(once.Once)
    assert len(node.kept) == 2


def test_a_value_without_a_name_is_refused():
    with pytest.raises(TemplateSyntaxError, match="name each value"):
        page("", given="score")
