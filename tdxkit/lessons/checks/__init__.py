"""What judges an answer to an exercise. Each module has checks of one subject; a check is a function or a job

    check(answer, exercise, **what the exercise's data has under `with`) -> Said

that answers in the subject's words, with the first difference. It raises InputError or ModelError for an answer that cannot be judged, which is said.
"""
