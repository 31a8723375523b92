"""The house, not the furniture: who may import whom, which words stand where, what is listed, what is generated."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from contracts import calendar, intake, notify, processing
from deploy import generate
from services.chassis.http.access import unauthorised_routes
from services.chassis.process import metrics

ROOT = Path(__file__).parent.parent.parent
SERVICES = ("intake", "processing", "notify", "reporting")
LINES_MAX = 300
LONGER_WITH_REASON: dict[str, str] = {}


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def python_files() -> list[Path]:
    return tracked("*.py")


@pytest.mark.parametrize("service", SERVICES)
def test_a_room_has_the_files_of_its_jobs(service: str) -> None:
    room = {path.name for path in (ROOT / "services" / service).iterdir()}
    assert {"app.py", "settings.py", "routes.py", "incoming.py", "migrations"} <= room
    assert ("outgoing.py" in room) == (service != "reporting"), "reporting decides nothing and says nothing"


def test_chassis_has_no_domain_word() -> None:
    """Roles are the exception: a token carries them, and who may call is a mechanism."""
    words = re.compile(
        r"dossier|hồ sơ|applicant|procedure(?!s? cache)|citizen|notice[s_]|supplement|\bfees?\b|reject_|accept_dossier|\bcontacts?\b",
        re.I,
    )
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in (ROOT / "services" / "chassis").rglob("*.*")
        if path.suffix in (".py", ".sql")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line)
    ]
    assert found == []


def test_every_chassis_module_serves_two_services_or_the_chassis() -> None:
    chassis = ROOT / "services" / "chassis"
    modules = {
        ".".join(path.relative_to(chassis).with_suffix("").parts)
        for path in chassis.rglob("*.py")
        if path.stem != "__init__"
    }
    used: dict[str, set[str]] = {}
    for path in python_files():
        part = path.relative_to(ROOT).parts
        user = part[1] if part[0] == "services" and len(part) > 2 else part[0]
        for name in _imports(path):
            said = name.removeprefix("services.chassis.")
            for module in (said, said.rpartition(".")[0]):
                if said != name and module in modules:
                    used.setdefault(module, set()).add(user)
    assert {m for m in modules if not used.get(m)} == set()
    lonely = {
        m: users
        for m, users in used.items()
        if not users & {"chassis", "deploy"} and len(users & set(SERVICES)) < 2
    }
    assert lonely == {}


def _imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_is_authorised_or_listed_with_a_reason(service: str) -> None:
    application = generate.applications()[service]
    assert unauthorised_routes(application, application.public) == []


def test_generated_documents_are_fresh() -> None:
    stale = [
        str(path.relative_to(ROOT))
        for path, text in generate.documents().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run make generate"


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_is_obeyed(service: str) -> None:
    """A documented setting that nothing in the service's reach reads would be a lever that moves nothing."""
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for room in (service, "chassis")
        for path in (ROOT / "services" / room).rglob("*.py")
    )
    fields = generate.SETTINGS[service].model_fields
    assert [name for name in fields if not re.search(rf"(?:settings|self)\.{name}\b", sources)] == []


def test_every_metric_is_used() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in python_files() if "services" in path.parts
    )
    declared = re.findall(r"^([A-Z_]+) = (?:metrics\.)?(?:counter|gauge|histogram)\(", sources, re.M)
    assert len(declared) == len(metrics.LISTED)
    named = Counter(re.findall(r"\b[A-Z_]+\b", sources))
    assert [name for name in declared if named[name] < 2] == []


