"""PyTorch: Parquet files as a dataset, a plan's columns as a module, models as modules, ids for TorchRec."""

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    hint = 'pip install "featurecols[torch]"'
    raise ModuleNotFoundError(f"featurecols.integrations.torch needs PyTorch: {hint}", name=error.name) from error

from featurecols.integrations.torch.estimators import ModelModule as ModelModule
from featurecols.integrations.torch.feature_inputs import FeatureInputs as FeatureInputs
from featurecols.integrations.torch.jagged import to_keyed_jagged_tensor as to_keyed_jagged_tensor
from featurecols.integrations.torch.parquet_dataset import ParquetDataset as ParquetDataset
from featurecols.integrations.torch.tensors import FeatureTensors as FeatureTensors
from featurecols.integrations.torch.tensors import IdTensors as IdTensors
from featurecols.integrations.torch.tensors import as_tensors as as_tensors
from featurecols.integrations.torch.tensors import to_device as to_device

__all__ = [
    "FeatureInputs",
    "FeatureTensors",
    "IdTensors",
    "ModelModule",
    "ParquetDataset",
    "as_tensors",
    "to_device",
    "to_keyed_jagged_tensor",
]
