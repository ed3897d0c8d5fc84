"""The phone in the field (现场手机端): one small app that works without signal, and what it asks the server."""
