"""Jobs: what a step does, where its files lie, and the runners that call the steps."""
