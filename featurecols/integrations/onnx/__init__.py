"""Plans and models as ONNX: raw named inputs to the matrix, ids or predictions in ONNX Runtime.

`plan.to_onnx()` and `model.to_onnx()` are the way in; `onnx_inputs` gives rows as what a session takes. Models are of opset 18,
ai.onnx.ml 3 and com.microsoft 1 (MurmurHash3, which ONNX Runtime has).
"""

try:
    import onnx as _onnx  # noqa: F401
except ModuleNotFoundError as error:
    hint = 'pip install "featurecols[onnx]"'
    raise ModuleNotFoundError(f"featurecols.integrations.onnx needs onnx: {hint}", name=error.name) from None

from featurecols.integrations.onnx.export import plan_to_onnx as plan_to_onnx
from featurecols.integrations.onnx.feeds import onnx_inputs as onnx_inputs

__all__ = ["onnx_inputs", "plan_to_onnx"]
