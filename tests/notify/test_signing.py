"""Letters are signed for the sender's domain: verified by the public key as other servers do, over what arrived."""

import hashlib
import re
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.chassis.process.settings import SettingsFault, load
from services.notify.channels.letters import Letters
from services.notify.channels.signing import Signer
from services.notify.settings import NotifySettings
from tests.notify.desk import SENDER, Desk
from tests.notify.mailbox import Mailbox
from tests.notify.test_sender import submitted

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def written(folder: Path, key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, form: PrivateFormat) -> str:
    path = folder / "dkim.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, form, NoEncryption()))
    return str(path)


def verified(content: bytes) -> bool:
    """As RFC 6376 §6.1 says it, from the bottom up, by the public key alone."""
    head, body = content.split(b"\r\n\r\n", 1)
    lines = re.split(rb"\r\n(?![ \t])", head)
    relaxed = [
        line.split(b":", 1)[0].lower() + b":" + b" ".join(line.split(b":", 1)[1].split()) for line in lines
    ]
    tags = dict(each.strip().split(b"=", 1) for each in relaxed[0].split(b":", 1)[1].split(b";"))
    assert tags[b"d"] == b"motcua.test" and tags[b"s"] == b"s1" and tags[b"c"] == b"relaxed/relaxed"
    text = [b" ".join(re.split(rb"[ \t]+", line)).rstrip(b" ") for line in body.split(b"\r\n")]
    while text and not text[-1]:
        text.pop()
    digest = hashlib.sha256(b"".join(line + b"\r\n" for line in text)).digest()
    rest, signed = relaxed[1:], b""
    for name in b"".join(tags[b"h"].split()).split(b":"):
        found = [line for line in rest if line.split(b":", 1)[0] == name]
        if found:
            rest.reverse()
            rest.remove(found[-1])
            rest.reverse()
            signed += found[-1] + b"\r\n"
    signed += relaxed[0][: relaxed[0].index(b"; b=") + 4]
    try:
        KEY.public_key().verify(b64decode(b"".join(tags[b"b"].split())), signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return digest == b64decode(tags[b"bh"])


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
async def test_a_letter_is_signed_as_others_verify_it(
    desk: Desk, mailbox: Mailbox, tmp_path: Path, form: PrivateFormat
):
    life = await submitted(desk)
    await desk.hear(life.hears("FeePaid"))
    sender = desk.sender()
    signer = Signer("motcua.test", "s1", written(tmp_path, KEY, form))
    sender._letters = Letters(desk.texts, SENDER, links=desk.links, signer=signer)
    await sender.send_due()
    assert len(mailbox.contents) == 2
    for content in mailbox.contents:
        assert content.startswith(b"DKIM-Signature: ") and verified(content)
        for changed in (
            content.replace(b"Subject: ", b"Subject: x", 1),
            content.replace(b"List-Unsubscribe: <", b"List-Unsubscribe: <http://evil.example/", 1),
            content.replace(b"\r\n\r\n", b"\r\nList-Unsubscribe: <http://evil.example/>\r\n\r\n", 1),
            content.replace(b"\r\n\r\n", b"\r\nSubject: another\r\n\r\n", 1),
            content + b"more\r\n",
        ):
            assert changed == content or not verified(changed)
        # What servers do to spaces on the way is none of it.
        assert verified(content.replace(b"Subject: ", b"Subject:   ", 1) + b"\r\n\r\n")


async def test_without_a_key_nothing_is_signed(desk: Desk, mailbox: Mailbox):
    await submitted(desk)
    await desk.sender().send_due()
    assert mailbox.letters[0]["DKIM-Signature"] is None


def test_a_key_that_cannot_sign_is_told_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    values = {
        "DATABASE_DSN": "postgresql://nobody@127.0.0.1/nowhere",
        "KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "PORT": "1",
        "JWKS": "x",
        "JWT_ISSUER": "x",
        "JWT_AUDIENCE": "x",
        "CODE_KEY": bytes(range(64)).hex(),
        "SMTP_DKIM_KEY": written(tmp_path, ed25519.Ed25519PrivateKey.generate(), PrivateFormat.PKCS8),
    }
    for name, value in values.items():
        monkeypatch.setenv(f"MOTCUA_{name}", value)
    with pytest.raises(SettingsFault, match="MOTCUA_SMTP_DKIM_KEY holds no RSA key of 1024 bits") as fault:
        load(NotifySettings)
    assert "PRIVATE" not in str(fault.value)
    monkeypatch.setenv("MOTCUA_SMTP_DKIM_KEY", written(tmp_path, KEY, PrivateFormat.PKCS8))
    signer = load(NotifySettings).signer()
    assert signer is not None and b"d=motcua.example;" in signer.signed(b"From: a@b\r\n\r\nx\r\n")
