"""Kernels of `coursekit lab`: silent in its terminal, helpful after a restart."""

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager


class QuietKernels(KernelSpecManager):
    """Starts IPython kernels without their log, and with a word for a kernel that is new.

    ipykernel warns at each start that it speaks TCP, on this machine, and writes a traceback when
    Ctrl-C meets a running cell. What a learner's own code writes goes to the notebook as ever.
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
