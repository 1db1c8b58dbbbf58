"""``python -m yibao.doors.cli``: the same as ``yibao``."""

from yibao.doors.cli.entry import main

main()
