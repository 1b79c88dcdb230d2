"""When tests of integrations are collected: with FEATURECOLS_TEST_ALL=1, or where pytest is given their folder or file.

README's command leaves them out, so that it stays quick. `.ci/run` installs the extra `test-all` and collects all of them, so
that a library that is missing there is an error; where they are named without the variable, those run whose libraries are
installed. Tests of Spark need `java` on PATH as well.
"""

import os
import shutil
from importlib.util import find_spec

# Test files, or folders, and the libraries that they need beside those of the extra `test`.
NEEDS: dict[str, tuple[str, ...]] = {
    "dask": ("dask",),
    "keras": ("keras", "torch", "jax"),
    "onnx": ("onnx", "onnxruntime"),
    "test_public_names.py": ("dask", "keras", "onnx", "onnxruntime", "pyspark", "ray", "torch", "uvicorn"),
    "lake": ("boto3", "deltalake", "moto", "obstore", "pyiceberg"),
    "ray": ("ray",),
    "test_libraries.py": ("datasets", "ibis"),
    "test_command_line.py": ("boto3", "moto", "obstore"),
    "remote": ("boto3", "fsspec", "moto", "obstore"),
    "remote/test_kills.py": ("deltalake", "pyiceberg"),
    "test_planted_faults.py": ("onnx", "onnxruntime"),
    "test_kinds_table.py": ("keras", "onnx", "onnxruntime", "torch", "uvicorn"),
    "serving": ("uvicorn",),
    "spark": ("pyspark",),  # and Java, which is no package of Python
    "torch": ("torch",),
    "torch/test_jagged.py": ("torch", "torchrec"),
}

collect_ignore = [
    name
    for name, libraries in NEEDS.items()
    if os.environ.get("FEATURECOLS_TEST_ALL") != "1" and any(find_spec(library) is None for library in libraries)
]
if shutil.which("java") is None and (os.environ.get("FEATURECOLS_TEST_ALL") != "1" or "FEATURECOLS_WITHOUT_JAVA" in os.environ):
    collect_ignore.append("spark")
