"""The compose file and the Dockerfile, read without an engine."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.topics import SERVICES
from deploy.local.keys import USERS
from services.chassis.process.settings import ServiceSettings, variables

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
PARTS: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, part in PARTS.items() if part["image"].startswith("motcua")}
JOBS = {"keys", "databases", "topics", "token"}
OUTSIDE_SERVICES = {"MOTCUA_HOME"}
VERSION = re.compile(r"[a-z/]+:v?\d+\.\d+[\w.-]*")
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
DOCKERFILES = sorted(path for path in (ROOT / "deploy").rglob("*Dockerfile*") if path.is_file())
TOOLS = ("deploy.local.issuer", "deploy.local.keys", "deploy.local.provider", "deploy.docker.keys")


def settings_of(service: str) -> type[ServiceSettings]:
    module = importlib.import_module(f"services.{service}.settings")
    (found,) = {
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, ServiceSettings) and kind.__module__ == module.__name__
    }
    return found


def given(image: str) -> str:
    """What a compose value `${NAME:-default}` stands for where no variable is set."""
    return re.sub(r"\$\{[A-Z_]+:-([^}]+)\}", r"\1", image)


@pytest.mark.parametrize("name", sorted(PARTS.keys() - OURS))
def test_every_image_of_others_is_pinned_by_its_digest(name: str):
    image = given(PARTS[name]["image"])
    assert VERSION.match(image) and DIGEST.search(image), image


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_stage_begins_on_an_earlier_one_or_on_a_pinned_image(dockerfile: Path):
    text = dockerfile.read_text(encoding="utf-8")
    named = dict(re.findall(r"^ARG (\w+)=(\S+)", text, re.MULTILINE))
    stages: set[str] = set()
    begun = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", text, re.MULTILINE)
    assert len(begun) == len(re.findall(r"^\s*FROM\b", text, re.MULTILINE | re.IGNORECASE)) > 0
    for base, stage in begun:
        image = re.sub(r"\$\{(\w+)\}", lambda found: named[found[1]], base)
        assert image in stages or (VERSION.match(image) and DIGEST.search(image)), image
        stages.add(stage)


def test_the_image_builds_on_a_pinned_one_from_a_hashed_lock():
    (base,) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)", DOCKERFILE, re.MULTILINE)
    assert VERSION.match(base) and DIGEST.search(base)
    assert re.findall(r"^FROM (\S+) AS (\S+)", DOCKERFILE, re.MULTILINE) == [
        ("${PYTHON_IMAGE}", "built"),
        ("built", "assets"),
        ("${PYTHON_IMAGE}", "service"),
        ("service", "tools"),
    ]
    assert {given(PARTS[name]["build"]["args"]["PYTHON_IMAGE"]) for name in OURS} == {base}
    assert "--require-hashes" in DOCKERFILE
    for stage in ("service", "tools"):
        assert re.findall(r"^USER (\S+)", stages()[stage], re.MULTILINE)[-1] == "motcua"
    for unknown_to_old_engines in ("<<", "--link", "--mount", "# syntax="):
        assert unknown_to_old_engines not in DOCKERFILE


def test_every_step_of_others_in_continuous_integration_is_pinned():
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)", text)
    assert used and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", each) for each in used)
    assert "run: .ci/run" in text


def stages() -> dict[str, str]:
    parts = re.split(r"^FROM \S+ AS (\S+)$", DOCKERFILE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def copied(stage: str) -> set[str]:
    return set(" ".join(re.findall(r"^COPY (.*) \S+$", stages()[stage], re.MULTILINE)).split())


def test_no_image_that_runs_has_pip_and_each_says_what_it_is():
    assert "--without-pip /venv" in stages()["built"]
    assert "rm -rf /usr/local/lib/python3.*/site-packages/pip*" in stages()["service"]
    assert not re.findall(r"\bpip3? (?:--python \S+ )?install", stages()["service"] + stages()["tools"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', stages()["service"]))
    assert labels.keys() == {"title", "description", "licenses", "version"}
    assert (labels["licenses"], labels["version"]) == (project["license"], project["version"])


def test_only_the_tools_image_has_the_code_that_makes_secrets_and_signs_tokens():
    """And a service runs without it: the layers are tested (import-linter), here what is copied, and who runs what."""
    deployment = {path for path in copied("service") if path.startswith("deploy")}
    assert deployment == {"deploy/docker/entry"}
    assert not {path for path in copied("built") if path.startswith("deploy")}
    assert "." not in copied("built") | copied("service") and "deploy" in copied("tools")
    for name in OURS:
        target = PARTS[name]["build"]["target"]
        assert target == ("service" if name in SERVICES else "tools"), name
        assert PARTS[name]["image"].startswith("motcua:" if target == "service" else "motcua-tools:"), name
    for module in TOOLS:
        assert importlib.util.find_spec(module) is not None, module


@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_container_is_confined(name: str):
    """It writes to its volumes and to memory alone, is nobody's root, gains nothing, and cannot take the machine's memory."""
    part = PARTS[name]
    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"] and "cap_add" not in part and "privileged" not in part
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+[mg]", part["mem_limit"])
    assert part["pids_limit"] > 0
    assert all(re.fullmatch(r"/[\w/]+:(uid=\d+,)?size=\d+m(,exec)?", place) for place in part["tmpfs"])
    assert part["tmpfs"][0].startswith("/tmp:")


@pytest.mark.parametrize("name", sorted(PARTS.keys() - JOBS))
def test_every_part_that_stays_says_how_it_is_and_comes_back(name: str):
    part = PARTS[name]
    assert part["healthcheck"]["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= part["healthcheck"].keys()
    assert part["restart"] == "unless-stopped"


def test_who_is_waited_for_is_there_and_can_be_waited_for():
    for name, part in PARTS.items():
        for other, how in part.get("depends_on", {}).items():
            healthy = how["condition"] == "service_healthy"
            assert ("healthcheck" in PARTS[other]) if healthy else (other in JOBS), (name, other)


@pytest.mark.parametrize("name", sorted(PARTS))
def test_ports_are_open_on_loopback_only(name: str):
    assert all(str(port).startswith("127.0.0.1:${") for port in PARTS[name].get("ports", []))


def test_no_two_ports_collide():
    ports = [re.search(r":-(\d+)\}", port) for part in PARTS.values() for port in part.get("ports", [])]
    numbers = [port.group(1) for port in ports if port]
    assert len(numbers) == len(set(numbers)) == 11


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_our_image_runs_is_there(name: str):
    words = PARTS[name].get("entrypoint", PARTS[name]["command"])
    assert words[:2] == ["python", "-m"]
    assert importlib.util.find_spec(words[2]) is not None


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_every_setting_that_it_needs_and_none_that_it_does_not_know(
    service: str, tmp_path: Path
):
    from deploy.docker import keys

    keys.main(tmp_path)
    secret = (tmp_path / service / "secrets.env").read_text(encoding="utf-8")
    given = set(PARTS[service]["environment"]) | {line.partition("=")[0] for line in secret.splitlines()}
    settings = settings_of(service)
    needed = {f"MOTCUA_{n.upper()}" for n, f in settings.model_fields.items() if f.is_required()}
    assert needed <= given, needed - given
    assert given <= set(variables(settings)), given - set(variables(settings))


def test_no_file_names_a_secret():
    for name, part in PARTS.items():
        for variable in part.get("environment", {}):
            if any(word in variable for word in ("PASSWORD", "SECRET", "_KEY", "TOKEN")):
                assert variable.endswith("_FILE"), (name, variable)


def test_each_part_mounts_its_own_secrets_only():
    for name, part in PARTS.items():
        mounted = {v.split(":")[0] for v in part.get("volumes", []) if v.startswith("secrets-")}
        if name in ("databases", "topics"):
            assert mounted == {"secrets-all"}
        elif name in ("token", "provider"):
            assert mounted == {"secrets-issuer"}
        elif name != "keys":
            assert mounted <= {f"secrets-{name}"}


def test_keys_made_again_are_the_same(tmp_path: Path):
    from deploy.docker import keys

    keys.main(tmp_path)
    before = {path: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file()}
    keys.main(tmp_path)
    assert {
        path: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file()
    } == before
    assert not list((tmp_path / "intake").glob("issuer*"))


def test_a_new_key_stands_before_the_earlier_ones(tmp_path: Path):
    """And the services' settings take all of them."""
    from deploy.docker import keys

    def rings() -> dict[str, str]:
        told = (tmp_path / "intake" / "secrets.env").read_text(encoding="utf-8").splitlines()
        return {name: key.strip("'") for name, _, key in (line.partition("=") for line in told)}

    keys.main(tmp_path)
    before = rings()
    keys.main(tmp_path, new=True)
    after = rings()
    grown = {name for name in after if after[name] != before[name]}
    assert grown == {"MOTCUA_CODE_KEY", "MOTCUA_HMAC_KEY", "MOTCUA_PAYMENT_SECRET"}
    for name in grown:
        new, _, earlier = after[name].partition(",")
        assert (earlier, len(new)) == (before[name], len(earlier)), name
    settings = settings_of("intake").model_validate(
        {name.removeprefix("MOTCUA_").lower(): value for name, value in after.items()}
        | {"jwks": "keys", "port": 8000, "kafka_bootstrap": "kafka:9092"}
    )
    assert len(settings.code_keys) == 2


