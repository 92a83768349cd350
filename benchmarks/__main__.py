"""``python -m benchmarks``: the table of ratios; ``compare old.json new.json``: two of them;
``trace``: a picture of what all threads of a run do."""

import sys

if sys.argv[1:2] == ["compare"]:
    from benchmarks.compare import main as compare

    compare(sys.argv[2:])
elif sys.argv[1:2] == ["trace"]:
    from benchmarks.trace import main as trace

    trace(sys.argv[2:])
else:
    from benchmarks.ratios import main

    main()
