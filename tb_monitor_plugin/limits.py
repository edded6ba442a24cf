"""Every number that bounds a request or an answer, with its arithmetic.

What bounds a record stands in `tb_monitor_writer.limits`. Sizes are bytes, durations
seconds, unless the name says otherwise.
"""

# --- Requests -------------------------------------------------------------------------
MAX_QUERY_BYTES = 16 * 1024
"""Longest query string. A run name of 1,000 characters, percent-encoded four times over,
fits; index ranges keep selections short."""

MAX_CLASS_CURVES = 20
"""Classes in one request for curves: more lines than that nobody can tell apart."""

# --- Answers --------------------------------------------------------------------------
MAX_RUNS = 2_000
"""Runs in one list: at 1 kB each, 2 MB of JSON."""

MAX_OVERVIEW_ROWS = 1_000
"""Rows of the overview: at 4 kB each with its sparklines, 4 MB of JSON."""

MAX_CURVES = 500
"""Curves in one answer: 500 x 1,000 steps x 28 bytes = 14 MB."""

MAX_STEPS = 10_000
"""Steps of one curve or one scrubber in one answer, taken evenly if there are more, which is
only where a user has TensorBoard keep them all: more than a screen has pixels."""

MAX_POINTS = 1_000_000
"""Points of all curves in one answer: 28 bytes each = 28 MB."""

MAX_CLASSES = 65_536
"""Classes in one answer: 12 columns of 20 characters each = 16 MB of JSON. Also what fits
predicted classes of two bytes."""

SPARKLINE_POINTS = 60
"""Points of a curve in the overview: it is drawn 60 to 140 pixels wide."""

MAX_ATTENTION = 3
"""Sentences above the overview: what a user can act on before the next look."""

# --- Memory ---------------------------------------------------------------------------
CACHE_BYTES = 256 * 1024 * 1024
"""Decoded records kept: 500 matrices of 1,000 classes and 14,000 cells take 16 bytes a
cell = 110 MB; a row series of 27 columns and 1,000 steps takes 216 kB."""

LISTING_AGE_S = 1.0
"""How long a listing serves the routes that one page asks at once. TensorBoard itself looks
for new events every 5 s, and /runs always lists anew."""

RUNS_PER_READ = 32
"""Runs asked for in one call of the data provider: 32 x 3 series x 216 kB = 21 MB, far below
the 256 MiB that the data server can answer."""

PARALLEL_READS = 32
"""Calls of the data provider at a time: 500 blobs in 500 / 32 x 44 ms = 0.7 s."""

ALL_STEPS = 1 << 30
"""More steps than any series has: what is kept is decided by TensorBoard's sampling."""
