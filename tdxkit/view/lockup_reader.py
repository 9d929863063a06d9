"""A soft-lockup report at hand in a notebook: open or paste one, and read it line by line."""

import ipywidgets as w

from tdxkit.review.softlockup.report import Report, report_job
from tdxkit.view.kit.upload import Upload
from tdxkit.view.lockup_tables import report_table


def report_reader() -> Upload:
    """Open, paste or name a report: what each line says, what follows, which range was being set."""
    hint = "… or paste a soft-lockup report here, from BUG: soft lockup on; time stamps may stand before the lines"
    return Upload(report_job, report_shown, what="report", accept=".txt,.log,.gz,text/plain", hint=hint)


def report_shown(report: Report) -> list[w.Widget]:
    """The widgets that show a report."""
    return [w.HTML(str(report_table(report).html()))]
