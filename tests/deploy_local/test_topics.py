"""Who may do what follows from the declared topics."""

from contracts.topics import ANALYST, DEAD_LETTERS, SERVICES, TOPICS, grants, topics_of


def rights_of(user: str, right: str) -> set[str]:
    return {
        grant.name
        for grant in grants()
        if grant.user == user and grant.right == right and grant.kind == "TOPIC"
    }


def test_an_analyst_reads_what_is_not_personal_and_writes_nothing() -> None:
    assert rights_of(ANALYST, "READ") == {"dossiers", "calendar", "notices", "progress"}
    assert rights_of(ANALYST, "WRITE") == set()


def test_contacts_are_read_by_notify_alone() -> None:
    assert [user for user in (*SERVICES, ANALYST) if "contacts" in rights_of(user, "READ")] == ["notify"]


def test_what_officers_are_called_is_read_where_it_is_shown() -> None:
    assert [user for user in (*SERVICES, ANALYST) if "officers" in rights_of(user, "READ")] == [
        "intake",
        "notify",
    ]
    assert [user for user in (*SERVICES, ANALYST) if "officers" in rights_of(user, "WRITE")] == ["processing"]


def test_dead_letters_are_read_by_no_service() -> None:
    names = {topic.name for topic in DEAD_LETTERS}
    assert names == {f"{service}.dead-letters" for service in SERVICES}
    assert not any(names & rights_of(user, "READ") for user in (*SERVICES, ANALYST))


def test_everybody_has_consumer_groups_of_their_own() -> None:
    groups = {grant.user: grant.name for grant in grants() if grant.kind == "GROUP"}
    assert groups == {user: f"motcua.{user}" for user in (*SERVICES, ANALYST)}


def test_partitions_are_those_of_the_promise() -> None:
    assert {topic.name: topic.partitions for topic in TOPICS if topic.partitions != 1} == {
        "dossiers": 12,
        "notices": 12,
        "contacts": 12,
    }


def test_no_record_of_a_dossier_is_ever_deleted() -> None:
    for name in ("dossiers", "notices", "calendar"):
        config = next(topic.config for topic in TOPICS if topic.name == name)
        assert config["retention.ms"] == config["retention.bytes"] == "-1"
        assert config["message.timestamp.type"] == "LogAppendTime"
        assert config["unclean.leader.election.enable"] == "false"


def test_a_service_checks_what_it_writes_and_reads() -> None:
    assert {topic.name for topic in topics_of("notify")} == {
        *("dossiers", "calendar", "notices", "contacts", "officers", "progress"),
        "notify.dead-letters",
    }
