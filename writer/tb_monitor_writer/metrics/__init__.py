"""Pure numpy: arrays in, values out."""
