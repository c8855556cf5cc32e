"""Long acts part by part, in the worker process: app/jobs/queue.py."""
