"""E-mail addresses, read by a library; the plain kind, which nearly all are, by a pattern of which the library says the same.

One mailbox that any mail server takes: ASCII before the @, a domain of more than one label behind it. Nobody is asked whether
it exists.
"""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

CHARACTERS_MAX = 254
LOCAL_CHARACTERS_MAX = 64
_ATOM = r"[A-Za-z0-9_+-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
_PLAIN = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?:com|net|org|vn)")


def mail_address(text: str) -> tuple[str, str] | None:
    """Local part and domain as a mail server takes them, the domain in ASCII; None for what is no such address.

    An encoded word ("=?utf-8?q?...?=") is none: the writers of headers decode it, and it becomes another address.

    Guarantee: the pattern takes nothing that the library would refuse or write otherwise. Test: test_the_library_says_the_same.
    """
    local, _, domain = text.partition("@")
    if len(text) > CHARACTERS_MAX or len(local) > LOCAL_CHARACTERS_MAX:
        return None
    if _PLAIN.fullmatch(text) and "--" not in text:
        return local, domain
    if "=?" in text:
        return None
    try:
        read = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    return (read.ascii_local_part, read.ascii_domain) if read.ascii_local_part else None
