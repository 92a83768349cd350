"""What people are called by those who know them, instead of a number."""

from __future__ import annotations

from fer_batch.printable import one_line

LONGEST = 60
# Words that `--blur-faces` has for several people at once.
RESERVED = ("all", "others")


def check_name(name: str) -> None:
    """Refuse what would not be taken for a name wherever names are shown.

    Raises:
        ValueError: the end of a sentence that begins with the name.
    """
    if not name.strip() or len(name) > LONGEST:
        raise ValueError(f"is not a name; a name has 1 to {LONGEST} characters")
    if name != one_line(name).strip():
        raise ValueError("is not a name; it has invisible characters")
    if name.isdigit() or name.lower() in RESERVED:
        raise ValueError("is not a name; numbers, all and others are reserved")
