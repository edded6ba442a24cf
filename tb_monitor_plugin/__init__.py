"""The TensorBoard plugin: what a TensorBoard server imports."""
