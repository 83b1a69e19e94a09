"""What may be wrong with a request of a help desk."""


class BadSignature(Exception):
    """The request is not theirs: 401. The message says what is wrong with it, without any secret."""


class CannotRead(Exception):
    """The body is not what this system sends; kept, and shown with this message."""
