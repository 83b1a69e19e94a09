"""What reads the same on every page of a language is rendered once, and not for each customer anew."""

from collections.abc import Hashable

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.utils import translation
from django.utils.safestring import SafeString

register = template.Library()

MOST = 1000  # texts that one place in a template keeps


@register.tag
def once(parser: Parser, token: Token) -> "Once":
    """{% once score=submission.score %}...{% endonce %}: inside there are the values named, and nothing else
    of the page, so that nothing else can be kept. Name what has few values, never a person's words.
    """
    bits = token.split_contents()[1:]
    values = token_kwargs(bits, parser)
    if bits:
        raise template.TemplateSyntaxError(f"once: name each value, as in score=submission.score, not {bits}")
    nodes = parser.parse(("endonce",))
    parser.delete_first_token()
    return Once(nodes, values)


class Once(template.Node):
    """Kept with the template itself, so that a changed one begins anew."""

    def __init__(self, nodelist: NodeList, values: dict[str, FilterExpression]) -> None:
        self.nodelist, self.values = nodelist, values
        self.kept: dict[Hashable, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        given = tuple([value.resolve(context) for value in self.values.values()])
        key = translation.get_language(), given
        text = self.kept.get(key)
        if text is None:
            text = self.nodelist.render(context.new(dict(zip(self.values, given, strict=True))))
            if len(self.kept) < MOST:
                self.kept[key] = text
        return text