def test_every_reader_knows_every_event_that_it_may_meet() -> None:
    """A type that a reader neither applies nor passes over by name would hold its dossiers: found here, not in production."""
    from services.intake import incoming as at_intake
    from services.notify import incoming as at_notify
    from services.processing import incoming as at_processing
    from services.reporting import incoming as at_reporting

    said = {"intake": intake.MESSAGES, "processing": processing.MESSAGES, "notify": notify.MESSAGES}
    heard = {
        at_intake: ("processing",),
        at_processing: ("intake",),
        at_notify: ("intake", "processing"),
        at_reporting: ("intake", "processing"),
    }
    for reader, owners in heard.items():
        types = {message.type_name for owner in owners for message in said[owner]}
        applied, passed_over = set(reader.APPLIED), set(reader.PASSED_OVER)
        assert types <= applied | passed_over, reader.__name__
        assert not applied & passed_over, reader.__name__


def test_every_event_type_has_one_owner_and_can_be_published() -> None:
    from services.intake.dossier import EVENTS as OF_INTAKE
    from services.processing.clock.declaration import FACTS
    from services.processing.dossier.events import EVENTS as OF_PROCESSING

    declared = {message.type_name for message in calendar.MESSAGES}
    types = [m.type_name for m in (*intake.MESSAGES, *processing.MESSAGES, *notify.MESSAGES)] + [*declared]
    assert len(types) == len(set(types))
    assert {f"{name}.v1" for name in OF_INTAKE.names} == {m.type_name for m in intake.MESSAGES}
    assert {f"{name}.v1" for name in FACTS.names} == declared
    assert {f"{name}.v1" for name in OF_PROCESSING.names} == {m.type_name for m in processing.MESSAGES}


def test_every_guarantee_names_its_test() -> None:
    tests = {
        name
        for path in tracked("tests/*.py", "tests/**/*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }
    orphans: list[str] = []
    count = 0
    for path in tracked("services/*", "contracts/*.py", "deploy/*.py", "deploy/**/*.py"):
        if path.suffix not in (".py", ".sql"):
            continue
        text = re.sub(r"\s*\n\s*(?:#|--)?\s*", " ", path.read_text(encoding="utf-8"))
        for sentence in re.findall(r"Guarantee: (.*?)(?=Guarantee: |\"\"\"|$)", text):
            count += 1
            named = re.findall(r"Tests?: .*?(test_\w+)", sentence)
            orphans += [f"{path.name}: {sentence[:80]}"] if not named or not set(named) <= tests else []
    assert orphans == []
    assert count > 20


def test_no_file_names_a_package_registry() -> None:
    # Written in pieces, so that this file does not name one either.
    hosts = re.compile(
        "|".join(
            (
                "py" + r"pi\.org",
                "python" + "hosted",
                "npm" + r"js\.",
                "maven" + r"\.org",
                "repo1?" + r"\.maven",
                "crates" + r"\.io",
            )
        )
    )
    found = [
        str(p.relative_to(ROOT))
        for p in tracked()
        if p.suffix != ".png" and hosts.search(p.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert found == []


def test_no_file_is_long_without_a_reason() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files()
        if (lines := path.read_text(encoding="utf-8").count("\n")) > LINES_MAX
    }
    assert set(long) == set(LONGER_WITH_REASON), long


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
    found = [
        f"{p.name}:{n}"
        for p in python_files()
        for n, line in enumerate(p.read_text(encoding="utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def test_every_document_link_leads_somewhere() -> None:
    broken = []
    for path in tracked("*.md", "**/*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if not (path.parent / target).exists():
                broken.append(f"{path.name}: {target}")
    assert broken == []


def test_no_file_points_outside_the_repository() -> None:
    """A document that is named is one that stands here: whoever clones this has nothing else."""
    documents = {path.name for path in tracked("*.md", "**/*.md")}
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in tracked()
        if path.suffix in (".py", ".sql", ".md", ".yml", ".html", "")
        for name in set(re.findall(r"\b[A-Z]+\.md\b", path.read_text(encoding="utf-8", errors="ignore")))
        if name not in documents
    ]
    assert missing == []


def test_yaml_files_are_yaml() -> None:
    for path in tracked("*.yml", "*.yaml", "**/*.yml", "**/*.yaml"):
        list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
