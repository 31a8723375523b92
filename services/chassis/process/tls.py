"""TLS to the parts that a service calls: whose certificates are believed, and what it shows of itself. Names are always verified."""

from __future__ import annotations

import logging
import ssl
from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

log = logging.getLogger(__name__)


def _is_readable(value: str) -> str:
    if value:
        try:
            held = "-----BEGIN " in Path(value).read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise ValueError(f"cannot be read ({type(error).__name__})") from None
        if not held:
            raise ValueError("holds no PEM")
    return value


PemFile = Annotated[str, AfterValidator(_is_readable)]


class Tls(NamedTuple):
    """Paths of PEM files: `ca` of who signs the others' certificates, the system's without it; our own `certificate` and its `key`."""

    ca: str = ""
    certificate: str = ""
    key: str = ""

    def context(self) -> ssl.SSLContext:
        """One context for all clients of these files, which are read again here.

        Guarantee: a certificate that was renewed in its place is shown from the next connection on, by clients that are open, too.
        Test: test_a_renewed_certificate_is_taken_while_it_runs.
        Guarantee: while only one of the two files is renewed, or one is half written, the pair of before is shown.
        Test: test_a_certificate_without_its_key_keeps_the_pair_of_before.
        """
        found, shows = _context(self)
        if self.certificate:
            try:
                # Tried elsewhere: what fails here leaves a context with one of the two.
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(self.certificate, self.key)
                found.load_cert_chain(self.certificate, self.key)
                shows.add(self.certificate)
            except OSError as error:  # of which SSLError is one
                if not shows:
                    raise
                log.warning("certificate-half-renewed", extra={"fields": {"error": type(error).__name__}})
        return found


@cache
def system_trust() -> ssl.SSLContext:
    """What the system believes, for clients of HTTP: read once, which takes 20 ms. Not Tls's, for they write into it what they speak.

    Guarantee: an authority of one's own is believed wherever a service asks by https, when the system, or SSL_CERT_FILE, names it.
    Test: test_keys_are_fetched_from_whom_the_system_believes.
    """
    return ssl.create_default_context()


@cache
def _context(tls: Tls) -> tuple[ssl.SSLContext, set[str]]:
    """The context, and what it shows by now."""
    return ssl.create_default_context(cafile=tls.ca or None), set()
