"""ONNX Runtime over a model."""

import numpy as np
import onnx
import onnxruntime

from featurecols.integrations.onnx import onnx_inputs


def run(model: onnx.ModelProto, data: object) -> dict[str, np.ndarray]:
    """What a session gives for rows, by the name of the output."""
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    found = session.run(None, onnx_inputs(model, data))
    return dict(zip([output.name for output in session.get_outputs()], found, strict=True))
