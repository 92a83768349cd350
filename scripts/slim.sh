#!/bin/sh
# Takes out of an image's libraries what never runs there: compiled Python, tests of the libraries,
# headers. Part of the layer that installs them, or it would save nothing.
set -eu
cd "$(python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')"
find . -name __pycache__ -type d -prune -exec rm -rf {} +
find . -depth -type d \( -name tests -o -name test \) -path './*/*' -exec rm -rf {} +
find . -name '*.pyi' -delete
rm -rf numpy/_core/include pandas/_libs/include scipy/_lib/boost_math /root/.cache /tmp/*
