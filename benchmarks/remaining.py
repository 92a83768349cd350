"""``python -m benchmarks.remaining``: how right `status` is about how long a job still takes.

Jobs of 20 to 40 clips of 1 to 12 s each, ten seconds of work, or of ``--times`` as many, go through
a real Redis and one or two real workers, which are warm. While a job runs its status is read twice
a second; when it has ended it is known how long it still took at each of those moments. Printed for
each job: the share of moments, from a tenth of its time on, at which the estimate was within a
fifth of the truth, or within two units of it, the largest error, and what the simulation
(``benchmarks.cluster``) says of the same job at the costs that it had.

Real work is as fast as the machine lets it be, which other work on it changes. With ``--sleep``
processes go through the same Redis, ledger and status, and sleep for what units take.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clips import base_clip, ffmpeg
from benchmarks.cluster import Costs
from benchmarks.queue import Stack, different, is_warm, stack_in
from benchmarks.sleepers import SEGMENT, lengths, measure, simulate
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.remaining import FRAME_STAGES, OTHER_STAGES
from fer_batch.jobs.ledger.status import read_status
from fer_batch.jobs.queue.submit import Request

OUTPUTS = ("csv", "video", "summary")
LOOK_EVERY_S = 0.5
SHARE = 0.2
UNITS_OF_A_CLIP = 5  # each is one segment
UNITS = 2  # near the end a fifth is less than what one unit takes


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds from the job's submission, seconds that it was said to take still, and took."""

    at: float
    said: float
    truth: float


@dataclass(frozen=True, slots=True)
class Watched:
    """A job that has ended. ``unit_s``: what one of its units took in the middle."""

    workers: int
    clips: int
    whole_s: float
    unit_s: float
    moments: Sequence[Moment]
    simulated_s: float = 0.0

    @property
    def later(self) -> list[Moment]:
        """From a tenth of the job's time on."""
        return [moment for moment in self.moments if moment.at >= self.whole_s / 10]

    @property
    def right(self) -> float:
        """The share of them that were right."""
        allowed = UNITS * self.unit_s
        good = [abs(m.said - m.truth) <= max(SHARE * m.truth, allowed) for m in self.later]
        return sum(good) / max(len(good), 1)

    @property
    def worst(self) -> float:
        """The largest error, as a share of the job's whole time."""
        return max((abs(m.said - m.truth) / self.whole_s for m in self.later), default=0.0)


def cut(clip: Path, count: int, chance: random.Random, folder: Path) -> list[Path]:
    """Clips of ``count`` lengths, of which no two have the same bytes."""
    folder.mkdir()
    made = []
    for number in range(count):
        length = min(12.0, max(1.0, chance.lognormvariate(1.2, 0.6)))
        short = folder / f"short{number}.mp4"
        ffmpeg("-t", f"{length:.2f}", "-i", str(clip), "-c", "copy", str(short))
        made += different(short, 1, folder / str(number))
    return made


def watch(stack: Stack, clips: Sequence[Path], workers: int) -> Watched:
    """Submit a job, look at it until it has ended, and compare."""
    request = Request(tuple(clips), outputs=OUTPUTS, use_cache=False)
    job = stack.client.submit(request).job_id
    said = []
    while not (status := stack.client.status(job)).final:
        if status.eta_s is not None:
            said.append((time.time(), status.eta_s))
        time.sleep(LOOK_EVERY_S)
    assert status.state == "done" and status.finished, status
    end, begin = status.finished, status.created
    whole = end - begin
    moments = [Moment(at - begin, left, end - at) for at, left in said if at <= end]
    unit_s = whole * workers / (UNITS_OF_A_CLIP * len(clips))
    simulated = simulate(workers, *_as_planned(stack, job))
    return Watched(workers, len(clips), whole, unit_s, moments, simulated)


def _as_planned(stack: Stack, job: str) -> tuple[tuple[int, ...], Costs]:
    """Frames of each input of a job that has ended, and what its stages have cost."""
    fields, items = stack.client.ledger.dump(job)
    films = tuple(int(item["frames"]) for item in items)
    spent = {name: float(fields.get(f"spent_{name}", 0)) for name in (*FRAME_STAGES, *OTHER_STAGES)}
    frames, count = max(sum(films), 1), max(len(films), 1)
    return films, Costs(
        analyze_frame=spent["analyze"] / frames,
        render_frame=spent["render"] / frames,
        probe=spent["probe"] / count,
        assemble=spent["assemble"] / count,
        finish=spent["finish"] / count,
        storage_get=0.0,  # it is part of what units took
        storage_put=0.0,
    )


def sleep(chance: random.Random, workers: int) -> Watched:
    """The same with processes that sleep: films of any length, costs of any ratio."""
    films = lengths(chance, chance.randint(20, 40))
    analyze = chance.uniform(0.3e-3, 0.6e-3)
    costs = Costs(
        analyze_frame=analyze * workers,
        render_frame=analyze * workers * chance.uniform(1.0, 3.5),
        probe=0.02,
        assemble=0.05,
        finish=0.1,
        storage_get=0.0,
        storage_put=0.0,
        jitter=0.3,
    )
    said: list[tuple[float, float]] = []

    def look(ledger: Ledger, job: str) -> None:
        status = read_status(ledger, job)
        if status is not None and status.eta_s is not None:
            said.append((time.monotonic(), status.eta_s))

    whole = measure(workers, films, costs, look)
    end = time.monotonic()
    begin = end - whole
    moments = [Moment(at - begin, left, end - at) for at, left in said]
    units = sum(3 + 2 * -(-frames // SEGMENT) for frames in films)
    simulated = simulate(workers, tuple(films), costs)
    return Watched(workers, len(films), whole, whole * workers / units, moments, simulated)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=1, help="so many times as many clips a job")
    parser.add_argument("--sleep", action="store_true", help="processes that sleep, one to four")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    if options.sleep:
        slept = [sleep(chance, 1 + number % 4) for number in range(options.jobs)]
        print("\n".join(map(_line, slept)), f"all: {_all(slept):.0%}", sep="\n")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = base_clip(folder)
        rows = []
        for workers in (1, 2):
            with stack_in(folder / f"of{workers}") as stack:
                logs = [stack.worker(f"w{number}") for number in range(workers)]
                warm = different(clip, 2 * workers, folder / f"warm{workers}")
                while not all(map(is_warm, logs)):
                    stack.do(warm, OUTPUTS)
                for number in range(workers - 1, options.jobs, 2):
                    count = options.times * chance.randint(20, 40)
                    clips = cut(clip, count, chance, folder / f"job{number}")
                    rows.append(watch(stack, clips, workers))
                    print(_line(rows[-1]), flush=True)
        print(f"all: {_all(rows):.0%}")


def _all(rows: Sequence[Watched]) -> float:
    return sum(row.right for row in rows) / max(len(rows), 1)


def _line(row: Watched) -> str:
    return (
        f"{row.workers} workers, {row.clips} clips, {row.whole_s:.0f} s: right at {row.right:.0%} "
        f"of {len(row.later)} moments, at most {row.worst:.0%} of the whole time away; simulated "
        f"{row.simulated_s:.0f} s, {row.simulated_s / row.whole_s:.2f}"
    )


if __name__ == "__main__":
    main()
