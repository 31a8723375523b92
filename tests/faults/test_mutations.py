"""The mutations still fit the sources they break; that each is caught is shown by `python -m tests.faults --mutation NAME`."""

import subprocess
import sys

import pytest

from tests.faults.mutations import MUTATIONS, ROOT


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_a_mutation_changes_its_source_and_still_compiles(name: str) -> None:
    mutation = MUTATIONS[name]
    source = mutation.path.read_text(encoding="utf-8")
    mutated = mutation.apply(source)
    assert mutated != source
    if mutation.file.endswith(".py"):
        compile(mutated, mutation.file, "exec")


def test_a_source_that_lost_the_guarded_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not exactly once"):
        MUTATIONS["no-compare-and-set"].apply("something else")


@pytest.mark.parametrize("name", ["no-compare-and-set", "no-expected-version"])
def test_what_runs_is_mutated_and_nothing_else_is(name: str) -> None:
    probe = [sys.executable, "-m", "tests.faults.mutations", name, "tests.faults.mutations.probe"]
    told = subprocess.run(probe, capture_output=True, text=True, cwd=ROOT, check=True)
    read = [int(length) for length in told.stdout.split()]
    files = [ROOT / "services/chassis/kafka/inbox.py", ROOT / "services/chassis/functions/append_v2.sql"]
    mutation = MUTATIONS[name]
    texts = [file.read_text(encoding="utf-8") for file in files]
    mutated = [
        mutation.apply(text) if file == mutation.path else text
        for file, text in zip(files, texts, strict=True)
    ]
    assert read == [len(text) for text in mutated]
