from pathlib import Path
from stat import S_IMODE
from types import SimpleNamespace

from deploy.local.mail import Keeper


async def test_caught_mail_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    keeper = Keeper(folder)
    envelope = SimpleNamespace(original_content=b"a letter", mail_from="back@return.test")
    assert await keeper.handle_DATA(None, None, envelope) == "250 kept"
    [letter] = folder.iterdir()
    assert letter.read_bytes() == b"Return-Path: <back@return.test>\r\na letter"
    assert (S_IMODE(letter.stat().st_mode), S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)
