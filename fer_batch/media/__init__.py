"""Media adapters: everything that knows PyAV, FFmpeg's containers or image files."""
