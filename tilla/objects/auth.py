"""How a user proves who he is. Never a password: a hash of one, a public key, or a certificate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import attrs

from tilla import errors, text

EXTERNAL = "external"

_HEX = re.compile(r"[0-9A-Fa-f]+\Z")
_BCRYPT = re.compile(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}\Z")
# What hashing nothing gives: a shell variable that was not set.
_OF_NOTHING = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "be1bdec0aa74b4dcb079943e70528096cca985f8",
}


@attrs.frozen(repr=False)
class Auth:
    """One way to log in, made by the class methods; a user may have several, for a change of password without
    a gap.
    """

    kind: str
    value: str
    extra: str = ""

    @classmethod
    def sha256_hash(cls, value: str, salt: str = "") -> Auth:
        """A SHA-256 of the password (with the salt behind it), 64 hexadecimal digits."""
        return cls("sha256_hash", _digits("sha256_hash", value, 64), salt)

    @classmethod
    def double_sha1_hash(cls, value: str) -> Auth:
        """A SHA-1 of the SHA-1 of the password, 40 hexadecimal digits: what MySQL clients can use."""
        return cls("double_sha1_hash", _digits("double_sha1_hash", value, 40))

    @classmethod
    def bcrypt_hash(cls, value: str) -> Auth:
        """A bcrypt of the password, ``$2a$12$...``, 60 characters."""
        if not _BCRYPT.match(value):
            raise errors.bad_hash("bcrypt_hash", "60 characters that start with $2a$")
        return cls("bcrypt_hash", value)

    @classmethod
    def ssh_key(cls, key: str, type: str = "") -> Auth:
        """A public SSH key: the base64 text and its type, or a whole line of an authorized_keys file."""
        words = key.split()
        if not type and len(words) > 1:
            type, key = words[0], words[1]
        if not type or not re.match(r"[A-Za-z0-9+/]+=*\Z", key):
            raise errors.bad_hash("ssh_key", "'ssh-ed25519 AAAAC3...', as in the .pub file")
        return cls("ssh_key", key, type)

    @classmethod
    def certificate(cls, name: str = "", *, san: str = "") -> Auth:
        """A TLS client certificate with this common name, or with this subject alternative name
        (``URI:...``).
        """
        if bool(name) == bool(san):
            raise errors.bad_hash("certificate", "a common name, or san='URI:...'")
        return cls("ssl_certificate", name or san, "CN" if name else "SAN")

    def sql(self) -> str:
        """The method as it stands behind IDENTIFIED WITH."""
        if self.kind == "ssh_key":
            return f"ssh_key BY KEY {text.quote_string(self.value)} TYPE {text.quote_string(self.extra)}"
        if self.kind == "ssl_certificate":
            return f"ssl_certificate {self.extra} {text.quote_string(self.value)}"
        salt = f" SALT {text.quote_string(self.extra)}" if self.extra else ""
        return f"{self.kind} BY {text.quote_string(self.value)}{salt}"

    def __repr__(self) -> str:
        shown = self.value if self.kind == "ssl_certificate" else "..."
        return f"<Auth {self.kind} {shown}>"


def _digits(kind: str, value: str, length: int) -> str:
    """Check a hexadecimal hash without ever repeating it."""
    if not isinstance(value, str) or not _HEX.match(value) or len(value) != length or value.lower() in _OF_NOTHING:
        raise errors.bad_hash(kind, f"{length} hexadecimal digits, and not those of an empty password")
    return value


def check_auth(where: str, value: object) -> None:
    """Raise for anything that is neither a method, nor several, nor ``'external'``; a text is never
    repeated.
    """
    if value == EXTERNAL:
        return
    if not isinstance(value, tuple) or not value or None in value:
        raise errors.no_auth(where)
    if not all(isinstance(item, Auth) for item in value):
        raise errors.plaintext_password(where)


def auth_value(value: Auth | Sequence[Auth] | str | None) -> Any:
    """One method or several as a tuple; anything else as it is, for :func:`check_auth`."""
    if isinstance(value, list | tuple):
        return tuple(value)
    return value if value == EXTERNAL else (value,)
