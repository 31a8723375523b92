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


def test_the_mutated_module_is_the_one_that_runs() -> None:
    mutation = MUTATIONS["no-compare-and-set"]
    probe = [
        sys.executable,
        "-m",
        "tests.faults.mutations",
        "no-compare-and-set",
        "tests.faults.mutations.probe",
    ]
    told = subprocess.run(probe, capture_output=True, text=True, cwd=ROOT, check=True)
    assert told.stdout.strip() == str(len(mutation.apply(mutation.path.read_text(encoding="utf-8"))))
