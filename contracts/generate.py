"""Writes what others read of the contracts: a JSON Schema per message and the AsyncAPI document. `make generate` calls it.

The models are the source; the files are committed so that a change of the contract is seen in review.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from contracts import calendar, contacts, intake, notify, officers, processing
from contracts.envelope import Message
from contracts.topics import TOPICS

HERE = Path(__file__).parent
MESSAGES: tuple[type[Message], ...] = (
    *intake.MESSAGES,
    *processing.MESSAGES,
    *calendar.MESSAGES,
    *notify.MESSAGES,
)

ENVELOPE: dict[str, Any] = {
    "id": {
        "type": "string",
        "format": "uuid",
        "description": "The event's id: the same at every publication.",
    },
    "type": {"type": "string", "description": "Logical name with its major version."},
    "time": {
        "type": "string",
        "format": "date-time",
        "description": "When it happened, RFC 3339 with offset.",
    },
}
SUBJECTS: dict[str, dict[str, Any]] = {
    "dossier_id": {
        "type": "string",
        "format": "uuid",
        "description": "The dossier that it is about; the message's key.",
    },
    "calendar_id": {
        "type": "string",
        "format": "uuid",
        "description": "The one calendar; the message's key.",
    },
}
HEADERS: dict[str, Any] = {
    "type": "object",
    "required": [
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_time",
        "ce_subject",
        "ce_sequence",
        "ce_recordedtime",
        "content-type",
    ],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": ENVELOPE["id"],
        "ce_source": {"enum": ["intake", "processing", "notify"], "description": "The producer."},
        "ce_type": ENVELOPE["type"],
        "ce_time": ENVELOPE["time"],
        "ce_subject": SUBJECTS["dossier_id"],
        "ce_sequence": {
            "type": "string",
            "pattern": "^[1-9][0-9]*$",
            "description": "The producer's version of the dossier, without holes.",
        },
        "ce_recordedtime": {
            "type": "string",
            "format": "date-time",
            "description": "When the producer recorded it.",
        },
        "ce_position": {
            "type": "string",
            "pattern": "^[1-9][0-9]*$",
            "description": "The event's position in the producer's log, without holes over all its topics; absent on older messages.",
        },
        "ce_origin": {"const": "import", "description": "Only on events that an import made."},
        "ce_traceparent": {"type": "string", "description": "W3C trace context of the request."},
        "ce_correlationid": {
            "type": "string",
            "format": "uuid",
            "description": "The caller's own id of the request, as X-Correlation-Id gave it.",
        },
        "content-type": {"const": "application/json"},
    },
}


class Keyed(NamedTuple):
    """The one message of a compacted topic, which is no event: its newest value of a key counts."""

    model: type[BaseModel]
    summary: str
    key: dict[str, Any]


KEYED = {
    "contacts": Keyed(
        contacts.Contact,
        "What notify needs to reach an applicant; no value when nothing is kept of them any more.",
        {"type": "string", "format": "uuid", "description": "The applicant's pseudonym."},
    ),
    officers.TOPIC: Keyed(
        officers.Officer,
        "What an officer is called; no value when no name is known any more.",
        {"type": "string", "description": "The officer's code."},
    ),
}


def envelope_of(message: type[Message]) -> dict[str, Any]:
    """The members that the envelope adds to a message's value."""
    return {**ENVELOPE, message.subject_member: SUBJECTS[message.subject_member]}


def schema(message: type[Message]) -> dict[str, Any]:
    """JSON Schema (2020-12) of a message's value, with the envelope's members in it."""
    own = message.model_json_schema()
    definitions = own.pop("$defs", {})
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": message.type_name,
        "description": inspect.cleandoc(message.__doc__ or ""),
        "type": "object",
        "properties": {**envelope_of(message), "type": {"const": message.type_name}, **own["properties"]},
        "required": [*envelope_of(message), *own.get("required", [])],
        "additionalProperties": False,
    }
    return {**document, "$defs": definitions} if definitions else document


