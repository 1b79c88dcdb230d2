"""TensorFlow models and columns, read without TensorFlow: estimators, checkpoints, and columns that exist already.

`import featurecols.tf` is cheap: every name loads its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from featurecols._core import lazy_imports as _lazy

if TYPE_CHECKING:
    from featurecols.tf.checkpoint.reader import Checkpoint as Checkpoint
    from featurecols.tf.columns import columns_from_json as columns_from_json
    from featurecols.tf.columns import columns_to_json as columns_to_json
    from featurecols.tf.columns import from_tensorflow as from_tensorflow
    from featurecols.tf.import_estimator import import_tf as import_tf
    from featurecols.tf.imported_estimator import ImportedEstimator as ImportedEstimator
    from featurecols.tf.verify.compare import verify_tf as verify_tf

if not TYPE_CHECKING:  # checkers know the names above, and that there are no others
    __getattr__, __dir__ = _lazy.lazy_names(__name__)
