"""Predictions of an automated ML model for rows of a table: Azure runs this in the workspace.

    python score.py model.pkl rows.csv predictions.csv

The model is a scikit-learn pipeline that automated ML has pickled. The predictions have one column
a class, its probability, in the order of the model's classes; of regression, one column.
"""

import sys


def score(model: str, rows: str, predictions: str) -> None:
    """Read the model and the rows, write the predictions; all three are names of files."""
    import joblib
    import numpy
    import pandas

    fitted = joblib.load(model)
    table = pandas.read_csv(rows)
    if hasattr(fitted, "predict_proba"):
        values = pandas.DataFrame(numpy.asarray(fitted.predict_proba(table)))
        values.columns = [str(each) for each in fitted.classes_]
    else:
        values = pandas.DataFrame({"prediction": numpy.ravel(fitted.predict(table))})
    values.to_csv(predictions, index=False)


if __name__ == "__main__":
    score(*sys.argv[1:])
