"""An embedded run's folder: secrets, ports, tokens, mail."""

import json
import os
import smtplib
import socket
import stat
import sys
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from deploy.local import loading, rotation
from deploy.local.home import OFFSETS, Home
from deploy.local.issuer import AUDIENCE, ISSUER, Issuer
from deploy.local.keys import secrets_of
from deploy.local.loading import Loading
from deploy.local.process import Failed, Identity, Process
from deploy.local.status import status
from services.chassis.http.tokens import TokenRefused, Tokens
from tests.deploy_local.test_command import Run
from tests.deploy_local.test_process import eventually


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    made = secrets_of(tmp_path)
    assert secrets_of(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert len(made.code_key) == 128
    assert len({*made.postgres.values(), *made.kafka.values()}) == len(made.postgres) + len(made.kafka)


def test_a_home_from_before_payments_is_given_their_secret(tmp_path: Path) -> None:
    made = secrets_of(tmp_path)
    kept = json.loads((tmp_path / "secrets.json").read_text(encoding="utf-8"))
    del kept["payment_secret"]
    (tmp_path / "secrets.json").write_text(json.dumps(kept), encoding="utf-8")
    found = secrets_of(tmp_path)
    assert (found.hmac_key, found.postgres) == (made.hmac_key, made.postgres)
    assert len(found.payment_secret) == 64
    assert secrets_of(tmp_path) == found


def test_no_secret_stands_for_two_things(tmp_path: Path) -> None:
    made = secrets_of(tmp_path)
    own = [made.hmac_key, made.code_key, made.payment_secret, made.grafana_password]
    every = [*made.postgres.values(), *made.kafka.values(), *own]
    assert len(set(every)) == len(every)


def test_damaged_secrets_are_told_and_never_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{}", encoding="utf-8")
    with pytest.raises(Failed, match="is damaged"):
        secrets_of(tmp_path)


def test_the_status_says_what_is_not_over(tmp_path: Path) -> None:
    home = Home(tmp_path, 20_000)
    loading.tell(home, Loading("loading", 3_000, 2_900, 13_831))
    assert status(home)["demonstration"] is None, "nothing runs"
    own = Identity.of(os.getpid())
    assert own is not None
    own.write(home.run / "supervisor.pid")
    rotation.begin(tmp_path, rotation.everything_anew(secrets_of(tmp_path)))
    now = status(home)
    assert now["demonstration"]["processed"] == 2_900
    assert now["going_on"] == [
        "the demonstration is loading: 3,000 submitted, 2,900 processed, of 13,831",
        "secrets are being changed",
    ]
    loading.tell(home, Loading("loaded"))
    (tmp_path / "secrets.next.json").unlink()
    assert status(home)["going_on"] == []
    loading.forget(home)
    assert status(home)["demonstration"] is None


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Failed, match=rf"{port} \(processing\).*MOTCUA_PORT_BASE"):
            Home(tmp_path, port - OFFSETS["processing"]).refuse_ports_in_use()


@pytest.mark.parametrize("base", ["eight", "80", "65530"])
def test_a_base_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, base: str) -> None:
    monkeypatch.setenv("MOTCUA_HOME", str(tmp_path))
    monkeypatch.setenv("MOTCUA_PORT_BASE", base)
    with pytest.raises(Failed, match="MOTCUA_PORT_BASE"):
        Home.from_environment()


def test_a_home_remembers_its_ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Home(tmp_path, 12000).remember()
    monkeypatch.setenv("MOTCUA_HOME", str(tmp_path))
    monkeypatch.delenv("MOTCUA_PORT_BASE", raising=False)
    assert Home.from_environment() == Home(tmp_path, 12000)


async def test_services_know_the_issuers_tokens(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    tokens = Tokens(str(issuer.jwks), ISSUER, AUDIENCE)
    officer = await tokens.verify(Issuer(tmp_path).token("officer", subject="lan").encode())
    assert (officer.subject, officer.role, officer.office) == ("lan", "officer", "H29.015.00")
    portal = await tokens.verify(issuer.token("portal").encode())
    assert (portal.role, portal.office, portal.unit) == ("portal", "", "")
    with pytest.raises(TokenRefused):
        await tokens.verify(Issuer(tmp_path / "another").token("officer").encode())


async def test_a_token_that_was_revoked_at_the_command_line_names_nobody(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    tokens = Tokens(str(issuer.jwks), ISSUER, AUDIENCE, revoked=str(issuer.revoked))
    lost, kept = issuer.token("officer"), issuer.token("officer")
    issuer.revoke(lost)
    issuer.revoke(lost)
    assert (await tokens.verify(kept.encode())).role == "officer"
    with pytest.raises(TokenRefused, match="token-revoked"):
        await tokens.verify(lost.encode())
    with pytest.raises(Failed):
        issuer.revoke(Issuer(tmp_path / "another").token("officer"))


def test_no_token_for_an_unknown_role(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="importer, officer, operator, portal, supervisor"):
        Issuer(tmp_path).token("king")


def test_the_private_key_is_private(tmp_path: Path) -> None:
    Issuer(tmp_path)
    assert stat.S_IMODE((tmp_path / "issuer-key.json").stat().st_mode) == 0o600
    assert '"d"' not in (tmp_path / "jwks.json").read_text(encoding="utf-8")


@pytest.mark.servers
def test_a_message_is_caught_and_kept(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = Process("mail", home=tmp_path)
    process.start([sys.executable, "-m", "deploy.local.mail", "127.0.0.1", str(port), str(tmp_path / "mail")])
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Hồ sơ", "motcua@example.org", "lan@example.org"
    message["Message-ID"] = "<notice@example.org>"
    message.set_content("Đã tiếp nhận")
    try:
        assert eventually(lambda: answers(port), 15)
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.send_message(message)
        kept = list((tmp_path / "mail").glob("*.eml"))
        assert len(kept) == 1
        assert b"Message-ID: <notice@example.org>" in kept[0].read_bytes()
    finally:
        process.stop()


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        time.sleep(0.05)
        return False


@pytest.mark.parametrize("words", [("token", "--role", "officer"), ("held", "list")])
def test_a_wrong_home_is_told_and_stays_empty(tmp_path: Path, words: tuple[str, ...]) -> None:
    home = tmp_path / "elsewhere"
    answer = Run(home, 20_000)(*words)
    assert answer.returncode == 1
    assert "is no home of a run" in answer.stderr
    assert not home.exists() or not list(home.iterdir())
