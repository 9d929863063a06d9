"""Reports of a stuck kernel at hand in a notebook: open or paste a log, see what each is, and read one line by line."""

from tdxkit.review.softlockup.reading import Reports, reports_job
from tdxkit.review.wanted import wanted
from tdxkit.view.kit.upload import Upload
from tdxkit.view.lockup_tables import report_table, reports_table


def report_reader() -> Upload:
    """Open, paste or name a log: its reports, what the model says of each, and the one that matters most line by line."""
    hint = "… or paste a log or a mail here: lockups, RCU stalls, hung tasks, oopses; whatever stands before the lines may stay"
    job = wanted(("report",), reports_job, lambda found: found.items, text=True)
    return Upload(job, reports_shown, what="report", accept=".txt,.log,.eml,.gz,text/plain", hint=hint)


def reports_shown(found: Reports) -> list[object]:
    """What was found."""
    return [reports_table(found), report_table(found.main)]
