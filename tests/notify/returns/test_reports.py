"""What mail servers say came back, read as they write it."""

import pytest

from services.notify.returns.reports import Reason, Report, State, read
from tests.notify.returns.reports import bounce, complaint

PATH = "tra-lai+abc@return.motcua.test"


@pytest.mark.parametrize(
    ("status", "diagnostic", "reason"),
    [
        ("5.1.1", "", "no_such_mailbox"),
        ("5.1.10", "", "no_such_mailbox"),
        ("5.2.1", "", "no_such_mailbox"),
        ("5.0.0", "smtp; 550 5.1.1 <an@example.org>: user unknown", "no_such_mailbox"),
        ("5.0.0", "smtp; 550 no", "carrier"),
        ("5.1.8", "", "carrier"),  # our own address
        ("5.2.2", "", "mailbox_full"),
        ("4.2.2", "", "mailbox_full"),
        ("4.1.1", "", "unreachable"),
        ("4.4.7", "", "unreachable"),
        ("5.4.4", "", "unreachable"),
        ("5.7.1", "", "blocked"),
        ("5.3.4", "", "carrier"),
        ("nothing", "smtp; 550 go away", "carrier"),
    ],
)
def test_why_a_letter_came_back(status: str, diagnostic: str, reason: Reason):
    report = read(bounce(status=status, diagnostic=diagnostic))
    assert report == Report("failed", reason)
    assert report.hard == (reason == "no_such_mailbox")


@pytest.mark.parametrize("action", ["failed", "delayed", "delivered", "Failed"])
def test_what_became_of_a_letter(action: str):
    report = read(bounce(action, sender=PATH))
    assert report is not None and report.state == action.lower() and report.names == (PATH,)


@pytest.mark.parametrize("action", ["relayed", "expanded", "", "nonsense"])
def test_what_says_nothing_of_the_mailbox(action: str):
    assert read(bounce(action)) is None


@pytest.mark.parametrize(
    ("kind", "state"),
    [("abuse", "complained"), ("opt-out", "complained"), ("not-spam", None), ("virus", None), ("auth-failure", None)],
)  # fmt: skip
def test_what_is_a_complaint(kind: str, state: State | None):
    report = read(complaint(kind, mail_from=PATH))
    assert report == (Report("complained", None, (PATH,)) if state else None)


def test_a_complaint_names_its_letter_by_the_letter_itself():
    report = read(complaint(sender=PATH))
    assert report is not None and PATH in report.names


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"Subject: out of office\r\nAuto-Submitted: auto-replied\r\n\r\nI am away until Monday.\r\n",
        b"Content-Type: multipart/report\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n",
        b'Content-Type: multipart/report; boundary="a"\r\n\r\n--a\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n--a--\r\n',
        b'Content-Type: multipart/mixed; boundary="a"\r\n\r\n--a\r\nContent-Type: message/delivery-status\r\n\r\n'
        b"Action: failed\r\n--a--\r\n",
        bounce().replace(b"report-type=delivery-status; boundary", b"b"),
        b"\xff\xfe\x00Content-Type: multipart/report\r\n\r\n",
        bounce()[:400],
    ],
)
def test_what_is_no_report_says_nothing(content: bytes):
    assert read(content) is None


def test_a_nested_report_is_not_read():
    nested = b"".join(
        b'Content-Type: multipart/report; boundary="%d"\r\n\r\n--%d\r\n' % (depth, depth)
        for depth in range(5_000)
    )
    assert read(nested) is None
