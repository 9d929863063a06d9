"""Reading evidence: mails, digests, traces, patches, and what the models say about them."""
