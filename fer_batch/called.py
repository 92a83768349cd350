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
        raise ValueError(f"is no name; it has 1 to {LONGEST} letters")
    if name != one_line(name).strip():
        raise ValueError("is no name; it has signs that cannot be seen")
    if name.isdigit() or name.lower() in RESERVED:
        raise ValueError("is no name; numbers, all and others mean something else")
