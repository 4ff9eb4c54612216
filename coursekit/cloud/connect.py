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
    "local": ("coursekit.cloud.this_machine", "Local"),
}
LOCAL = "local"
# The class of a real account, in the vendor's module.
ACCOUNTS = {"sagemaker": "AmazonAccount", "azure": "AzureAccount", "vertex": "GoogleAccount"}


def vendor_class(name: str) -> type[Vendor]:
    """The class of a vendor; ValueError for an unknown name."""
    module, cls = find("vendor", name, VENDORS)
    found: type[Vendor] = getattr(import_module(module), cls)
    return found


def account_class(name: str) -> type:
    """The class of a vendor's real accounts; ValueError for a vendor without any."""
    cls = find("vendor with accounts", name, ACCOUNTS)
    found: type = getattr(import_module(VENDORS[name][0]), cls)
    return found


def connect(
    name: str, *, simulated: str | None = None, account: Any = None, **options: Any
) -> Vendor:
    """A vendor, by exactly one of a simulated service and a real account.

    name: as in VENDORS. simulated: the address of a loopback server (`simulated.server.Server`).
    account: an object of the vendor's own account class, such as `AmazonAccount`; only with it
        are credentials read. The vendor "local" takes neither.
    options: further ones of the vendor's class, such as `strategy` of "local".

    Raises ValueError for an unknown name or another machine's address, TypeError for none or both.
    """
    cls: Any = vendor_class(name)
    if name == LOCAL:
        if simulated is not None or account is not None:
            raise TypeError("local searches on this machine: it takes no address and no account")
        return cls(**options)  # type: ignore[no-any-return]
    if (simulated is None) == (account is None):
        raise TypeError(
            f"{name}: give simulated=URL of a loopback server, or account= of a real account; "
            "one is never taken for the other"
        )
    if account is not None and not isinstance(account, account_class(name)):
        raise TypeError(f"account={account!r}: give an {account_class(name).__name__}(...)")
    return cls(account if simulated is None else Simulated(simulated), **options)  # type: ignore[no-any-return]
