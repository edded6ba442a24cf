"""Logs confusion matrices and fit diagnostics for TensorBoard's Monitor tab."""
