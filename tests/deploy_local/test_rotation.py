"""What a change of secrets consists of, without a run: keys and their ids, the promise on disk, the keys of tokens."""

import inspect
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from contracts.topics import SERVICES
from deploy.local import rotation
from deploy.local.home import Home
from deploy.local.issuer import AUDIENCE, HOURS_MOST, ISSUER, RETIRED_AT, Issuer, new_key
from deploy.local.keys import SUPERUSER, Secrets, key_id, secrets_of
from deploy.local.process import Failed
from deploy.local.supervisor import READERS_OF_CODES, WRITERS_OF_CODES, Supervisor
from services.chassis.http.tokens import TokenRefused, Tokens
from services.chassis.process.settings import key_ring
from services.intake import incoming as intake
from services.intake.settings import IntakeSettings
from services.notify.wording import texts as notify
from services.processing import outgoing as processing

RINGS = ("code_key", "hmac_key", "payment_secret")


def words(secrets: Secrets) -> set[str]:
    rings = {key for ring in RINGS for key in getattr(secrets, ring).split(",")}
    return {*secrets.postgres.values(), *secrets.kafka.values(), *rings, secrets.grafana_password}


def test_a_change_makes_every_secret_another_one_and_keeps_every_key_behind_it(tmp_path: Path) -> None:
    now = secrets_of(tmp_path)
    once = rotation.everything_anew(now).secrets
    twice = rotation.everything_anew(once).secrets
    for before, after in ((now, once), (once, twice)):
        kept = {key for ring in RINGS for key in getattr(before, ring).split(",")}
        assert words(before) & words(after) == kept
        assert (after.postgres.keys(), after.kafka.keys()) == (before.postgres.keys(), before.kafka.keys())
        assert all(getattr(after, ring).endswith("," + getattr(before, ring)) for ring in RINGS)
    told = {name: getattr(twice, name) for name in RINGS}
    settings = IntakeSettings(
        **told, database_dsn="d", kafka_bootstrap="k:1", port=1, jwks="j", jwt_issuer="i", jwt_audience="a"
    )
    assert [len(key_ring(getattr(settings, ring))) for ring in RINGS] == [3, 3, 3]


def test_an_earlier_key_is_dropped_by_its_id_and_no_other(tmp_path: Path) -> None:
    now = rotation.everything_anew(secrets_of(tmp_path)).secrets
    new, old = now.payment_secret.split(",")
    assert rotation.without(now, key_id(old)) == rotation.Change(replace(now, payment_secret=new), None)
    with pytest.raises(Failed, match="payments are written with"):
        rotation.without(now, key_id(new))
    with pytest.raises(Failed, match="official codes sealed under it"):
        rotation.without(now, key_id(now.code_key.split(",")[1]))
    assert rotation.without(now, "01234567") is None


def test_one_change_at_a_time_and_none_is_forgotten(tmp_path: Path) -> None:
    now = secrets_of(tmp_path)
    assert rotation.pending(tmp_path) is None
    first = rotation.everything_anew(now)
    rotation.begin(tmp_path, first)
    with pytest.raises(FileExistsError):
        rotation.begin(tmp_path, rotation.everything_anew(now))
    assert rotation.pending(tmp_path) == first
    assert secrets_of(tmp_path) == now
    rotation.finish(tmp_path, first)
    rotation.finish(tmp_path, first)
    assert rotation.pending(tmp_path) is None
    assert asdict(secrets_of(tmp_path)) == asdict(first.secrets)
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_list_of_keys_names_no_secret(tmp_path: Path) -> None:
    Issuer(tmp_path)
    rotation.begin(tmp_path, change := rotation.everything_anew(secrets_of(tmp_path)))
    rotation.finish(tmp_path, change)
    listed = "\n".join(rotation.listed(tmp_path))
    assert f"payments  {key_id(change.secrets.payment_secret.split(',')[0])}  written with" in listed
    assert not [word for word in words(change.secrets) if word in listed]


async def test_tokens_of_the_key_before_are_taken_until_they_expire(tmp_path: Path) -> None:
    issuer, next_key = Issuer(tmp_path), new_key()

    def tokens() -> Tokens:
        return Tokens(str(issuer.jwks), ISSUER, AUDIENCE, lifetime_seconds=HOURS_MOST * 3600)

    old = issuer.token("officer", hours=HOURS_MOST).encode()
    issuer.announce(next_key)
    early = tokens()
    await early.verify(old)
    for _ in range(2):  # as after a crash between any two lines
        issuer.announce(next_key)
        issuer.change_to(next_key)
    new = Issuer(tmp_path).token("officer").encode()
    for checking in early, tokens():
        assert {(await checking.verify(token)).role for token in (old, new)} == {"officer"}
    issuer.revoke(old.decode())
    assert issuer.key_ids[0] == next_key["kid"] and len(issuer.key_ids) == 2
    with pytest.raises(LookupError):
        issuer.drop(issuer.key_ids[0])
    issuer.drop(issuer.key_ids[1])
    with pytest.raises(TokenRefused):
        await tokens().verify(old)
    assert (await tokens().verify(new)).role == "officer"


def test_a_key_of_tokens_that_have_all_expired_is_published_no_more(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    first = issuer.key_ids[0]
    issuer.change_to(new_key())
    published = json.loads(issuer.jwks.read_text("utf-8"))
    assert [key["kid"] for key in published["keys"]][1] == first
    published["keys"][1][RETIRED_AT] -= HOURS_MOST * 3600 + 1
    issuer.jwks.write_text(json.dumps(published), "utf-8")
    issuer.change_to(new_key())
    assert first not in issuer.key_ids and len(issuer.key_ids) == 2
    assert '"d"' not in issuer.jwks.read_text("utf-8")


def test_who_opens_codes_knows_a_new_key_before_anybody_seals_with_it() -> None:
    assert sorted((*READERS_OF_CODES, *WRITERS_OF_CODES)) == sorted(SERVICES)
    opening = {"intake": intake, "notify": notify}
    assert opening.keys() <= set(READERS_OF_CODES)
    assert all("unseal(" in inspect.getsource(module) for module in opening.values())
    assert WRITERS_OF_CODES == ("processing",) and " seal(" in inspect.getsource(processing)


def test_a_start_after_a_change_that_was_cut_short_enters_by_either_password(tmp_path: Path) -> None:
    now = secrets_of(tmp_path)
    change = rotation.everything_anew(now)
    rotation.begin(tmp_path, change)
    supervisor = Supervisor(Home(tmp_path, 20_000), lambda _line: None)
    postgres, kafka = supervisor._postgres, supervisor._kafka
    assert postgres._superusers == [change.secrets.postgres[SUPERUSER], now.postgres[SUPERUSER]]
    assert kafka._admins == [change.secrets.kafka["admin"], now.kafka["admin"]]
    assert kafka.passwords == change.secrets.kafka
    assert change.secrets.postgres["intake"] in postgres.dsn("intake")
