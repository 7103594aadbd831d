"""Takes secrets out of statements and messages before anyone can see them.

ClickHouse hides secrets in its own logs, but a syntax error quotes the statement as it came. What is
hidden here is written ``[HIDDEN]``, as ClickHouse writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "[HIDDEN]"

# A literal may be cut off at the end: the server quotes only the start of a long statement.
_LITERAL = r"'(?:[^'\\]|\\.|'')*(?:'|\\?\Z)"
_WORDS = r"(?:\w*password\w*|\w*secret\w*|\w*token|\w*access_key\w*|account_key|salt|credentials?|authorization)"
_AFTER_WORD = re.compile(
    rf"""(?isx)
    (
      \b identified \s+ (?: with \s+ \w+ \s+ )? by \s*     # IDENTIFIED WITH sha256_password BY '...'
    | \b \w+_(?:hash|password) \s+ by \s*                   # a further method: , bcrypt_hash BY '...'
    | (?<!['"`]) \b {_WORDS} \b \s* [=:]? \s*             # PASSWORD '...', secret_access_key = '...'
    | (['"`]) {_WORDS} \2 \s* [=:] \s*                    # headers('Authorization' = '...')
    )
    (?P<literal>{_LITERAL})
    """
)
_USERINFO = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,20}://[^\s:/@'\"]{0,100}):([^\s@'\"]{0,500})@")
# Table functions and engines whose later arguments are credentials: s3('url', 'key', 'secret').
_WITH_CREDENTIALS = re.compile(
    r"(?is)\b(s3\w*|gcs|cosn|oss|azure\w*|iceberg\w*|deltalake\w*|hudi|mysql|postgresql\w*|"
    r"mongodb|redis|remote\w*|odbc|jdbc|sqlite)\s*\((?P<arguments>(?:[^()']|" + _LITERAL + r")*)"
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` with known secrets, and literals in places where secrets stand, hidden.

    >>> redact("CREATE USER a IDENTIFIED WITH sha256_password BY 'pa''ss' HOST ANY")
    "CREATE USER a IDENTIFIED WITH sha256_password BY '[HIDDEN]' HOST ANY"
    >>> redact("SELECT * FROM s3('https://b/x.csv', 'AKIA', 'k3y')")
    "SELECT * FROM s3('https://b/x.csv', '[HIDDEN]', '[HIDDEN]')"
    """
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, HIDDEN)
        elif secret:  # too short to be replaced everywhere
            text = text.replace(f"'{secret}'", f"'{HIDDEN}'")
    text = _USERINFO.sub(rf"\1:{HIDDEN}@", text)
    text = _AFTER_WORD.sub(rf"\1'{HIDDEN}'", text)
    return _WITH_CREDENTIALS.sub(_hide_later_literals, text)


def secrets_in(statement: str) -> list[str]:
    """Return what :func:`redact` would hide in a statement.

    >>> secrets_in("CREATE USER a IDENTIFIED BY 'pass' HOST ANY")
    ['pass']
    """
    found = [match.group("literal") for match in _AFTER_WORD.finditer(statement)]
    for call in _WITH_CREDENTIALS.finditer(statement):
        found += re.findall(f"(?s){_LITERAL}", call.group("arguments"))[1:]
    return [literal.strip("'") for literal in found] + [match.group(2) for match in _USERINFO.finditer(statement)]


def _hide_later_literals(call: re.Match[str]) -> str:
    """Hide every string literal of a call but the first."""
    seen = 0

    def hide(literal: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        return literal.group() if seen == 1 else f"'{HIDDEN}'"

    whole, arguments = call.group(), call.group("arguments")
    return whole[: len(whole) - len(arguments)] + re.sub(f"(?s){_LITERAL}", hide, arguments)
