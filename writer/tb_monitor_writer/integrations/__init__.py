"""One small file per framework; each imports its framework only there."""
