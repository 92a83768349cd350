"""Face adapters: everything that knows OpenCV's detectors and warps."""
