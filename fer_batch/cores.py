"""How many cores this process may use: the one place that asks.

``os.cpu_count()`` counts the machine's. A container that may use two of 64 would start 64 threads,
which then wait for one another.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Cores that the scheduler lets this process run on, at least 1.

    The least of the machine's cores, the affinity mask (``taskset``, ``cpuset``) and the quotas of
    the control groups it is in (``docker run --cpus``, a Kubernetes limit), rounded up.
    """
    cores = float(os.cpu_count() or 1)
    if hasattr(os, "sched_getaffinity"):
        cores = min(cores, len(os.sched_getaffinity(0)))
    return max(1, math.ceil(min([cores, *quotas(CGROUPS, OWN_GROUPS)])))


def quotas(mount: Path, own: Path) -> Iterator[float]:
    """Cores that each control group of this process allows, its own and those above it.

    In a container the path that the kernel tells is often that of the host, which is not there; the
    mount itself is then the container's group. So folders that are missing are passed over.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:  # no Linux
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        places = PurePosixPath(path)
        groups = [places, *places.parents]
        if not controllers:
            roots = [mount]
        elif "cpu" in controllers.split(","):
            roots = [mount / controllers, mount / "cpu"]
        else:
            continue
        for root in roots:
            for group in groups:
                yield from _quota(root / str(group).lstrip("/"))


def _quota(folder: Path) -> Iterator[float]:
    """What one group allows, in version 2 (``cpu.max``) or 1; nothing where there is no limit."""
    try:
        if (file := folder / "cpu.max").is_file():
            quota, period = file.read_text().split()[:2]
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text().strip()
            period = (folder / "cpu.cfs_period_us").read_text().strip()
        if quota not in ("max", "-1"):
            yield int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return
