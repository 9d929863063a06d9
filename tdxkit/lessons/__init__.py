"""What the notebooks ask and how answers are checked: data and checks, no drawing.

`ladder` has the games in which the reader is the scheduler.
"""
