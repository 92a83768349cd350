"""Names in a folder that no person put there, or wants to see."""

from __future__ import annotations

# Where network storage, recycle bins and archives of a Mac keep small copies and what was deleted.
SYSTEM_FOLDERS = frozenset(
    {"@eadir", "#recycle", "$recycle.bin", "__macosx", "system volume information", "lost+found"}
)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of that name is passed over without a word."""
    return name.startswith(".") or name.lower() in SYSTEM_FOLDERS
