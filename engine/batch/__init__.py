"""Batches: a folder of people becomes a folder of heads, on this machine or a cluster (docs/user/batch.md)."""
