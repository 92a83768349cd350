"""deploy/kubernetes: valid by the API's own schemas, restricted, and true to the queue's keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from fer_batch.jobs.ledger.names import BROKER_PREFIX, PREFIX, broker_list
from fer_batch.jobs.ledger.spec import PRIORITY_STEPS, QUEUES

ROOT = Path(__file__).parents[1] / "deploy" / "kubernetes"
FILES = sorted(ROOT.rglob("*.yaml"))
VERSIONS = ("1.28", "1.33")
# Kinds whose schemas are not Kubernetes' own.
OTHERS = ("keda.sh/", "kustomize.config.k8s.io/")


def documents(folder: Path = ROOT) -> list[dict[str, Any]]:
    return [d for f in sorted(folder.rglob("*.yaml")) for d in yaml.safe_load_all(f.read_text())]


OBJECTS = documents()
PODS = [d for d in OBJECTS if d["kind"] in ("Deployment", "StatefulSet")]
SCALED = [d for d in OBJECTS if d["kind"] == "ScaledObject"]


def name_of(document: dict[str, Any]) -> str:
    return f"{document['kind']}-{document.get('metadata', {}).get('name', '')}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("document", OBJECTS, ids=name_of)
def test_valid_by_the_schemas(document: dict[str, Any], version: str) -> None:
    if not document["apiVersion"].startswith(OTHERS):
        kubernetes_validate.validate(document, version, strict=True)


def test_a_wrong_field_would_be_seen() -> None:
    wrong = yaml.safe_load(yaml.safe_dump(PODS[0]))
    wrong["spec"]["template"]["spec"]["containers"][0]["run"] = ["x"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


@pytest.mark.parametrize("folder", sorted({f.parent for f in FILES}), ids=lambda f: f.name)
def test_kustomizations_name_their_files(folder: Path) -> None:
    told = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    there = {f.name for f in folder.glob("*.yaml")} - {"kustomization.yaml"}
    assert sorted(told) == sorted(there)


def offences(pod: dict[str, Any]) -> list[str]:
    """What the restricted profile forbids of a pod, by
    https://kubernetes.io/docs/concepts/security/pod-security-standards."""
    found, whole = [], pod.get("securityContext", {})
    containers = [*pod["containers"], *pod.get("initContainers", [])]
    found += sorted({"hostNetwork", "hostPID", "hostIPC", "ephemeralContainers"} & pod.keys())
    found += ["sysctls"] if whole.get("sysctls") else []
    allowed = {"emptyDir", "configMap", "secret", "projected", "persistentVolumeClaim", "csi"}
    for volume in pod.get("volumes", []):
        found += sorted(volume.keys() - allowed - {"name", "downwardAPI", "ephemeral"})
    for container in containers:
        own = container.get("securityContext", {})
        both = {**whole, **own}
        checks = {
            "privileged": own.get("privileged", False) is False,
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
            "capabilities": own.get("capabilities") == {"drop": ["ALL"]},
            "runAsNonRoot": both.get("runAsNonRoot") is True,
            "runAsUser": both.get("runAsUser", 0) > 0,
            "seccompProfile": both.get("seccompProfile") == {"type": "RuntimeDefault"},
            "procMount": own.get("procMount", "Default") == "Default",
            "seLinuxOptions": "seLinuxOptions" not in both,
            "hostPort": not any("hostPort" in port for port in container.get("ports", [])),
        }
        found += [name for name, right in checks.items() if not right]
    return found


@pytest.mark.parametrize("document", PODS, ids=name_of)
def test_pods_pass_the_restricted_profile(document: dict[str, Any]) -> None:
    pod = document["spec"]["template"]["spec"]
    assert offences(pod) == []
    for container in pod["containers"]:  # our own wishes
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["resources"]["limits"].keys() >= {"cpu", "memory"}
    claims = {c["metadata"]["name"] for c in document["spec"].get("volumeClaimTemplates", [])}
    volumes = {v["name"]: v for v in pod.get("volumes", [])}
    for mount in pod["containers"][0]["volumeMounts"]:
        assert mount["name"] in claims or "sizeLimit" in volumes[mount["name"]]["emptyDir"]


