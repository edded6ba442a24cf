"""Trains the demo's models, the quick ones first. `demo/run` calls it.

python demo/train.py          the main ones, about a minute
python demo/train.py --all    every script whose framework is installed
"""

import argparse
import importlib
import importlib.util
import pathlib
import sys
import time

from command_line import LOGS

MAIN = ("breast_cancer", "multilabel", "sgd_loop", "torch_loop", "keras_digits", "keras_capacity")
MORE = {
    "sklearn_curves": "sklearn",
    "lightning_digits": "lightning",
    "transformers_digits": "transformers",
    "distributed_torch": "torch",
}
"""Scripts of `--all`, and the framework that each one needs."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="those of one framework each too")
    parser.add_argument("--epochs", type=int, help="default: each script's own")
    parser.add_argument("--logs", type=pathlib.Path, default=LOGS, help="default: demo/logs")
    arguments = parser.parse_args()
    start_s = time.monotonic()
    how = [] if arguments.epochs is None else [arguments.epochs]
    for name in (*MAIN, *(MORE if arguments.all else ())):
        framework = MORE.get(name)
        if framework and importlib.util.find_spec(framework) is None:
            print(f"{name} skipped: {framework} is not installed")
            continue
        if name == "keras_digits":
            print("importing TensorFlow ...", flush=True)
        importlib.import_module(name).main(*how, logs=arguments.logs)
    where = "demo/logs" if arguments.logs == LOGS else arguments.logs
    print(f"\nAll runs are in {where}, after {time.monotonic() - start_s:.0f} s.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
