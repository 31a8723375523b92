"""How people can be reached: the newest word counts, and an erased person is gone."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from services.chassis.kafka.ordering import Delivered
from services.notify import contacts
from services.notify.contacts import Contact, parse
from tests.notify.desk import Desk
from tests.notify.examples import NOW, Life

APPLICANT = uuid7()
KEY = str(APPLICANT).encode()


def value(change: int = 3, **members: object) -> bytes:
    contact = {
        "applicant_id": str(APPLICANT),
        "change": change,
        "name": "Trần Thử",
        "email": "thu@example.org",
    }
    return orjson.dumps(contact | {"phone": "0900000000"} | members)


def delivered(contact: Contact) -> Delivered:
    of = contact.applicant_id
    return Delivered("contacts", 0, 0, of, "", "", of, 0, NOW, NOW, None, None, contact)


def known(change: int, email: str | None = "thu@example.org") -> Contact:
    return Contact(APPLICANT, change, False, "Trần Thử", email, phone="+84912345678")


def erased(change: int) -> Contact:
    return Contact(APPLICANT, change, True, None, None)


async def keep(desk: Desk, *batch: Contact) -> None:
    async with desk.pool.acquire() as connection, connection.transaction():
        await contacts.apply(connection, [delivered(contact) for contact in batch])


async def kept(desk: Desk) -> Contact:
    return Contact(
        *await desk.pool.fetchrow(
            "SELECT applicant_id, change, erased, name, email, words, phone FROM contacts"
        )
    )


def test_a_number_is_kept_where_messages_are_sent():
    assert parse(KEY, value(), []) == Contact(APPLICANT, 3, False, "Trần Thử", "thu@example.org")
    assert parse(KEY, value(email=None), []).email is None
    for written in ("0912345678", "+84912345678"):
        assert parse(KEY, value(phone=written), [], phones=True).phone == "+84912345678"
    for other in (
        None,
        "+84283829100",
        "028 3829 1000",
        "+15005550006",
        "091234567",
    ):  # no telephone that takes a message of ours
        assert parse(KEY, value(phone=other), [], phones=True).phone is None


def test_a_tombstone_names_its_change():
    assert parse(KEY, None, [("change", b"9")]) == erased(9)


@pytest.mark.parametrize(
    ("key", "content", "headers"),
    [
        (KEY, None, []),
        (KEY, None, [("change", b"soon")]),
        (KEY, b"{", []),
        (KEY, b"\xff", []),
        (KEY, value(change="three"), []),
        (KEY, value(name=None), []),
        (KEY, value(applicant_id=str(uuid7())), []),
        (b"", value(), []),
        (b"\xff", value(), []),
    ],
)
def test_what_is_no_contact_is_refused_without_quoting_it(key: bytes, content: bytes | None, headers: list):
    with pytest.raises(ValueError) as refused:
        parse(key, content, headers)
    assert "Trần" not in str(refused.value) and "example.org" not in str(refused.value)


def test_a_contact_in_a_traceback_is_nobody():
    assert "Trần" not in repr(known(1)) and "example" not in repr(known(1)) and "9123" not in repr(known(1))


async def test_an_older_contact_never_comes_back(desk: Desk):
    await keep(desk, known(5, "moi@example.org"))
    await keep(desk, known(4, "cu@example.org"))
    assert await kept(desk) == known(5, "moi@example.org")
    await keep(desk, erased(5), known(5))
    await keep(desk, known(5))
    assert await kept(desk) == erased(5)


async def test_a_tombstone_leaves_only_the_change(desk: Desk):
    await keep(desk, known(5))
    await keep(desk, erased(7))
    row = await desk.pool.fetchval("SELECT c::text FROM contacts c")
    assert row == f"({APPLICANT},7,t,,,,,,,0,)"


async def test_numbers_are_forgotten_where_messages_are_sent_no_more(desk: Desk):
    """And who reads numbers begins anew, so that they are known again when messages are."""
    await keep(desk, known(5))
    begun = "INSERT INTO reader_positions VALUES ($1, 'cluster', 'contacts', 0, 7)"
    for reader in (contacts.READER, contacts.READER_WITH_PHONES):
        await desk.pool.execute(begun, reader)
    for _ in range(2):
        await contacts.forget_phones(desk.pool)
        assert await kept(desk) == known(5)._replace(phone=None)
    rows = await desk.pool.fetch("SELECT reader, position FROM reader_positions")
    assert dict(rows) == {contacts.READER: 7, contacts.READER_WITH_PHONES: 0}
    await keep(desk, known(5))
    assert await kept(desk) == known(5)


async def test_an_email_to_an_erased_person_fails(desk: Desk, mailbox):
    life = Life(applicant_id=APPLICANT)
    await desk.hear(life.hears("DossierSubmitted"))
    await keep(desk, erased(1))
    await desk.sender().send_due()
    while await desk.sender().record_unsaid():
        pass
    assert ("NoticeFailed", "email", "no_contact") in await desk.recorded()
    assert mailbox.letters == []


@given(
    st.permutations(
        [known(1, "a@x.vn"), known(2, "b@x.vn"), erased(3), known(4, "d@x.vn"), known(3), erased(4)]
    )
)
def test_every_order_of_one_batch_ends_the_same(order: list[Contact]):
    """The strongest word of a batch is the one that any order of single deliveries would leave."""
    assert contacts.newest_of(order)[APPLICANT] == erased(4)
