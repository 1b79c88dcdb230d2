"""A scikit-learn pipeline behind FastAPI, as its documentation writes it: python -m benchmarks.fastapi_rival PIPELINE PORT"""

import sys

import joblib
import pandas as pd
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, create_model

from benchmarks import data


def main() -> None:
    pipeline = joblib.load(sys.argv[1])
    fields = dict.fromkeys(data.NUMBERS, (int, ...)) | dict.fromkeys(data.CATEGORIES, (str | None, None))
    aliases = {key.replace("-", "_"): value for key, value in fields.items()}
    row = create_model("Row", **aliases)  # type: ignore[call-overload]

    class Body(BaseModel):
        instances: list[row]  # type: ignore[valid-type]

    app = FastAPI()

    @app.post("/predict")
    def predict(body: Body) -> dict[str, list[list[float]]]:
        frame = pd.DataFrame([one.model_dump() for one in body.instances])
        return {"predictions": pipeline.predict_proba(frame).tolist()}

    uvicorn.run(app, port=int(sys.argv[2]), log_level="error", access_log=False)


if __name__ == "__main__":
    main()
