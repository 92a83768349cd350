"""Handing inputs over: hash, upload, write the manifest, enter the ledger, publish. In this order,
so that a death in between leaves either nothing or a job that goes on by itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from fer_batch.checksum import fingerprint
from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.errors import BrokerError, FerBatchError, NotFoundError, UsageError
from fer_batch.jobs.item.children.glance import looks_like_film_apart
from fer_batch.jobs.item.who import photos_of
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.manifest import JobItem, Manifest, StoredFile
from fer_batch.jobs.ledger.spec import new_job_id
from fer_batch.jobs.ledger.status import read_status
from fer_batch.jobs.queue import facts, own_storage, restore
from fer_batch.jobs.queue.broker import Publish
from fer_batch.jobs.store import inputs, keys, records, uploads
from fer_batch.jobs.store.storage import Storage
from fer_batch.media.discover import Input, discover
from fer_batch.media.notes import notes_on_inputs
from fer_batch.media.walk import PassedOver

UPLOADS_AT_ONCE = 4
Uploaded = Callable[[int, int], None]  # bytes done, bytes in all


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks for; without ``outputs`` what suits each input. ``who``: the folder of the
    photos that ``analyze.who`` names."""

    paths: tuple[Path, ...]
    name: str = ""
    priority: str = "normal"
    analyze: AnalyzeSettings = field(default_factory=AnalyzeSettings)
    render: RenderSettings = field(default_factory=RenderSettings)
    outputs: tuple[str, ...] = ()
    use_cache: bool = True
    who: Path | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job's id, how many inputs it has, and whether an equal job was there already. ``notes``:
    what was passed over, what images were taken for, and what is not made of them."""

    job_id: str
    items: int
    reused: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Hashed:
    item: JobItem
    paths: tuple[Path, ...]


def submit(
    request: Request,
    ledger: Ledger,
    storage: Storage,
    publish: Publish,
    progress: Uploaded = lambda done, total: None,
) -> Submitted:
    """Hand a job over; returns as soon as it is certain to be done.

    Raises:
        NotFoundError: there is no input at all.
        UnknownModelError, ModelFileError: the settings name models that are not there.
        StorageError, NoSpaceError, BrokerError: nothing has been submitted.
    """
    analyze, weights = _weights(request.analyze)
    request = replace(request, analyze=analyze)
    passed = PassedOver()
    images = request.analyze.images
    found = discover(list(request.paths), passed=passed, images=images, look=looks_like_film_apart)
    said = notes_on_inputs(found, request.outputs, analyze, request.render)
    notes = (*passed.lines(), *said)
    if not found:
        named = ", ".join(str(path) for path in request.paths)
        raise NotFoundError("; ".join([f"{named}: no videos or images in there", *passed.lines()]))
    restore.make_whole(ledger, storage, publish)
    own_storage.check(ledger, storage)
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        hashed = list(pool.map(_hash, found))
    if all(entry.item.problem for entry in hashed):
        first = hashed[0].item.problem
        assert first is not None
        raise NotFoundError(first[1])
    known = _known(request.who, request.analyze) if request.who is not None else None
    items = [entry.item for entry in hashed]
    manifest = _manifest(request, items, ledger, weights, known.item if known else None)
    if known:
        hashed.append(known)
    same = keys.same(manifest.same_key())
    if request.use_cache:
        earlier = _earlier(same, ledger, storage, publish)
        if earlier:
            return Submitted(earlier, len(found), True, notes)
    files = [file for entry in hashed for file in entry.item.files]
    with uploads.reserved(
        ledger.reservations, manifest.job_id, [file.key for file in files]
    ) as reservation:
        _upload(hashed, storage, progress)
        while not reservation.kept():  # the machine slept, or Redis was emptied meanwhile
            reservation.take()
            _upload(hashed, storage, progress)
        storage.put_json(keys.manifest(manifest.job_id), manifest.to_json())
        # Still reserved: who finds this submission dead from here on enters the job.
        storage.put_json(same, {"job_id": manifest.job_id})
        try:
            dispatches = facts.enter(ledger, manifest, ledger.settings.window)
            restore.begin_if_first(ledger, storage, manifest.job_id)
            publish(dispatches)
        except BrokerError as error:
            reservation.leave()
            notes += (f"{error}; the job is kept in the storage and begins when Redis takes it",)
    return Submitted(manifest.job_id, len(items), False, notes)


def _weights(settings: AnalyzeSettings) -> tuple[AnalyzeSettings, str]:
    """The settings with paths that hold in any folder, and a hash of all weights they name."""
    from fer_batch.emotion.models import find_model, full_of, models_dir
    from fer_batch.faces.weights import checked_hash

    card = find_model(settings.model)
    found: list[object] = [card.identity]
    if (full := full_of(card)) is not None:  # whose weights Keras takes
        found.append(full.identity)
    if card.path is not None and card.path.parent != models_dir():
        settings = replace(settings, model=str(card.path.absolute()))
    if settings.detector_model:
        detector = Path(settings.detector_model).absolute()
        settings = replace(settings, detector_model=str(detector))
        found.append(checked_hash(detector, None))
    return settings, fingerprint(found)


def _manifest(
    request: Request, items: list[JobItem], ledger: Ledger, weights: str, who: JobItem | None
) -> Manifest:
    name = facts.clean_name(request.name or request.paths[0].absolute().name)
    return Manifest(
        job_id=new_job_id(),
        name=name or "job",
        priority=request.priority,
        created=ledger.now(),
        items=tuple(items),
        analyze=request.analyze,
        render=request.render,
        outputs=request.outputs,
        segment_frames=ledger.settings.segment_frames,
        model_sha256=weights,
        reuse=request.use_cache,
        who=who,
    )


def _hash(found: Input) -> _Hashed:
    from fer_batch.printable import one_line

    path, shown = found.path, inputs.readable(one_line(str(found.path)))
    name = inputs.readable(found.name)
    try:
        if not path.exists():
            raise NotFoundError(f"{path}: not found; check the path")
        kind = inputs.kind_of(path)
        names = found.images.files if found.images else ()
        paths = tuple(path / name for name in names) or (path,)
        files = [
            inputs.stored_file(file, kind, name)
            for file, name in zip(paths, names or (path.name,), strict=True)
        ]
    except FerBatchError as error:
        problem = (error.code, inputs.readable(one_line(str(error))))
        return _Hashed(JobItem(shown, name, "file", "", (), problem), ())
    digest = inputs.content_hash(kind, files)
    images = found.images.kind if found.images else ""
    return _Hashed(JobItem(shown, name, kind, digest, tuple(files), None, images), paths)


def _known(folder: Path, analyze: AnalyzeSettings) -> _Hashed:
    """The photos of people as something to upload.

    Raises:
        UsageError: one of them was changed meanwhile.
    """
    photos = photos_of(analyze)
    paths = tuple(folder / photo.file for photo in photos)
    try:
        files = [
            inputs.stored_file(path, "folder", photo.file)
            for path, photo in zip(paths, photos, strict=True)
        ]
    except FerBatchError as error:
        raise UsageError(f"--who: {error}") from error
    for path, file, photo in zip(paths, files, photos, strict=True):
        if file.sha256 != photo.sha256:
            raise UsageError(f"--who: {path}: was changed meanwhile; submit again")
    digest = inputs.content_hash("folder", files)
    return _Hashed(JobItem("who", "who", "folder", digest, tuple(files)), paths)


def _upload(hashed: list[_Hashed], storage: Storage, progress: Uploaded) -> None:
    """Upload what storage does not hold yet, several at a time, equal contents once."""
    todo: dict[str, tuple[Path, StoredFile]] = {}
    for entry in hashed:
        for path, file in zip(entry.paths, entry.item.files, strict=True):
            todo.setdefault(file.key, (path, file))
    total, done = sum(file.size for _, file in todo.values()), 0
    progress(0, total)
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        futures = [
            (file, pool.submit(inputs.upload, storage, path, file)) for path, file in todo.values()
        ]
        for file, future in futures:
            future.result()
            done += file.size
            progress(done, total)


def _earlier(same: str, ledger: Ledger, storage: Storage, publish: Publish) -> str:
    """The id of an equal job that is done or under way, "" where there is none."""
    pointer = records.pointer(storage, same)
    if pointer is None or not storage.exists(keys.manifest(pointer.job_id)):
        return ""
    job = pointer.job_id
    status = read_status(ledger, job)
    if status is None:
        publish(facts.rebuild(ledger, storage, job, ledger.settings.window))
        status = read_status(ledger, job)
    if status is None or status.state in ("failed", "cancelled"):
        return ""
    return job
