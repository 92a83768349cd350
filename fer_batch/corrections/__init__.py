"""What a person corrects by hand: ``edits.csv`` beside the results, read and applied."""
