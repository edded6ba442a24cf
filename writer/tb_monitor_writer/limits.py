"""Every number that refuses or cuts something, with its arithmetic.

All sizes are bytes, all durations seconds, unless the name says otherwise.
"""

# --- What TensorBoard keeps per (run, tag) ---------------------------------------------
SMALL_STEPS_KEPT = 1_000
"""Steps kept of small records. A 64 KiB record at most (below), so <= 64 MB a tag."""

CELLS_STEPS_KEPT = 500
"""Steps kept of large records. A 1,000-class matrix is 11-40 kB, so about 20 MB a tag."""

SMALL_RECORD_BYTES = 64 * 1024
"""Uncompressed size up to which a record counts as small: a dense 64 x 64 int64 matrix is
32 KiB, 1,000 binary score bins are 16 kB, 40 classes x 2 x 100 score bins are 64 kB."""

MAX_TENSOR_CLASSES = 64
"""Classes up to which per-class counts are a tensor, [3, 64] int64 = 1.5 KiB a record."""

# --- Names ----------------------------------------------------------------------------
MAX_NAME_BYTES = 64 * 1024
"""A class, split or head name in UTF-8. 64 kB is far beyond what a screen can show."""

MAX_NAMES_BYTES = 64 * 1024 * 1024
"""All class names of a series together: 1,000,000 names of 64 characters."""

# --- Matrices and histograms ----------------------------------------------------------
MAX_CLASSES = 1 << 31
"""Class indices fit int32 everywhere and t * C + p fits uint64."""

MAX_DENSE_CLASSES = 2_048
"""Largest dense state: 2,048^2 int64 = 32 MiB. Above it, sorted sparse cells."""

MAX_ARRAY_BYTES = 1 << 30
"""Largest array made of a sparse matrix on request: 11,585 classes; beyond, ask for cells."""

MAX_GUESSED_CLASSES = 10_000
"""Classes that are taken from the labels alone, where nobody declared how many there are: a
stray label must not make a matrix of a thousand million classes."""

MAX_CELLS = 1 << 22
"""Cells a stored matrix may hold: 16 bytes each = 64 MiB decoded, and the whole of a
dense 2,048 x 2,048 matrix."""

MAX_SCORE_LABELS = 100
"""Labels of a score histogram: 100 x 2 x 100 int64 = 160 kB a record."""

MAX_SCORE_BINS = 10_000
"""Bins of each label: 100 labels x 2 x 10,000 int64 = 16 MB."""

BINARY_SCORE_BINS = 1_000
"""Bins of one binary score: the area under its ROC is within 3e-6 of the exact one."""

MULTI_SCORE_BINS = 100
"""Bins of each one-vs-rest or multi-label score."""

MAX_BLOB_BYTES = 128 * 1024 * 1024
"""Decoded size of one blob's columns; larger is refused by its declared size, before
any allocation. Holds MAX_CELLS cells of 16 bytes with room for their header."""

MAX_STEP = (1 << 63) - 1
"""Steps are int64 in TensorBoard's event."""

PAIRED_LOSSES = 1 << 20
"""Per-example losses of the best step that are kept, float32: 4 MB a quantity. Of more, every
k-th is kept; a standard error over a million differences is small enough."""

# --- The event log --------------------------------------------------------------------
BACKLOG_BYTES = 1024 * 1024
"""Bytes held in memory while the disk refuses them; the oldest records go first."""

BACKLOG_RECORDS = 64
"""Records held in memory while the disk refuses them."""

WRITE_TIMEOUT_S = 1.0
"""Longest time that a logging call waits for a disk that hangs."""

BURST_CALLS = 1_000
"""Quick calls after which the caller's own thread writes: waking another one takes 15 to
50 us, and milliseconds when all cores are busy; the write itself takes 4."""

BURST_GAP_S = 0.002
"""A call is quick if it comes sooner than this after the last one was answered, and the last
write took less than this."""

SLOW_CALL_COSTS = 20
"""Quick calls that one slow call takes back: on busy cores a few in a hundred are slow, on a
slow disk all are."""

EARLIER_S = 0.4
"""Time spent on a run's earlier files when it is taken up again: about 100,000 records, and
less than a call may wait."""
