"""The vendors by name, and a connection to one: a real account or a simulated service."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from coursekit.cloud.vendor import Simulated, Vendor
from coursekit.lookup import find

# The module of each vendor, and its class.
VENDORS = {
    "sagemaker": ("coursekit.cloud.sagemaker", "SageMaker"),
    "azure": ("coursekit.cloud.azure_ml", "AzureML"),
    "vertex": ("coursekit.cloud.vertex", "Vertex"),
    "local": ("coursekit.cloud.local", "Local"),
}
LOCAL = "local"


def vendor_class(name: str) -> type[Vendor]:
    """The class of a vendor; ValueError for an unknown name."""
    module, cls = find("vendor", name, VENDORS)
    found: type[Vendor] = getattr(import_module(module), cls)
    return found


def connect(name: str, *, simulated: str | None = None, account: Any = None) -> Vendor:
    """A vendor, by exactly one of a simulated service and a real account.

    name: as in VENDORS. simulated: the address of a loopback server (`simulated.server.Server`).
    account: an object of the vendor's own account class, such as `AmazonAccount`; only with it
        are credentials read. The vendor "local" takes neither.

    Raises ValueError for an unknown name or another machine's address, TypeError for none or both.
    """
    cls: Any = vendor_class(name)
    if name == LOCAL:
        if simulated is not None or account is not None:
            raise TypeError("local searches on this machine: it takes no address and no account")
        return cls()  # type: ignore[no-any-return]
    if (simulated is None) == (account is None):
        raise TypeError(
            f"{name}: give simulated=URL of a loopback server, or account= of a real account; "
            "one is never taken for the other"
        )
    return cls(account if simulated is None else Simulated(simulated))  # type: ignore[no-any-return]
