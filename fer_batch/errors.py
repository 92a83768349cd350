"""Every error fer-batch raises on purpose.

    FerBatchError                code            exit  a retry can help
    ├── UsageError               usage           2     no    wrong option, wrong combination
    │   ├── OutputPathError      output_path     2     no    the output place cannot be used
    │   ├── UnknownModelError    unknown_model   2     no    no model of that name
    │   └── NotInstalledError    not_installed   2     no    needs an extra: pip install '…[train]'
    ├── InputError               input           1     no    one input cannot be processed
    │   ├── NotFoundError        not_found       1     no    nothing at that path
    │   ├── UnreadableError      unreadable      1     no    permission, empty file, I/O
    │   ├── NotMediaError        not_media       1     no    not a video or image we open
    │   ├── NoVideoError         no_video        1     no    no picture stream, or no frames
    │   ├── InputChangedError    changed         1     no    replaced or written to meanwhile
    │   └── LimitError           limit           1     no    too many pixels, frames, hours
    ├── ModelFileError           model_file      1     no    weights or detector damaged
    ├── EngineError              engine          1     no    numbers of different engines
    ├── DeviceError              device          1     no    a GPU whose memory is too small
    ├── TrainingDataError        training_data   1     no    data set not understood
    ├── NoSpaceError             no_space        1     yes   disk or quota full
    ├── StorageError             storage         1     yes   storage does not answer
    │   └── DamagedError         damaged         1     no    what it holds is not what was stored
    ├── BrokerError              broker          1     yes   Redis does not answer, or refuses
    ├── JobError                 job             1     no    no such job, or not in that state
    └── Cancelled                cancelled       130   no    stopped by the user

One bad input fails its own item with one line; the rest of the batch goes on.
"""

from __future__ import annotations


class FerBatchError(Exception):
    """Root of the tree. ``str(error)`` is the one line a user sees: what, where, what to do."""

    code = "error"
    exit_status = 1
    retryable = False


class UsageError(FerBatchError):
    """The command was called wrongly."""

    code = "usage"
    exit_status = 2


class OutputPathError(UsageError):
    """The output place is a file, is not writable, or holds something else."""

    code = "output_path"


class UnknownModelError(UsageError):
    """No model or detector of that name."""

    code = "unknown_model"


class NotInstalledError(UsageError):
    """What was asked for needs an optional part of the installation that is not there."""

    code = "not_installed"


class InputError(FerBatchError):
    """One input cannot be processed; others can."""

    code = "input"


class NotFoundError(InputError):
    """There is nothing at that path."""

    code = "not_found"


class UnreadableError(InputError):
    """The path exists but cannot be read."""

    code = "unreadable"


class NotMediaError(InputError):
    """The content is not a video or image format that fer-batch opens."""

    code = "not_media"


class NoVideoError(InputError):
    """A media file without a picture stream, or without a single frame."""

    code = "no_video"


class InputChangedError(InputError):
    """The input was replaced or written to while fer-batch worked on it."""

    code = "changed"


class LimitError(InputError):
    """The input is larger than the caps that protect this machine."""

    code = "limit"


class ModelFileError(FerBatchError):
    """A model or detector file is missing, damaged, or not the one its card names."""

    code = "model_file"


class DeviceError(FerBatchError):
    """The memory of a GPU does not hold a single picture."""

    code = "device"


class TrainingDataError(FerBatchError):
    """A training data set is not in a known format."""

    code = "training_data"


class EngineError(FerBatchError):
    """Numbers of different engines would be mixed."""

    code = "engine"


class NoSpaceError(FerBatchError):
    """The disk, or a quota on it, is full."""

    code = "no_space"
    retryable = True


class StorageError(FerBatchError):
    """The shared storage does not answer or refuses."""

    code = "storage"
    retryable = True


class DamagedError(StorageError):
    """What storage holds is not what fer-batch writes there; time does not mend that."""

    code = "damaged"
    retryable = False


class BrokerError(FerBatchError):
    """Redis does not answer, or refuses the credentials."""

    code = "broker"
    retryable = True


class JobError(FerBatchError):
    """There is no such job, or it is not in a state that allows this."""

    code = "job"


class Cancelled(FerBatchError):
    """Stopped by the user; what was finished is kept."""

    code = "cancelled"
    exit_status = 130


def error_of(code: str, words: str) -> FerBatchError:
    """The error of the tree that has ``code``, as another process has named it."""
    kinds = [FerBatchError]
    for kind in kinds:
        if kind.code == code:
            return kind(words)
        kinds += kind.__subclasses__()
    return FerBatchError(words)
