"""The table of these tests: numbers, words, gaps, and classes that depend on both."""

import numpy as np
import pandas


def table(rows: int = 1100) -> pandas.DataFrame:
    """Columns age, fare, port, won ("yes" or "no"), name (of persons)."""
    rng = np.random.default_rng(0)
    made = pandas.DataFrame({"age": rng.normal(size=rows), "fare": rng.normal(size=rows)})
    made["port"] = rng.choice(["a", "b", "c"], rows)
    noise = rng.normal(size=rows) / 3
    made["won"] = np.where(made.age + (made.port == "a") + noise > 0.5, "yes", "no")
    made["name"] = [f"Person {number}" for number in range(rows)]
    made.loc[::7, "age"] = np.nan
    made.loc[::5, "port"] = None
    return made
