"""The house keeps its shape: layers, quick start-up, and the names that the public may use."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = {
    **dict.fromkeys(
        (
            "types",
            "errors",
            "option",
            "option_text",
            "outputs",
            "config",
            "cores",
            "gpus",
            "atomic",
            "i420",
            "printable",
            "person_name",
            "same_name",
            "separator",
            "plural",
            "version",
            "quiet_stderr",
            "checksum",
            "suffixes",
            "door",
            "columns",
            "groups",
            "npz",
            "pose",
            "timeline_file",
            "idle",
            "turns",
            "own_python",
        ),
        0,
    ),
    **dict.fromkeys(("media", "faces", "emotion", "tracking", "corrections", "output", "demo"), 1),
    "pipeline": 2,
    "jobs": 3,
    "training": 4,
    **dict.fromkeys(("cli", "workers"), 5),
    "__main__": 6,
}
# What `import fer_batch` and the command line's own start-up must not load.
HEAVY = [
    "tensorflow",
    "keras",
    "ai_edge_litert",
    "cv2",
    "av",
    "numpy",
    "pandas",
    "scipy",
    "lap",
    "matplotlib",
    "moviepy",
    "celery",
    "redis",
    "jinja2",
    "imageio_ffmpeg",
    "upath",
    "fsspec",
]
PUBLIC = {"FerBatchError", "Timeline", "analyze"}


def sources() -> list[Path]:
    files = [*(ROOT / "fer_batch").rglob("*.py"), *(ROOT / "workers").rglob("*.py")]
    return [f for f in files if "_vendor" not in f.parts]


def part_of(module: str) -> str:
    """The part of the house that a module belongs to: ``fer_batch.media.probe`` to ``media``."""
    names = module.split(".")
    if names[0] == "workers":
        return "workers"
    return names[1] if len(names) > 1 else ""


def imports_of(file: Path) -> Iterator[tuple[str, int]]:
    """Modules of ours that ``file`` imports anywhere, also inside functions, with the line."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative import"
            names = [f"{node.module}.{a.name}" for a in node.names]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] in ("fer_batch", "workers"):
                yield name, node.lineno


@pytest.mark.parametrize("file", sources(), ids=lambda f: str(f.relative_to(ROOT)))
def test_a_file_imports_only_from_layers_above_it(file: Path) -> None:
    module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    part = part_of(module)
    if file == ROOT / "fer_batch" / "__init__.py":
        pytest.skip("the public face, which loads what is asked for")
    assert part in LAYERS, f"{file} belongs to no layer"
    for name, line in imports_of(file):
        wanted = part_of(name)
        if wanted == part:
            continue
        assert wanted in LAYERS, f"{file}:{line} imports {name}, which belongs to no layer"
        lower = LAYERS[wanted] < LAYERS[part] or LAYERS[wanted] == LAYERS[part] == 0
        assert lower, f"{file}:{line}: {part} imports {name}"


def loaded_by(code: str) -> set[str]:
    """Names of top-level modules that are loaded after ``code`` ran in a new interpreter."""
    report = "import sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code", ["import fer_batch", "import fer_batch.cli.main as m; m.register(m.app)"]
)
def test_start_up_is_light(code: str) -> None:
    assert loaded_by(code) & set(HEAVY) == set()


def test_the_parent_of_a_run_stays_light() -> None:
    """Its children are forked, which is safe and costs nothing while no library has threads."""
    code = (
        "import fer_batch.media.discover, fer_batch.output.stored, fer_batch.jobs.item.edited\n"
        "import fer_batch.jobs.item.children.crew"
    )
    assert loaded_by(code) & set(HEAVY) == set()


def test_what_lies_beside_results_is_written_without_arrays() -> None:
    """The parent writes it at the end of each run: loading numpy would be a tenth of a second."""
    code = (
        "import fer_batch.jobs.item.batch, fer_batch.output.summary_table\n"
        "import fer_batch.output.formats.combine, fer_batch.output.report.index"
    )
    assert "numpy" not in loaded_by(code)


def test_the_probe_of_start_up_sees_what_is_loaded() -> None:
    assert "numpy" in loaded_by("import numpy")


def test_public_names_are_these() -> None:
    import fer_batch

    assert set(fer_batch.__all__) == PUBLIC
    for name in PUBLIC:
        assert getattr(fer_batch, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        fer_batch.nonsense  # noqa: B018


def graph_of_imports() -> dict[str, set[str]]:
    """Each module of ours to those that it imports, also inside functions."""
    modules = {}
    for file in sources():
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        modules[name.removesuffix(".__init__")] = file
    graph: dict[str, set[str]] = {}
    for name, file in modules.items():
        wanted = {w if w in modules else w.rpartition(".")[0] for w, _ in imports_of(file)}
        graph[name] = {w for w in wanted if w in modules and w != name}
    return graph


def rings(graph: dict[str, set[str]]) -> list[list[str]]:
    """Modules left over when those that import nothing of ours are taken away again and again."""
    left = {name: set(wanted) for name, wanted in graph.items()}
    while ends := {name for name, wanted in left.items() if not wanted & left.keys()}:
        left = {name: wanted - ends for name, wanted in left.items() if name not in ends}
    return [sorted(left)] if left else []


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert rings(graph_of_imports()) == []


def test_a_ring_of_imports_would_be_seen() -> None:
    assert rings({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()})
