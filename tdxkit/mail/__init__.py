"""Mails as text, read and counted, no verdicts: mbox (a file taken apart), mailbox (each mail, decoded), people, subject, message (cover
letter, changelog, trailers), patchdiff and diffstat, post (what one mail brings). `review` and the reader of C stand on it.
"""