def headers_of(message: type[Message]) -> dict[str, Any]:
    """The headers of a message, whose subject is a dossier or the calendar."""
    properties = {**HEADERS["properties"], "ce_subject": SUBJECTS[message.subject_member]}
    return {**HEADERS, "properties": properties}


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document: every topic, what may stand in it, who writes and who reads."""
    names = {message: message.type_name.replace(".", "_") for message in MESSAGES}
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for topic in TOPICS:
        messages = {
            names[m]: {"$ref": f"#/components/messages/{names[m]}"} for m in MESSAGES if m.topic == topic.name
        }
        if topic.name in KEYED:
            of_key = KEYED[topic.name].model.__name__
            messages = {of_key: {"$ref": f"#/components/messages/{of_key}"}}
        name = topic.name.replace(".", "_").replace("-", "_")
        channels[name] = {
            "address": topic.name,
            "description": f"Written by {', '.join(topic.writers)}; read by {', '.join(topic.readers) or 'operators'}.",
            "messages": messages,
            "bindings": {
                "kafka": {"partitions": topic.partitions, "topicConfiguration": _topic_settings(topic.config)}
            },
        }
        for writer in topic.writers:
            operations[f"{writer}_to_{name}"] = {"action": "send", "channel": {"$ref": f"#/channels/{name}"}}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Một Cửa: events",
            "version": "1",
            "description": "CloudEvents 1.0 in Kafka's binary mode: attributes in headers, JSON in the value. No personal data, except in "
            "`contacts`, which notify alone may read; what officers are called stands in `officers` alone. Order is promised per "
            "producer and dossier (`ce_sequence`).",
        },
        "defaultContentType": "application/json",
        "servers": {
            "brokers": {
                "host": "{address}",
                "protocol": "kafka",
                "description": "The brokers of an installation; `motcua analyst` says those of a run.",
                "variables": {"address": {"default": "127.0.0.1:8006"}},
                "security": [{"$ref": "#/components/securitySchemes/user"}],
            },
            "brokers_over_tls": {
                "host": "{address}",
                "protocol": "kafka-secure",
                "description": "The brokers of an installation with TLS: by password, by token or by certificate, as it offers.",
                "variables": {"address": {"default": "kafka.example.org:9093"}},
                "security": [
                    {"$ref": f"#/components/securitySchemes/{name}"}
                    for name in ("user_over_tls", "token", "certificate")
                ],
            },
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "securitySchemes": {
                "user": {
                    "type": "scramSha256",
                    "description": "A user of Kafka; rights are given by topic and group.",
                },
                "user_over_tls": {
                    "type": "scramSha512",
                    "description": "The same over TLS; SCRAM-SHA-256 where it is offered.",
                },
                "token": {
                    "type": "oauth2",
                    "description": "OAUTHBEARER with a token of client credentials, whose `sub` is the user.",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": "https://login.example.org/oauth2/token",
                            "availableScopes": {},
                        }
                    },
                },
                "certificate": {
                    "type": "X509",
                    "description": "A certificate of the client's own; what the brokers make of its name is the user.",
                },
            },
            "messages": {
                **{
                    names[m]: {
                        "name": m.type_name,
                        "summary": inspect.cleandoc(m.__doc__ or "").splitlines()[0],
                        "headers": headers_of(m),
                        "payload": {"$ref": f"schemas/{m.type_name}.json"},
                        "bindings": {"kafka": {"key": SUBJECTS[m.subject_member]}},
                    }
                    for m in MESSAGES
                },
                **{
                    each.model.__name__: {
                        "name": each.model.__name__,
                        "summary": each.summary,
                        "payload": {"$ref": f"schemas/{each.model.__name__}.json"},
                        "bindings": {"kafka": {"key": each.key}},
                    }
                    for each in KEYED.values()
                },
            },
        },
    }


def _topic_settings(config: Any) -> dict[str, Any]:
    """The settings that AsyncAPI's Kafka binding knows by name."""
    settings: dict[str, Any] = {"cleanup.policy": [config["cleanup.policy"]]}
    for name in ("retention.ms", "retention.bytes", "delete.retention.ms"):
        if name in config:
            settings[name] = int(config[name])
    return settings


def documents() -> dict[Path, str]:
    """Every generated file with what is to stand in it."""
    found: dict[str, Any] = {f"schemas/{message.type_name}.json": schema(message) for message in MESSAGES}
    for each in KEYED.values():
        found[f"schemas/{each.model.__name__}.json"] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **each.model.model_json_schema(),
        }
    found["asyncapi.json"] = asyncapi()
    return {
        HERE / name: json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in found.items()
    }


def main() -> None:
    """Writes the files and removes those that no message has any more."""
    current = documents()
    for path, text in current.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in (HERE / "schemas").glob("*.json"):
        if path not in current:
            path.unlink()


if __name__ == "__main__":
    main()
