"""Which tests of integrations are collected: those whose libraries are installed, and all of them with FEATURECOLS_TEST_ALL=1.

README's command runs with the extra `test` alone, which leaves out what is large. `.ci/run` installs `test-all` and collects
all of them, so that a library that is missing there is an error.
"""

import os
from importlib.util import find_spec

# Test files, or folders, and the libraries that they need beside those of the extra `test`.
NEEDS: dict[str, tuple[str, ...]] = {
    "keras": ("keras", "torch", "jax"),
    "onnx": ("onnx", "onnxruntime"),
    "test_kinds_table.py": ("onnx", "onnxruntime"),
    "serving": ("uvicorn",),
    "torch": ("torch",),
    "torch/test_jagged.py": ("torch", "torchrec"),
}

collect_ignore = [
    name
    for name, libraries in NEEDS.items()
    if os.environ.get("FEATURECOLS_TEST_ALL") != "1" and any(find_spec(library) is None for library in libraries)
]
