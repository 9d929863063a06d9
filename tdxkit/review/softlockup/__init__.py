"""A soft-lockup report read: report (its lines, taken apart and put together), registers (which call, which range), told (what each
line says and what follows from it).
"""
