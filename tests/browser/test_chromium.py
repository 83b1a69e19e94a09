"""The browser itself: a broken page is noticed."""


def test_a_page_that_cannot_be_found_is_noticed(visit):
    page = visit("/no-such-page")
    assert page.title()
    assert "404" in visit.troubles.pop()
