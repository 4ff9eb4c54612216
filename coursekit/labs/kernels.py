"""Kernels of `coursekit lab`: silent in its terminal, helpful after a restart."""

from coursekit.extras import from_extras

with from_extras():
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager


class QuietKernels(KernelSpecManager):
    """Starts IPython kernels without their log, and with advice after a restart.

    ipykernel warns at each start that it uses TCP, on this machine, and writes a traceback when
    Ctrl-C interrupts a running cell. The output of a learner's code still goes to the notebook.
    """

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        specification = super().get_kernel_spec(kernel_name)
        if "ipykernel_launcher" in specification.argv:
            specification.argv = [
                *specification.argv,
                "--log-level=CRITICAL",
                "--ext=coursekit.labs.restart",
            ]
        return specification
