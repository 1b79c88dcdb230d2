"""Ask TensorFlow the questions of tests/tf/tf_case.py, and keep what it answers for the tests.

python tools/make_tf_exchange.py PYTHON_WITH_TENSORFLOW
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from featurecols.tf.verify import exchange
from featurecols.tf.verify.cases import feeds
from tests.tf import tf_case


def main(tensorflow: str) -> None:
    asked = [question for question in tf_case.questions() if question.request is not None]
    keys = sorted({key for question in asked for key in question.keys})
    features = feeds(tf_case.table(), keys, tf_case.ROWS)
    with tempfile.TemporaryDirectory() as folder:
        exchange.write_request(Path(folder), features, [{"what": q.what, **(q.request or {})} for q in asked])
        exchange.ask(Path(folder), tensorflow)
        tf_case.FOLDER.mkdir(exist_ok=True)
        for name in ("features.npz", "response.json", "response.npz"):
            shutil.copy(Path(folder) / name, tf_case.FOLDER / name)
        request = json.loads((Path(folder) / "request.json").read_text())
        for question in request["questions"]:
            question.pop("checkpoint", None)  # a path of this machine
        (tf_case.FOLDER / "request.json").write_text(json.dumps(request) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
