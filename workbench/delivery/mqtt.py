"""A message to a topic of an MQTT broker: published once, and the broker has said that it has it (QoS 1)."""

from __future__ import annotations

import json
import ssl
import threading
from typing import Any

from workbench.delivery.failure import Undelivered, unverified
from workbench.delivery.message import Message
from workbench.delivery.targets import Topic

SECONDS = 15.0  # for each: the connection, and the broker's word


def publish(topic: Topic, message: Message) -> None:
    """Publish it once, as JSON.

    Raises
    ------
    Undelivered
        Saying why in one sentence, and whether it may go better another time.
    """
    try:
        import paho.mqtt.client as mqtt
    except ImportError:
        raise Undelivered(
            "MQTT needs paho-mqtt. Install it with pip install 'ml-workbench[mqtt]'.", again=True, here=False
        ) from None
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    if topic.user:
        client.username_pw_set(topic.user, topic.password)
    if topic.encrypted:
        client.tls_set_context(ssl.create_default_context())
    try:
        _published(client, topic, json.dumps(message.json(), ensure_ascii=False, allow_nan=False))
    finally:
        client.disconnect()
        client.loop_stop()


def _published(client: Any, topic: Topic, content: str) -> None:
    answered, answers = threading.Event(), list[Any]()

    def heard(_client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        answers.append(code)
        answered.set()

    client.on_connect, client.connect_timeout = heard, SECONDS
    try:
        client.connect(topic.host, topic.port)
    except ssl.SSLCertVerificationError:
        raise Undelivered(unverified(topic.host), again=False) from None
    except OSError:
        raise Undelivered(f"{topic.host} can't be reached.", again=True) from None
    client.loop_start()
    if not answered.wait(SECONDS):
        raise Undelivered(f"{topic.host} did not answer in {SECONDS:g} seconds.", again=True)
    if answers[0].is_failure:
        raise Undelivered(f"{topic.host} takes no connection: {answers[0]}. Check user and password.", again=False)
    told = client.publish(topic.name, content.encode("utf-8", "replace"), qos=1)
    told.wait_for_publish(SECONDS)
    if not told.is_published():
        raise Undelivered(f"{topic.host} did not take the message in {SECONDS:g} seconds.", again=True)
