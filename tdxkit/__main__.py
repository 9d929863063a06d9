"""``python -m tdxkit``."""

import sys

try:  # Ctrl-C is heard from the first import to the last flush; before this line it is Python's own start that answers
    from tdxkit.cli import main

    code = main()
except KeyboardInterrupt:
    sys.stderr.write("tdxkit: stopped\n")
    code = 130
sys.exit(code)
