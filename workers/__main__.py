"""``python -m workers``: one Celery worker with the settings of fer-batch."""

from __future__ import annotations

import sys

from workers.stopping import end_in_order

if __name__ == "__main__":
    end_in_order()  # before all that takes time to be imported
    from workers.command import main

    sys.exit(main())
