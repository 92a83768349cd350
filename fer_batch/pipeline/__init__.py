"""The way of the data: plan, analyse segments, build the timeline, render segments, finish."""
