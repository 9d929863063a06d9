"""Reports of a stuck kernel read: rows (what stands before a line taken off, wrapped lines joined), lines (each by its form), report (one of them),
sorting (which line belongs to which), reading (out of a text), banner (which kernel), loops (which loop it was), registers (which call, which range),
judged (what the model says of it), told (what each line says and what follows from it).
"""
