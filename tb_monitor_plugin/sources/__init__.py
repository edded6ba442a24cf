"""Where records come from; the one boundary that turns damage into reasons."""
