"""``python -m fer_batch``: the same as ``fer-batch``."""

from fer_batch.cli.start import main

if __name__ == "__main__":
    main()
