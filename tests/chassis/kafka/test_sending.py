"""Where a message goes."""

import os

from aiokafka import partitioner

from services.chassis.kafka.sending import murmur2


def test_a_key_goes_where_anybodys_producer_would_put_it() -> None:
    for length in range(40):
        key = os.urandom(length)
        assert murmur2(key) == partitioner.murmur2(key)
