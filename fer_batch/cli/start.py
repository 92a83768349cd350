"""Where the program starts: what its children need is loaded while the command line is read."""

from __future__ import annotations

import sys

# Commands that work on inputs in children.
WITH_CHILDREN = ("run", "demo", "render")
HELP = ("-h", "--help")


def main() -> None:
    """See ``main.main``. The fork server comes first: half a second of loading, beside."""
    words = sys.argv[1:]
    if not words or words[0] not in WITH_CHILDREN or set(words) & set(HELP):
        from fer_batch.cli.main import main as read_and_run

        read_and_run()
        return
    from fer_batch.jobs.item.children import preload

    with preload.begun():
        from fer_batch.cli.main import main as read_and_run

        read_and_run()


if __name__ == "__main__":
    main()
