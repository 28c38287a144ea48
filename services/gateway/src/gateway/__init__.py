"""The edge: HTTP and sockets in, jobs out; sole owner of Postgres."""
