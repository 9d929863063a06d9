"""Is this Python the one that runs in a reader's browser, with no server behind it (Pyodide in JupyterLite)? What is different there asks here.

There: one thread and no processes; nothing can interrupt a loop that does not end, a restart of the kernel does (tdxkit.lessons.patience); an error drops
every cell that waits behind it (tdxkit.view.tasks); of all files only those of the drive that the notebooks lie on are kept (tdxkit.lessons.progress); a
turn of the event loop costs more (tdxkit.work); and there is no lab, kernel or pip to look for (tdxkit.commands.doctor).
"""

import sys
from pathlib import Path

DRIVE = Path("/drive")  # what the notebooks lie on there; a page from http:// elsewhere has none
IN_A_BROWSER = sys.platform == "emscripten"
