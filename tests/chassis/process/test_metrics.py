import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.chassis.process import metrics


def test_every_metric_has_a_sentence_and_a_name_of_the_house() -> None:
    for described in metrics.LISTED.values():
        assert described.sentence.endswith("."), described.name
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", described.name), described.name
        assert described.name.endswith("_total") == (described.kind == "counter"), described.name


def test_labels_say_which_closed_set_they_come_from() -> None:
    for described in metrics.LISTED.values():
        assert all(described.labels.values()), described.name
        assert not {"id", "path", "caller", "user", "code"} & set(described.labels), described.name


def test_a_metric_stands_once_in_the_list() -> None:
    with pytest.raises(ValueError, match="listed twice"):
        metrics.gauge("held_streams", "Again.")


async def test_the_exposition_can_be_scraped() -> None:
    names = {family.name for family in text_string_to_metric_families((await metrics.exposition()).decode())}
    assert {"motcua_requests_duration_seconds", "motcua_held_oldest_seconds", "process_cpu_seconds"} <= names
