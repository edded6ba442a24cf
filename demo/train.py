"""Trains all of the demo's models, the quick ones first. `demo/run` calls it."""

import sys
import time

from command_line import LOGS, options


def main() -> None:
    arguments = options(__doc__, epochs=0)
    how = {"logs": arguments.logs}
    if arguments.epochs:
        how["epochs"] = arguments.epochs
    start_s = time.monotonic()

    import breast_cancer
    import sgd_loop
    import torch_loop

    breast_cancer.main(**how)
    sgd_loop.main(**how)
    torch_loop.main(**how)
    print("importing TensorFlow ...", flush=True)
    import keras_capacity
    import keras_digits

    keras_digits.main(**how)
    keras_capacity.main(**how)
    where = "demo/logs" if arguments.logs == LOGS else arguments.logs
    print(f"\nAll runs are in {where}, after {time.monotonic() - start_s:.0f} s.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
