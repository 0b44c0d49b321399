"""What runs jobs: queues, the dispatcher and its workers, the scheduler, maintenance, and the tree of processes.

It knows no document and no site: application code is run through a `Runner` that the caller brings.
"""
