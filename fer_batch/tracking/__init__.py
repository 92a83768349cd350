"""Who is who: tracks over the merged timeline, gaps, ghosts, smoothing. numpy and lapx only."""
