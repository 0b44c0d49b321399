"""One site put together: apps, documents, the engine's store, and the transaction that joins them."""
