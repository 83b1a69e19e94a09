"""An issuer that logs everybody in at once and puts into its tokens what it is told to, be it a lie."""

import base64
import secrets
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.standins.openid.server import CLIENT_ID, CLIENT_SECRET
from tests.standins.server import Provider, Reply

PERSON = {"sub": "u-1", "preferred_username": "ana", "email": "ana@acme.example", "email_verified": True}


class Forger(Provider):
    """`claims` go into the id_token over the true ones (None: left out), `userinfo` into what /me says.

    `foreign`: the token is signed with a key that nobody published; `unsigned`: with none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.foreign = self.unsigned = False
        self.nonces: dict[str, str] = {}
        self.key, self.other_key = _key(), _key()
        self.kid = "first"

    @property
    def env(self) -> dict[str, str]:
        return {"OIDC_ISSUER": self.base, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}

    def rotate_key(self) -> None:
        self.key, self.kid = _key(), secrets.token_hex(4)

    def asked(self, path: str) -> int:
        """How often somebody came for this path."""
        return sum(urlsplit(request["path"]).path == path for request in self.requests)

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        url = urlsplit(path)
        pages = {
            "/.well-known/openid-configuration": self._metadata,
            "/jwks": self._keys,
            "/me": lambda: PERSON | self.userinfo,
        }
        if url.path == "/auth":
            return self._authorize({name: values[0] for name, values in parse_qs(url.query).items()})
        if url.path == "/token":
            return Reply(200, self._tokens(parse_qs(body.decode()), headers))
        return Reply(200, pages[url.path]()) if url.path in pages else Reply(404, {})

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/auth",
            "token_endpoint": f"{self.base}/token",
            "userinfo_endpoint": f"{self.base}/me",
            "jwks_uri": f"{self.base}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        } | self.metadata

    def _authorize(self, asked: dict[str, str]) -> Reply:
        code = secrets.token_hex(8)
        self.nonces[code] = asked["nonce"]
        back = urlencode({"code": code, "state": asked["state"]})
        return Reply(302, {}, {"Location": f"{asked['redirect_uri']}?{back}"})

    def _tokens(self, sent: dict[str, list[str]], headers: dict[str, str]) -> dict[str, Any]:
        if sent.get("client_secret") != [CLIENT_SECRET]:
            raise Reply(401, {"error": "invalid_client"})
        now = int(time.time())
        honest = {"iss": self.base, "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        claims = honest | PERSON | {"nonce": self.nonces.pop(sent["code"][0])} | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        return {"access_token": "of no use", "token_type": "Bearer", "id_token": self._signed(claims)}

    def _signed(self, claims: dict[str, Any]) -> str:
        header = {"kid": self.kid}
        if self.unsigned:
            return jwt.encode(claims, None, algorithm="none", headers=header)
        return jwt.encode(claims, self.other_key if self.foreign else self.key, "RS256", headers=header)

    def _keys(self) -> dict[str, Any]:
        numbers = self.key.public_key().public_numbers()
        public = {"n": _base64(numbers.n), "e": _base64(numbers.e)}
        return {"keys": [{"kty": "RSA", "kid": self.kid, "use": "sig", "alg": "RS256", **public}]}


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _base64(number: int) -> str:
    content = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
