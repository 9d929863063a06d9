"""Python of the site in Node."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT, HERE = Path(__file__).parents[2], Path(__file__).parent
NODE = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


def under_node(site, tmp_path, text, checkout="", wheels="", seconds=290):
    """What a program of this text does there; with more wheels, and with `checkout` at /checkout."""
    program = tmp_path / "program.py"
    program.write_text(text)
    command = [NODE, HERE / "run_python.mjs", site, wheels, checkout, program]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=seconds)
