"""The same service written the tutorial way: what a competent user would build from the libraries' documentation.

FastAPI with pydantic models and dependencies, SQLAlchemy's async ORM on PostgreSQL with a tuned pool, an event published
after the commit with FastStream, subscribers that take one message at a time and acknowledge after the work; or, as the
harder opponent, batches of messages with one transaction each. Nothing
here is slowed down on purpose; where the documentation shows a quicker and a slower way, the quicker one is taken. It is
a yardstick for `make bench` and no part of the product: it can lose an event between commit and publication.
"""
