"""The student's side: checks in the notebook. It needs PyTorch alone."""
