"""Where the numbers of a report come from, and how far to trust them, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.option import options_of
from fer_batch.output.report.html import count, length, percent

if TYPE_CHECKING:
    from fer_batch.types import Timeline

# True of every model of facial expressions, whatever its card adds.
ALWAYS = (
    "These are labels for what a face looks like in a picture. What a person feels, means or is "
    "like cannot be read from them, and no decision about a person should rest on them.",
    "Probabilities are those of a model trained on photographs. Faces turned away, in poor light, "
    "covered, very small or blurred are judged less well than the figures say.",
)
OF_FILMS = (
    "Smoothed values average over a short time, so that a very brief expression may not show in "
    "them; raw values are in timeline.csv.",
)
STATUS_WORDS = {
    "ok": "with a face",
    "no_face": "without a face",
    "skipped": "skipped",
    "decode_error": "unreadable",
}

# What a setting means that was left as it is: "blur: nobody", where the value is an empty list.
UNSET = {
    name: (default, said.unset)
    for kind in (AnalyzeSettings, RenderSettings)
    for name, default, said in options_of(kind)
    if said.unset
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: its name, its value, and whether the value is code (a hash)."""

    name: str
    value: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading."""

    title: str
    rows: list[Row]


def provenance(summary: Mapping[str, Any]) -> list[Group]:
    """What ``summary.json`` says of input, model, detector, settings, software; gaps left out."""
    groups = [
        Group("Input", _input(summary)),
        Group("Model", _model(_part(summary, "model"))),
        Group("Detector", _named(_part(summary, "detector"))),
        Group("Settings", _settings(_part(summary, "settings"))),
        Group("Software", [Row(k, str(v)) for k, v in _part(summary, "versions").items()]),
        Group("Time taken", _timings(_part(summary, "timings"))),
    ]
    return [group for group in groups if group.rows]


def limits(summary: Mapping[str, Any]) -> list[str]:
    """What holds always, then of films, then what the model's card says."""
    own = _part(summary, "model").get("limits") or ()
    return [*ALWAYS, *(() if "photos" in summary else OF_FILMS), *(str(text) for text in own)]


def _part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def _input(summary: Mapping[str, Any]) -> list[Row]:
    given = _part(summary, "input")
    photos = _part(summary, "photos")
    frames = photos or _part(summary, "frames")
    rows = [Row("Name", str(given["name"]))] if "name" in given else []
    if "sha256" in given:
        rows.append(Row("SHA-256", str(given["sha256"]), code=True))
    if given.get("width"):
        name = "Largest photo" if photos else "Picture"
        rows.append(Row(name, f"{given['width']} × {given['height']}{_codec(given)}"))
    if "duration_s" in given:
        rows.append(Row("Duration", length(float(given["duration_s"]))))
    if frames:
        counted = [f"{frames[k]} {word}" for k, word in STATUS_WORDS.items() if frames.get(k)]
        if counted == [f"{frames.get('total')} {STATUS_WORDS['ok']}"]:
            counted = [f"all {STATUS_WORDS['ok']}"]
        rows.append(
            Row(
                "Photos" if photos else "Frames", f"{frames.get('total', 0)} ({', '.join(counted)})"
            )
        )
    return rows


def _codec(given: Mapping[str, Any]) -> str:
    return f", {given['codec']}" if given.get("codec") else ""


def _model(model: Mapping[str, Any]) -> list[Row]:
    rows = _named(model)
    if model.get("description"):
        rows.insert(1, Row("What it is", str(model["description"])))
    if model.get("second_opinion"):
        rows.append(Row("Second opinion", "asked of another network, too"))
    metrics = _part(model, "metrics")
    for title, values in _measured(metrics):
        rows.extend(_metric_rows(title, values))
    training = _part(model, "training")
    for key in ("data", "dataset", "labels"):
        if training.get(key):
            rows.append(Row("Trained on", _plain(training[key])))
            break
    return rows


def _named(part: Mapping[str, Any]) -> list[Row]:
    rows = []
    if part.get("name"):
        version = f" (version {part['version']})" if part.get("version") else ""
        rows.append(Row("Name", f"{part['name']}{version}"))
    if part.get("labels"):
        rows.append(Row("Labels", _plain(part["labels"])))
    hashes = part.get("sha256")
    if isinstance(hashes, Mapping):
        rows.extend(
            Row(f"SHA-256, {name}", str(value), code=True) for name, value in hashes.items()
        )
    elif hashes:
        rows.append(Row("SHA-256", str(hashes), code=True))
    return rows


def _measured(metrics: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Metrics of the card: either the values themselves, or such values by the split's name."""
    if "accuracy" in metrics:
        return [(str(metrics.get("split", "")), metrics)]
    return [
        (str(split), values)
        for split, values in metrics.items()
        if isinstance(values, Mapping) and "accuracy" in values
    ]


def _metric_rows(title: str, values: Mapping[str, Any]) -> list[Row]:
    on = f" on {title}" if title else ""
    rows = [Row("Accuracy", f"{float(values['accuracy']):.1%}".replace("%", "\u00a0%") + on)]
    recall = values.get("recall")
    if isinstance(recall, Mapping):
        each = ", ".join(f"{label} {percent(float(share))}" for label, share in recall.items())
        rows.append(Row("Found of each", each + on))
    if "ece" in values:
        words = "probabilities differ from how often they are right by"
        rows.append(
            Row("Calibration", f"{words} {float(values['ece']):.1%} on average".replace("%", " %"))
        )
    return rows


def _settings(settings: Mapping[str, Any]) -> list[Row]:
    rows = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            rows.extend(_settings(value))
        else:
            rows.append(Row(str(name), _setting(str(name), value)))
    return rows


def _setting(name: str, value: Any) -> str:
    default, words = UNSET.get(name, (None, ""))
    same = (tuple(value) if isinstance(value, list) else value) == default
    return words if words and same else _plain(value)


def _timings(timings: Mapping[str, Any]) -> list[Row]:
    # Steps end in _s and follow one another; what happens within them overlaps.
    return [
        Row(str(name).removesuffix("_s").replace("_", " "), f"{float(value):.2f} s")
        for name, value in timings.items()
        if str(name).endswith("_s")
    ]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value) or "none"
    if value in ("", None):
        return "default"
    return str(value)


def coverage_text(summary: Mapping[str, Any]) -> str:
    """In how much of what was looked at there is a face: ``90 % of frames``."""
    kind = "photos" if "photos" in summary else "frames"
    looked_at = "analysed " if _part(summary, kind).get("skipped") else ""
    return f"{percent(float(summary.get('coverage', 0)))} of {looked_at}{kind}"


def nobody(timeline: Timeline, where: str) -> str:
    """What is said where nobody is shown: whether no face was found, or none that can be read."""
    found = "could be read" if timeline.unusable.any() else "was found"
    return f"No face {found} in {where}."


def facts(summary: Mapping[str, Any], people: int) -> list[str]:
    """The line under a report's title."""
    given = _part(summary, "input")
    found = []
    if "duration_s" in given:
        found.append(length(float(given["duration_s"])))
    if given.get("width"):
        found.append(f"{given['width']} × {given['height']}")
    photos = _part(summary, "photos")
    if photos:
        found = [count(int(photos.get("total", 0)), "photo")]
        found.append(count(int(summary.get("faces", 0)), "face"))
        found.append(f"face in {coverage_text(summary)}")
        return found
    found.append(count(int(_part(summary, "frames").get("total", 0)), "frame"))
    found.append(count(people, "person", "people"))
    found.append(f"face in {coverage_text(summary)}")
    return found
