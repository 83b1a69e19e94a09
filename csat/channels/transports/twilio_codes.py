"""Twilio's error codes, by what they mean for a message. https://www.twilio.com/docs/api/errors"""

NEVER = {
    21211,
    21408,
    21602,
    21606,
    21610,
    21612,
    21614,
    21617,
    21635,
    30004,
    30005,
    30006,
    30007,
    63007,
    63014,
    63016,
}
SUPPRESSING = {21610, 30004}  # opted out; the number blocks us
TOO_MANY_REQUESTS = 20429  # of the account
LATER = {TOO_MANY_REQUESTS, 21611, 30001, 63018}  # too many at once
ONCE = {30003, 30008}  # the phone is off, or nobody knows why
ACCOUNT = {20003, 20005}  # credentials, account not active


def tries(code: str, *, most: int) -> int:
    """How many further tries a message deserves that Twilio took and then could not deliver."""
    number = _number(code)
    return 1 if number in ONCE else most if number in LATER else 0


def suppresses(code: str) -> bool:
    """Whether nobody should write to this number again."""
    return _number(code) in SUPPRESSING


def _number(code: str) -> int:
    return int(code) if code.isascii() and code.isdecimal() else 0
