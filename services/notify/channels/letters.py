"""Writes the letter of an e-mail that is to go out: its text, where it returns, by which link its reader chooses, and who signs it."""

from __future__ import annotations

from services.chassis.http.mail_address import mail_address
from services.notify.channels.claims import Claim
from services.notify.channels.email import Letter, Unwritable, compose
from services.notify.channels.signing import Signer
from services.notify.choices.kinds import KIND_OF, Links
from services.notify.notice import Channel
from services.notify.returns.return_path import ReturnPaths
from services.notify.wording.texts import Texts


class Letters:
    """Of one installation: `sender` is everybody's; without `paths` letters return to it, without `links` there is nothing to choose."""

    def __init__(
        self,
        texts: Texts,
        sender: str,
        *,
        paths: ReturnPaths | None = None,
        links: Links | None = None,
        signer: Signer | None = None,
    ) -> None:
        self._texts, self._sender = texts, sender
        self._paths, self._links, self._signer = paths, links, signer

    def of(self, claim: Claim) -> Letter:
        """The letter; Unwritable where none can ever be written.

        Guarantee: a mail program may unsubscribe from what can be switched off alone. Test: test_what_the_law_demands_has_no_unsubscribe.
        """
        parts = mail_address(claim.email or "")
        if claim.email is None or parts is None:
            raise Unwritable
        about = claim.told.about
        link = self._links.of(claim.notice_id, claim.email) if self._links else ""
        text = self._texts.of(claim.told, Channel.EMAIL, link)
        letter = compose(
            claim.notice_id,
            self._sender,
            claim.email,
            text.title,
            text.body,
            claim.decided_at,
            link,
            one_click=bool(link) and about in KIND_OF,
        )
        if self._signer is not None:
            letter = letter._replace(content=self._signer.signed(letter.content))
        if self._paths is not None:
            sender = self._paths.of(claim.notice_id, claim.endings, letter.recipient)
            letter = letter._replace(sender=sender)
        return letter
