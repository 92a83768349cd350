"""Dockerfile and docker-compose.yml as far as they can be held without an engine.

``make compose-test`` runs them; this is what must not come back in a line that looks harmless.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from scripts.requirements import build_requirements, requirements
from workers.heartbeat import FRESH_S

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
ODD = 'two words "and\\more/:@?#'


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"] and service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["mem_limit"] and service["pids_limit"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service.get("user") != "root" and not service.get("privileged")
    ours = name not in ("redis", "storage")
    assert not ours or service["init"] is True
    assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("name", ["worker-cpu", "worker-gpu", "flower", "redis", "storage"])
def test_what_stays_up_is_started_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_workers_wait_for_no_service_that_ends() -> None:
    for service in SERVICES.values():
        for one, how in service.get("depends_on", {}).items():
            ends = how["condition"] == "service_completed_successfully"
            assert not ends or (service is SERVICES["client"] and one == "bucket")
    assert SERVICES["bucket"]["restart"] == "on-failure"


def test_how_many_workers_is_a_setting_not_a_habit() -> None:
    assert SERVICES["worker-cpu"]["scale"] == "${CPU_WORKERS:-1}"


def test_the_client_writes_as_its_user_into_a_mounted_folder_only() -> None:
    client = SERVICES["client"]
    assert client["user"] == "${FER_USER:-10001:10001}"
    (volume,) = client["volumes"]
    assert volume.endswith(":" + client["working_dir"])
    for folder in ("HOME", "FER_BATCH_CACHE_DIR", "FER_BATCH_STATE_DIR"):
        assert client["environment"][folder].startswith("/tmp")


def test_no_secret_stands_in_an_address_or_an_argument() -> None:
    for service in SERVICES.values():
        shown = {k: v for k, v in service.items() if k != "environment"}
        shown["environment"] = {
            k: v
            for k, v in service.get("environment", {}).items()
            if "PASSWORD" not in k and "SECRET" not in k
        }
        assert not re.search(r"(?<!\$)\$\{(REDIS_PASSWORD|S3_SECRET)", yaml.safe_dump(shown))


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server")
@pytest.mark.parametrize("password", [ODD, "plain", "a'b$c", "\\"])
def test_redis_starts_with_any_password_and_never_prints_it(password: str, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (command,) = SERVICES["redis"]["command"]
    for told, here in (("$$", "$"), ("/tmp", str(tmp_path)), ("/data", str(tmp_path))):
        command = command.replace(told, here)
    command = f"{command.rstrip()} --port {port} --bind 127.0.0.1"
    log = tmp_path / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            ["sh", "-c", command],
            env={**os.environ, "REDIS_PASSWORD": password},
            stdout=out,
            stderr=out,
        )
    try:
        client = redis.Redis(port=port, password=password)
        for _ in range(200):
            try:
                assert client.ping()
                break
            except redis.ConnectionError:
                assert server.poll() is None, log.read_text()
                time.sleep(0.05)
        config = client.config_get("maxmemory-policy")
        assert config in ({b"maxmemory-policy": b"noeviction"}, {"maxmemory-policy": "noeviction"})
    finally:
        server.terminate()
        server.wait(20)
    assert password not in log.read_text() or len(password) < 2
    assert (tmp_path / "redis.conf").stat().st_mode & 0o77 == 0


def test_the_secrets_file_is_private_and_kept(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(ROOT / "scripts" / "compose_env.sh", tmp_path / "scripts")
    subprocess.run(["sh", script], check=True, capture_output=True)
    file = tmp_path / ".env"
    assert file.stat().st_mode & 0o777 == 0o600
    values = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert len(values["REDIS_PASSWORD"]) == 48 and values["REDIS_PASSWORD"] != values["S3_SECRET"]
    assert values["FER_USER"] == f"{os.getuid()}:{os.getgid()}"
    before = file.read_text()
    file.chmod(0o644)
    subprocess.run(["sh", script], check=True, capture_output=True)
    assert file.read_text() == before and file.stat().st_mode & 0o777 == 0o600
    wanted = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    assert wanted <= values.keys()


def test_secrets_reach_neither_git_nor_the_engine() -> None:
    asked = subprocess.run(
        ["git", "check-ignore", ".env", ".env.production"], cwd=ROOT, capture_output=True, text=True
    )
    assert asked.stdout.split() == [".env", ".env.production"]
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] != "#"]
    assert lines[0] == "*" and not any(".env" in line for line in lines)
    for line in lines:
        if line.startswith("!"):
            assert (ROOT / line[1:]).exists(), line


def test_users_of_images_are_numbers() -> None:
    users = re.findall(r"^USER (.+)$", DOCKERFILE, re.M)
    assert users and set(users) == {"10001:10001"}
    for target in ("cpu", "flower", "gpu"):
        stage = DOCKERFILE.split(f" AS {target}\n")[1].split("\nFROM ")[0]
        assert "USER 10001:10001" in stage, target


def test_libraries_are_a_layer_before_the_source() -> None:
    for target in ("cpu", "gpu"):
        stage = DOCKERFILE.split(f" AS {target}\n")[1].split("\nFROM ")[0]
        assert "pip install" not in stage and "COPY --from=build /installed" in stage
        libraries = DOCKERFILE.split(f" AS {target}-libraries\n")[1].split("\nFROM ")[0]
        assert "-c /requirements/constraints.txt" in libraries and "slim.sh" in libraries
        assert "COPY . ." not in libraries and "--from=build" not in libraries
    for name in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M):
        for file in name.split():
            assert (ROOT / file).exists(), file


def test_the_probe_looks_at_a_file() -> None:
    probe = DOCKERFILE.split("HEALTHCHECK")[1].split("STOPSIGNAL")[0]
    assert "python" not in probe and "redis" not in probe.lower()
    minutes = re.search(r"-mmin -(\d+)", probe)
    assert minutes and int(minutes[1]) * 60 == FRESH_S


def test_what_is_built_and_installed_is_what_the_project_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert build_requirements() == project["build-system"]["requires"]
    base = requirements([])
    assert base == project["project"]["dependencies"]
    assert requirements(["s3"]) == [*base, "s3fs>=2024.9"]
    gpu = requirements(["s3", "gpu"])
    assert next(r for r in gpu if r.startswith("tensorflow")).startswith("tensorflow>=")
    assert not any("fer-batch" in r for r in requirements(["dev"]))


def test_every_library_has_one_tested_version_within_its_range() -> None:
    from packaging.requirements import Requirement

    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    for text in requirements(["s3", "train"]):
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        name = requirement.name.lower().replace("_", "-")
        assert name in pins, f"{name}: no tested version; make lock"
        assert requirement.specifier.contains(pins[name]), f"{name}=={pins[name]} not in {text}"
