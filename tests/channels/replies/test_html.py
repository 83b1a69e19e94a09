"""A mail that has only an HTML form, as plain text."""

import pytest

from csat.channels.replies.html import to_text


def test_paragraphs_and_breaks_are_lines() -> None:
    assert to_text("<p>5</p><p>Quick&nbsp;and kind<br>Thanks</p>") == "5\nQuick and kind\nThanks"


def test_what_nobody_sees_is_not_read() -> None:
    page = "<head><title>1</title><style>p{}</style></head><body><script>2</script>4</body>"
    assert to_text(page) == "4"


@pytest.mark.parametrize(
    "quote",
    [
        "<blockquote>How was it? 1 2 3</blockquote>",
        '<div class="gmail_quote">How was it? 1 2 3</div>',
        '<div id="divRplyFwdMsg">How was it?</div><div>1 2 3</div>',
    ],
)
def test_the_quotation_and_what_follows_are_left_out(quote: str) -> None:
    assert to_text(f"<div>5</div>{quote}") == "5"


def test_broken_markup_is_read_as_far_as_it_goes() -> None:
    assert to_text("</style><p>4 <b>great") == "4 great"
    assert to_text("") == ""


@pytest.mark.parametrize(
    "section", ["<![if !supportLists]>", "<![endif]>", "<![foo[x]]>", "<![CDATA[ 1 ]]>", "<![", "<![odd["]
)
def test_a_marked_section_is_a_comment_as_browsers_have_it(section: str) -> None:
    assert to_text(f"<p>5</p>{section}") == "5"
    assert to_text(f"<p>5</p>{section}><p>kind</p>").endswith("kind")
