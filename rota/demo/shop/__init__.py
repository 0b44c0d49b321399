"""A small shop: orders come in, are paid, told to a warehouse, exported and cleaned up, all by jobs."""
