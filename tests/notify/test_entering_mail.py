"""The mail server's doors by settings, each of a real server: STARTTLS, TLS from the first byte, and log-in."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from services.chassis.process.settings import SettingsFault, load
from services.notify.channels.email import Carrier, Entry, Letter, compose
from services.notify.channels.outcome import Outcome, PutOff, Taken
from services.notify.settings import NotifySettings
from tests.certificates import Authority
from tests.chassis.conftest import new_id
from tests.notify.examples import NOW
from tests.notify.mailbox import Mailbox

SENDER = "Một Cửa <khong-tra-loi@motcua.test>"
USER, PASSWORD = "motcua", "a password"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("mail"))


@asynccontextmanager
async def server(authority: Authority, kind: str) -> AsyncIterator[Mailbox]:
    """One that takes letters over TLS alone, and from USER alone."""
    own = authority.sign("mail")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own.certificate, own.key)
    mailbox = Mailbox()

    def knows(
        _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    def protocol() -> SMTP:
        starttls = {"tls_context": context, "require_starttls": True} if kind == "starttls" else {}
        return SMTP(
            mailbox,
            hostname="mailbox.test",
            enable_SMTPUTF8=False,
            authenticator=knows,
            auth_required=True,
            auth_require_tls=kind == "starttls",
            **starttls,
        )

    opened = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=context if kind == "tls" else None
    )
    mailbox.port = opened.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        mailbox.drop_connections()
        opened.close()


def letter() -> Letter:
    return compose(new_id(), SENDER, "an@example.org", "Hồ sơ | Dossier", "Kính gửi", NOW)


async def hand_over(mailbox: Mailbox, entry: Entry, host: str = "127.0.0.1") -> Outcome:
    carrier = Carrier(host, mailbox.port, SENDER, entry, step_seconds=2.0)
    try:
        return await carrier.hand_over(letter())
    finally:
        carrier.close()


@pytest.mark.parametrize("kind", ["starttls", "tls"])
async def test_a_letter_goes_over_tls_behind_a_log_in(authority: Authority, kind: Any) -> None:
    async with server(authority, kind) as mailbox:
        entry = Entry(kind, authority.certificate, USER, PASSWORD)
        assert await hand_over(mailbox, entry) == Taken()
        assert len(mailbox.letters) == 1
        not_now = PutOff(in_doubt=False, of_all=True)
        assert await hand_over(mailbox, entry._replace(password="wrong")) == not_now
        assert await hand_over(mailbox, entry._replace(username="")) == not_now
        assert await hand_over(mailbox, Entry("none")) == not_now
        assert len(mailbox.letters) == 1


@pytest.mark.parametrize("kind", ["starttls", "tls"])
async def test_a_mail_server_that_is_not_who_it_should_be_gets_nothing(
    authority: Authority, tmp_path: Path, kind: Any
) -> None:
    async with server(authority, kind) as mailbox:
        sound = Entry(kind, authority.certificate, USER, PASSWORD)
        others = sound._replace(ca=Authority(tmp_path, "somebody").certificate)
        for entry, host in (
            (others, "127.0.0.1"),
            (sound._replace(ca=""), "127.0.0.1"),
            (sound, "localhost"),
        ):
            assert await hand_over(mailbox, entry, host) == PutOff(in_doubt=False, of_all=True)
        assert mailbox.letters == []


async def test_where_tls_is_required_a_server_without_it_gets_nothing() -> None:
    mailbox = Mailbox()
    opened = await asyncio.get_running_loop().create_server(mailbox.protocol, "127.0.0.1", 0)
    mailbox.port = opened.sockets[0].getsockname()[1]
    try:
        assert await hand_over(mailbox, Entry("starttls")) == PutOff(in_doubt=False, of_all=True)
        assert await hand_over(mailbox, Entry("auto")) == Taken()
    finally:
        mailbox.drop_connections()
        opened.close()


def test_no_password_goes_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_SMTP_USERNAME", USER)
    given = {
        "DATABASE_DSN": "postgresql://a@b/c",
        "KAFKA_BOOTSTRAP": "b:1",
        "PORT": "1",
        "JWKS": "j",
        "JWT_ISSUER": "i",
        "JWT_AUDIENCE": "a",
        "CODE_KEY": "a" * 128,
    }
    for name, value in given.items():
        monkeypatch.setenv(f"MOTCUA_{name}", value)
    with pytest.raises(SettingsFault, match="MOTCUA_SMTP_USERNAME wants MOTCUA_SMTP_TLS starttls or tls"):
        load(NotifySettings)
    monkeypatch.setenv("MOTCUA_SMTP_TLS", "tls")
    assert load(NotifySettings).entry == Entry("tls", "", USER, "")
