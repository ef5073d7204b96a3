"""Tests of the whole way: a kernel, a server, a page in Chromium."""