@pytest.mark.parametrize(
    ("place", "value", "offence"),
    [
        (("hostNetwork",), True, "hostNetwork"),
        (("securityContext", "seccompProfile"), {"type": "Unconfined"}, "seccompProfile"),
        (("securityContext", "runAsUser"), 0, "runAsUser"),
        (("securityContext", "sysctls"), [{"name": "a", "value": "1"}], "sysctls"),
        (("volumes",), [{"name": "x", "hostPath": {"path": "/"}}], "hostPath"),
        (("initContainers",), [{"name": "x", "image": "y"}], "allowPrivilegeEscalation"),
        (("containers", 0, "securityContext", "privileged"), True, "privileged"),
        (("containers", 0, "securityContext", "capabilities"), {}, "capabilities"),
        (("containers", 0, "securityContext", "runAsNonRoot"), False, "runAsNonRoot"),
        (("containers", 0, "ports", 0, "hostPort"), 80, "hostPort"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_profile_forbids_would_be_seen(
    place: tuple[str | int, ...], value: Any, offence: str
) -> None:
    wrong = yaml.safe_load(yaml.safe_dump(PODS[0]))["spec"]["template"]["spec"]
    *way, last = place
    at = wrong
    for step in way:
        at = at[step]
    at[last] = value
    assert offence in offences(wrong)


@pytest.mark.parametrize("document", PODS, ids=name_of)
def test_probes_have_time(document: dict[str, Any]) -> None:
    (container,) = document["spec"]["template"]["spec"]["containers"]
    probes = [value for key, value in container.items() if key.endswith("Probe")]
    assert probes and all(probe["timeoutSeconds"] >= 3 for probe in probes)
    assert all("workers --healthy" not in yaml.safe_dump(probe) for probe in probes)


def workers() -> dict[str, dict[str, Any]]:
    found = {d["metadata"]["name"]: d for d in PODS}
    return {n: d for n, d in found.items() if n.startswith("fer-")}


def test_every_queue_is_served_and_control_by_somebody_always() -> None:
    served = {}
    for name, document in workers().items():
        arguments = document["spec"]["template"]["spec"]["containers"][0]["args"]
        served[arguments[arguments.index("--queues") + 1]] = name
    assert set(served) == set(QUEUES)
    by_target = {d["spec"]["scaleTargetRef"]["name"]: d["spec"] for d in SCALED}
    assert by_target[served["control"]]["minReplicaCount"] >= 1
    budgets = [d for d in OBJECTS if d["kind"] == "PodDisruptionBudget"]
    selected = {
        b["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"] for b in budgets
    }
    assert selected == set(QUEUES)


def test_caches_and_memory_stay_below_their_limits() -> None:
    (settings,) = [d["data"] for d in OBJECTS if d["kind"] == "ConfigMap"]
    for document in workers().values():
        pod = document["spec"]["template"]["spec"]
        (cache,) = [v["emptyDir"]["sizeLimit"] for v in pod["volumes"] if v["name"] == "cache"]
        assert int(settings["FER_BATCH_CACHE_BYTES"]) < int(cache.removesuffix("Gi")) << 30
        limit = pod["containers"][0]["resources"]["limits"]["memory"]
        assert int(settings["FER_BATCH_WORKER_MEMORY_MB"]) < int(limit.removesuffix("Gi")) << 10


def test_the_lists_are_those_of_the_queue() -> None:
    for scaled in SCALED:
        queue = scaled["metadata"]["name"].removeprefix("fer-")
        names = [t["metadata"]["listName"] for t in scaled["spec"]["triggers"]]
        wanted = [broker_list(queue, p) for p in PRIORITY_STEPS] + [f"{PREFIX}busy:{queue}"]
        assert sorted(names) == sorted(wanted)
        assert all(name.startswith((PREFIX, BROKER_PREFIX)) for name in names)
