c = get_config()  # noqa: F821
c.HistoryManager.enabled = False
# Kernels talk on this machine only; newer ones warn that such talk is not encrypted.
c.IPKernelApp.log_level = "ERROR"
