"""A worker whose children import the faults of ``hooks``; otherwise ``python -m workers``."""

from __future__ import annotations

import os
import sys

from workers.app import app
from workers.command import main
from workers.supervise import supervise

if __name__ == "__main__":
    if "--supervise" in sys.argv:
        words = [word for word in sys.argv[1:] if word != "--supervise"]
        sys.exit(supervise(words, "tests.faults.faulty_worker"))
    app.conf.include = [*app.conf.include, "tests.faults.hooks"]
    if timeout := os.environ.get("FER_BATCH_TEST_SOCKET_TIMEOUT"):
        app.conf.broker_transport_options["socket_timeout"] = float(timeout)
    sys.exit(main())
