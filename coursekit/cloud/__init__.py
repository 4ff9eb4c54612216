"""AutoML of three vendors behind one protocol, and loopback servers that speak their languages.

with simulated.server.Server("sagemaker") as server:
    vendor = connect("sagemaker", simulated=server.url)
    job = vendor.submit(Request(table, "y", "my-job"))
    for standing in follow(vendor, job, ceiling=5.0):
        print(standing.progress, standing.best)

`connect("local")` is the same protocol over the kit's own strategies. A real account is used only
where one is given: `connect("vertex", account=GoogleAccount(...))`.
"""

from coursekit.cloud.connect import VENDORS, connect
from coursekit.cloud.following import follow
from coursekit.cloud.vendor import (
    CloudError,
    Request,
    Simulated,
    UnsupportedMetric,
    UnsupportedOperation,
    Vendor,
)

__all__ = [
    "VENDORS", "CloudError", "Request", "Simulated", "UnsupportedMetric", "UnsupportedOperation",
    "Vendor", "connect", "follow",
]  # fmt: skip
