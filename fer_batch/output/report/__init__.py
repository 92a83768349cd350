"""The pages that people look at: ``report.html`` for one result, ``index.html`` for a batch."""
