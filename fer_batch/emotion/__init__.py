"""The emotion models: cards, files, and one classifier interface over two runtimes."""
