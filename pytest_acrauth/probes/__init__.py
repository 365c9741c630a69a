"""The only home of sockets, TLS, HTTP, Azure's SDKs and subprocesses. What is here records, and never concludes."""
