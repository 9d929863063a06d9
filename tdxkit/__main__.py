"""``python -m tdxkit``."""

import sys

from tdxkit.cli import main

sys.exit(main())
