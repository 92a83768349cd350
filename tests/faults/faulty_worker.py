"""A worker whose children import the faults of ``hooks``; otherwise ``python -m workers``."""

from __future__ import annotations

import sys

from workers.__main__ import main
from workers.app import app

if __name__ == "__main__":
    app.conf.include = [*app.conf.include, "tests.faults.hooks"]
    sys.exit(main())
