"""Learning curves: families, their ensemble, forecasts, and what finished curves teach."""
