"""``python -m benchmarks``: the table of ratios."""

from benchmarks.ratios import main

main()
