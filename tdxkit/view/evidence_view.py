"""Bring your own: a control to upload a file or to paste text, and below it what was found in it."""

from itertools import pairwise

from tdxkit.review.compare import compare, lineages
from tdxkit.review.evidence import Evidence, evidence_job
from tdxkit.review.wanted import wanted
from tdxkit.view import mail_charts
from tdxkit.view.patch_graph import patch_matrix, series_graph
from tdxkit.view.version_lines import side_by_side

MAIL_FILES = ".txt,.mbox,.mbx,.eml,.patch,.gz"
GRAPHS = 3  # series and pairs of versions that are drawn; the table has all


def evidence_box():
    """A control for a digest, an mbox (gzip too), a raw mail or what git format-patch writes."""
    from tdxkit.view.kit.upload import Upload

    job = wanted(("digest", "mbox", "patch"), evidence_job, lambda read: read.posts)
    return Upload(job, evidence_views, what="mail file", accept=MAIL_FILES, hint="… or paste a digest or mails here")


def evidence_views(evidence: Evidence) -> list[object]:
    """What there is to see in a digest or in mails, the overview first."""
    series = evidence.series
    views: list[object] = []
    if evidence.digest:
        views += [mail_charts.contributors(evidence.digest), mail_charts.entries(evidence.posts)]
    views.append(mail_charts.series_table(series, _heading(evidence)))
    versions = [pair for line in lineages(series) for pair in pairwise(line)]
    views += [side_by_side(compare(old, new)) for old, new in versions[:GRAPHS]]
    largest = sorted((s for s in series if s.touched), key=lambda s: -len(s.touched))[:GRAPHS]
    views += [patch_matrix(series_graph(one), f"{one.title}, version {one.version}") for one in largest]
    if any(post.message.trailers for post in evidence.posts):
        views.append(mail_charts.trailers_table(evidence.posts))
    stats = [post.stat for post in evidence.posts if post.stat and post.stat.files]
    if stats:
        views.append(mail_charts.weights(max(stats, key=lambda s: s.insertions + s.deletions)))
    if len(evidence.notes):
        views.append(mail_charts.notes_table(evidence.notes))
    return views


def _heading(evidence: Evidence) -> str:
    box = evidence.mailbox
    if box is None:
        return "Series in the digest"
    return f"{box.mails} mails: {len(evidence.posts)} post something, {box.replies} answer, {box.others} do neither"
