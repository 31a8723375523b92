"""Synthetic applicants and what they file. Place codes 097 to 099 do not exist, so nobody is meant."""

import random

import orjson

OFFICES = ("H29.015.00", "H29.016.00")
PROCEDURES = ("1.009982", "1.009984", "1.006871", "1.009974")
CHANNELS = ("online", "online", "online", "postal", "in_person")
WITH_EMAIL = 0.4


def filing_body(number: int, draw: random.Random) -> bytes:
    """The JSON of one filing; a part of the applicants has an e-mail address, which names nobody but the number."""
    applicant: dict[str, object] = {
        "name": f"Nguyễn Thử {number}",
        "identifier": {"kind": "cccd", "number": f"{draw.randint(97, 99):03}0{draw.randrange(10**8):08}"},
    }
    if draw.random() < WITH_EMAIL:
        applicant["email"] = f"p{number}@example.org"
    return orjson.dumps(
        {
            "procedure": draw.choice(PROCEDURES),
            "office": OFFICES[0],
            "channel": "online",
            "applicant": applicant,
            "content": {"number": number},
        }
    )
