"""An authenticator app: RFC 6238, as a phone does it."""

import base64
import hashlib
import hmac
import re
import struct
import time

from django.test import Client

APP = "/account/second-factor/app/"


def code(secret: str, *, ahead: int = 0) -> str:
    """The six digits that the app shows now, or so many steps of 30 seconds later."""
    counter = struct.pack(">Q", int(time.time()) // 30 + ahead)
    mac = hmac.digest(base64.b32decode(secret), counter, hashlib.sha1)
    number = struct.unpack(">I", mac[mac[-1] & 15 :][:4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def set_up(client: Client) -> str:
    """Set up an app as a person does; its secret."""
    page = client.get(APP).content.decode()
    found = re.search(r'<code class="key">([A-Z2-7]+)</code>', page)
    assert found, page
    assert client.post(APP, {"code": code(found[1])}).status_code == 302
    return found[1]
