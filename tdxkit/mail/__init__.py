"""Mails as text, read and counted, no verdicts: mbox (a file taken apart), bare (what is no mail but brings a patch), mailbox (each mail, read
by posting, decoded by body), people, subject, message (cover letter, changelog, trailers), patchdiff (files and hunks, named by names),
diffstat, agree (do the two say the same), post (what one mail brings). What people paste: hunks, quoting, counting and mending (hunks that
mail programs harmed), files (all of them in one mail), pasted (lines and mails within bounds), aftertext (the C after a patch, each line
with its place), fragments (pieces of mails below each other), held (what stands in for a patch that is missing). `review` and the reader of
C stand on it: `read_mails(source, text=True)` gives posts with their authors, versions and `diff.files`, and a mailbox with its `answers`;
`after_text(paste)` gives the text after the patch.
"""
