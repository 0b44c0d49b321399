"""Documents: what a DocType says, kept and checked."""
