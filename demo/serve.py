"""Serves logs until Ctrl-C, as `tensorboard --logdir DIR` does, and says where to look."""

import argparse
import signal
import sys

from tensorboard import program

from command_line import LOGS

GUIDE = """
  Monitor tab:  {url}#tb_monitor

    Overview   which run needs you
    Classes    digits/right, step by step; breast-cancer; moods, label by label
    Fit        digits/too-large learns by heart: its validation loss rises;
               digits/too-small cannot learn enough: both losses stay high

  The same by hand:  .venv-demo/bin/tensorboard --logdir demo/logs
  Ctrl-C ends it.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", default=str(LOGS))
    parser.add_argument("--port", type=int, help="default: 6006, or the next free one")
    parser.add_argument("--bind-all", action="store_true", help="reachable from other machines")
    arguments = parser.parse_args()

    flags = ["--logdir", arguments.logs]
    if arguments.port is not None:
        flags += ["--port", str(arguments.port)]
    if arguments.bind_all:
        flags += ["--bind_all"]
    server = program.TensorBoard()
    server.configure(["tensorboard", *flags])
    try:
        url = server.launch()
    except program.TensorBoardServerException as error:
        sys.exit(f"TensorBoard does not start: {error.msg}")
    print(GUIDE.format(url=url), flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print("\nended")


if __name__ == "__main__":
    main()
