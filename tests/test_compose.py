"""docker-compose.yml and the Dockerfile, as far as they go without a container engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from consumers.running import http_at
from ledger.cli import app

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_every_consumer_there_is_runs() -> None:
    run = {tuple(SERVICES[name]["command"][:3]) for name in OURS if name != "init"}
    names = ("archiver", "decider", "projector", "publisher", "reactor")
    assert run == {("ledger", "run", name) for name in names}


@pytest.mark.parametrize("name", OURS)
def test_each_command_is_one_of_the_command_line_with_its_options(name: str) -> None:
    program, command, *rest = SERVICES[name]["command"]
    assert program == "ledger"
    # Without a broker nothing is run; help comes after all else was understood.
    done = CliRunner().invoke(app, [command, *rest, "--help"])
    assert done.exit_code == 0, done.output
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    for option in rest:
        assert not option.startswith("--") or option in plain


def test_the_projector_listens_where_the_port_is_published() -> None:
    command = SERVICES["projector"]["command"]
    port = http_at(command[command.index("--http") + 1]).port
    assert [each.rpartition(":")[2] for each in SERVICES["projector"]["ports"]] == [str(port)]
    assert f":{port}/health" in SERVICES["projector"]["healthcheck"]["test"][-1]


@pytest.mark.parametrize("name", OURS)
def test_the_environment_is_what_the_code_reads(name: str) -> None:
    code = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    for variable in SERVICES[name]["environment"]:
        assert f'"{variable}"' in code
    host, port = re.findall(r"kafka://(\w+):(\d+)", SERVICES[name]["environment"]["LEDGER_LOG"])[0]
    assert host in SERVICES
    listeners = SERVICES[host]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert f"//{host}:{port}" in listeners


def test_the_build_context_has_what_the_image_copies() -> None:
    for name in OURS:
        build = SERVICES[name]["build"]
        assert (ROOT / build["context"] / build["dockerfile"]).exists()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE)
    for source in " ".join(copied).split():
        assert (ROOT / source).exists()
        assert f"!{source}" in ignored
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert re.search(r"^USER (?!root)", DOCKERFILE, re.MULTILINE)


def test_volumes_are_declared_and_only_who_seals_or_erases_sees_the_key() -> None:
    used: set[str] = set()
    sees_key: dict[str, str] = {}
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            source, colon, target = volume.partition(":")
            if colon:
                used.add(source)
            if source == "key":
                sees_key[name] = target
    assert used == set(COMPOSE["volumes"])
    assert sees_key == {"init": "/key", "decider": "/key:ro", "reactor": "/key:ro"}
    assert SERVICES["init"]["environment"]["LEDGER_HOME"] == "/key"
    assert "ln -s /key/vault.key /ledger/vault.key" in DOCKERFILE


def test_no_two_processes_share_a_home() -> None:
    homes = [
        volume.partition(":")[0]
        for name in OURS
        for volume in SERVICES[name]["volumes"]
        if volume.endswith("/ledger")
    ]
    assert len(homes) == len(set(homes)) == len(OURS) - 1
    replicated = [n for n in OURS if SERVICES[n].get("deploy", {}).get("replicas", 1) > 1]
    for name in replicated:
        # An anonymous volume is each container's own.
        assert "/ledger" in SERVICES[name]["volumes"]


def test_consumers_start_when_the_ledger_is_founded() -> None:
    assert SERVICES["init"]["depends_on"]["kafka"]["condition"] == "service_healthy"
    for name in OURS:
        if name != "init":
            condition = SERVICES[name]["depends_on"]["init"]["condition"]
            assert condition == "service_completed_successfully"


def test_the_broker_is_the_version_that_is_tested_and_keeps_what_it_acknowledges() -> None:
    pom = (ROOT / "tests" / "kafka" / "pom.xml").read_text()
    versions = set(re.findall(r"<version>(\d+\.\d+\.\d+)</version>", pom))
    assert {SERVICES["kafka"]["image"]} == {f"apache/kafka:{version}" for version in versions}
    settings = SERVICES["kafka"]["environment"]
    assert settings["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert settings["KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE"] == "false"
    assert settings["KAFKA_LOG_FLUSH_INTERVAL_MESSAGES"] == 1
    assert f"kafka:{settings['KAFKA_LOG_DIRS']}" in SERVICES["kafka"]["volumes"]


def test_init_leaves_a_ledger_that_stands_as_it_is(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    runner = CliRunner()
    assert runner.invoke(app, ["init", "--sample", "--home", home]).exit_code == 0
    again = runner.invoke(app, ["init", "--sample", "--if-none", "--home", home])
    assert (again.exit_code, again.output) == (0, "A ledger stands there already.\n")
