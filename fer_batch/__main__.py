"""``python -m fer_batch``: the same as ``fer-batch``."""

from fer_batch.cli.main import main

if __name__ == "__main__":
    main()
