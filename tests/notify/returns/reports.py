"""Reports as mail servers write them."""

from __future__ import annotations

ENCLOSED = """\
--report
Content-Type: message/rfc822

Return-Path: <{sender}>
From: khong-tra-loi@motcua.test
To: an@example.org
Subject: =?utf-8?q?H=E1=BB=93_s=C6=A1?=
Content-Type: multipart/alternative; boundary="-inner"

---inner
Content-Type: text/plain

chào
---inner--
"""


def bounce(
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <an@example.org>: user unknown",
    sender: str = "",
) -> bytes:
    """A delivery status (RFC 3464), with the letter where `sender` is its return path."""
    return f"""\
From: MAILER-DAEMON@mx.example.org
To: somebody@return.motcua.test
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="report"

--report
Content-Type: text/plain

Your message to <an@example.org> could not be delivered.

--report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Fri, 20 Nov 2026 09:00:00 +0700

Final-Recipient: rfc822; an@example.org
Action: {action}
Status: {status}
Diagnostic-Code: {diagnostic}

{ENCLOSED.format(sender=sender) if sender else ""}--report--
""".replace("\n", "\r\n").encode()


def complaint(kind: str = "abuse", mail_from: str = "", sender: str = "") -> bytes:
    """A report of a complaint (RFC 5965), as mailbox providers send them to one address for all."""
    named = f"Original-Mail-From: <{mail_from}>\n" if mail_from else ""
    return f"""\
From: feedback@mailbox.example.org
To: tra-lai@return.motcua.test
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="report"

--report
Content-Type: text/plain

This is an email abuse report.

--report
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
{named}
{ENCLOSED.format(sender=sender) if sender else ""}--report--
""".replace("\n", "\r\n").encode()