def test_a_token_is_printed_by_the_issuers_volume_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    from deploy.command import command
    from deploy.docker import keys

    keys.main(tmp_path)
    monkeypatch.setenv("MOTCUA_HOME", str(tmp_path / "issuer"))
    assert command.main(["token", "--role", "officer"]) == 0
    assert capsys.readouterr().out.count(".") == 2


def test_every_volume_that_is_used_is_declared_and_every_declared_one_used():
    used = {
        str(volume).split(":")[0]
        for part in PARTS.values()
        for volume in part.get("volumes", [])
        if not str(volume).startswith(".")
    }
    assert used == set(COMPOSE["volumes"])


def test_every_file_that_is_mounted_is_there():
    for part in PARTS.values():
        for volume in part.get("volumes", []):
            if str(volume).startswith("."):
                assert (ROOT / str(volume).split(":")[0]).exists(), volume


def test_clients_of_kafka_need_a_password_wherever_they_can_reach_it():
    kafka = PARTS["kafka"]["environment"]
    listeners = dict(each.split("://", 1) for each in kafka["KAFKA_LISTENERS"].split(","))
    protocols = dict(each.split(":") for each in kafka["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    open_ones = {name for name, protocol in protocols.items() if protocol != "SASL_PLAINTEXT"}
    assert listeners.keys() == protocols.keys()
    assert all(listeners[name].startswith("127.0.0.1:") for name in open_ones)
    assert {PARTS[service]["environment"]["MOTCUA_KAFKA_USERNAME"] for service in SERVICES} <= set(USERS)
