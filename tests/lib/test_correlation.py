"""What happens now belongs to: ids in log lines and headers."""

from structlog import contextvars

from csat.lib import correlation


def test_ids_hold_within_and_empty_ones_are_left_out() -> None:
    correlation.restart(request_id="r1", task="")
    with correlation.bound(survey="s1", event=None):
        assert contextvars.get_contextvars() == {"request_id": "r1", "survey": "s1"}
        assert correlation.request_id() == "r1"
    assert contextvars.get_contextvars() == {"request_id": "r1"}
    assert correlation.headers() == {"X-Request-ID": "r1"}


def test_a_new_beginning_forgets() -> None:
    correlation.restart(request_id="r1")
    correlation.restart()
    assert correlation.request_id() == ""
    assert correlation.headers() == {}
